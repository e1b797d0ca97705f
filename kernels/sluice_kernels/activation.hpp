// What follows a convolution, in registers.
#pragma once

#include "sluice/graph/node.hpp"
#include "sluice_kernels/direct/unroll.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// Inlined always: a call would send all sums of a register tile to memory and back.
template <class V>
SLUICE_INLINE inline V activated(V y, graph::Activation act) {
    if (act != graph::Activation::none) y = max(y, V::zero());
    if (act == graph::Activation::relu6) y = min(y, V::broadcast(6.0f));
    return y;
}

}  // namespace sluice
