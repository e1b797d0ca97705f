// THE list of instruction sets. native: the best sheet that the compiler's flags allow.
#pragma once

#include "sluice_kernels/isa/scalar.hpp"

#if !defined(SLUICE_SCALAR)
#if defined(__SSE2__) || defined(_M_X64)
#include "sluice_kernels/isa/sse.hpp"
#endif
#if defined(__AVX2__) && defined(__FMA__)
#include "sluice_kernels/isa/avx2.hpp"
#endif
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#include "sluice_kernels/isa/avx512.hpp"
#endif
#if defined(__aarch64__) && defined(__ARM_NEON)
#include "sluice_kernels/isa/neon64.hpp"
#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_FMA)
#include "sluice_kernels/isa/neon.hpp"
#endif
#endif

namespace sluice::inline SLUICE_ABI::isa {

#if defined(SLUICE_SCALAR)
using native = Scalar;
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
using native = Avx512;
#elif defined(__AVX2__) && defined(__FMA__)
using native = Avx2;
#elif defined(__SSE2__) || defined(_M_X64)
using native = Sse;
#if !defined(SLUICE_QUIET)
#pragma message("sluice: compiled for SSE2, 4 floats at a time. -mavx2 -mfma gives 8 and fuses multiply and add, \
-mavx512f -mavx512bw -mavx512dq -mavx512vl gives 16: up to 8 times as much work in the same time. Define SLUICE_QUIET to hide this.")
#endif
#elif defined(__aarch64__) && defined(__ARM_NEON)
using native = Neon64;
#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_FMA)
using native = Neon;
#else
using native = Scalar;
#if defined(__ARM_ARCH) && __ARM_ARCH_PROFILE == 'A' && !defined(SLUICE_QUIET)
#pragma message("sluice: compiled for plain floats, one at a time. -mfpu=neon-vfpv4 gives 4 at a time on Cortex-A5, A7, \
A15 and newer. Define SLUICE_QUIET to hide this.")
#endif
#endif

}  // namespace sluice
