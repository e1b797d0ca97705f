// SLUICE_ABI: the inline namespace that carries the instruction set of the translation unit.
//
// Two files of one program may be compiled with different -m flags. Without a tag both would emit the same inline
// functions, the linker would keep one copy, and a machine without AVX-512 could be handed AVX-512 code. With the tag
// the copies are different symbols, and handing an engine from one to the other is an error at link time.
#pragma once

#if defined(SLUICE_SCALAR)
#define SLUICE_ABI scalar
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define SLUICE_ABI avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define SLUICE_ABI avx2
#elif defined(__SSE2__) || defined(_M_X64)
#define SLUICE_ABI sse
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define SLUICE_ABI neon64
#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_FMA)
#define SLUICE_ABI neon
#else
#define SLUICE_ABI scalar
#endif
