// What follows a convolution, in registers.
#pragma once

#include <limits>

#include "sluice/graph/node.hpp"
#include "sluice_kernels/direct/unroll.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// Every activation there is cuts off at two bounds, of which either may be infinite: two instructions and no branch. A
// NaN stays one, since the instructions of x86 give their second operand where any is a NaN.
template <class V>
struct Activated {
    V low, high;

    explicit Activated(graph::Activation act)
        : low(V::broadcast(act == graph::Activation::none ? -infinity : 0.0f)),
          high(V::broadcast(act == graph::Activation::relu6 ? 6.0f : infinity)) {}

    // Inlined always: a call would send all sums of a register tile to memory and back.
    SLUICE_INLINE V operator()(V y) const { return min(high, max(low, y)); }

  private:
    static constexpr float infinity = std::numeric_limits<float>::infinity();
};

// The same for many sums at a time: instructions for those bounds alone that are finite. On x86 they take the place of
// multiply-adds. each(f): f(y) for every sum.
template <class V, class F>
SLUICE_INLINE inline void activate(graph::Activation act, F each) {
    if (act != graph::Activation::none) each([low = V::zero()](V& y) SLUICE_INLINE { y = max(low, y); });
    if (act == graph::Activation::relu6) each([high = V::broadcast(6.0f)](V& y) SLUICE_INLINE { y = min(high, y); });
}

}  // namespace sluice
