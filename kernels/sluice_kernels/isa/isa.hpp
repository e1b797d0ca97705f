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
#else
using native = Scalar;
#endif

}  // namespace sluice
