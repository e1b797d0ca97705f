// unroll<N>(f): f(0), f(1) ... f(N - 1) with compile-time indices. Arrays of registers indexed by anything else may end up
// in memory: gcc copes with plain loops, clang 14 then spills every accumulator.
#pragma once

#include <type_traits>
#include <utility>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

#if defined(_MSC_VER) && !defined(__clang__)
#define SLUICE_INLINE [[msvc::forceinline]]
#else
#define SLUICE_INLINE __attribute__((always_inline))
#endif

template <int N, class F>
SLUICE_INLINE inline constexpr void unroll(F&& f) {
    [&]<int... i>(std::integer_sequence<int, i...>) SLUICE_INLINE {
        (f(std::integral_constant<int, i>{}), ...);
    }(std::make_integer_sequence<int, N>{});
}

}  // namespace sluice
