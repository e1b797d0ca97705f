// Keep tuples: how many blocks each group keeps. The last blocks of a group go, never an interior subset.
#pragma once

#include "sluice/gate/mask.hpp"

namespace sluice::inline SLUICE_ABI::gate {

template <Network Net>
using Keep = std::array<int, graph_of<Net>.groups>;

// The mask that runs the first keep[g] blocks of every group g. A tuple outside 1...n_g is clamped into it; use
// keep_checked() for numbers that come from outside.
template <Network Net>
constexpr Mask<Net> keep(const Keep<Net>& k) {
    Mask<Net> mask;
    for (const graph::Block& b : graph_of<Net>.blocks)
        if (b.gate >= 0) mask.set(b.gate, b.index < k[b.group]);
    return mask;
}

template <Network Net>
Result<Mask<Net>> keep_checked(const Keep<Net>& k) {
    Keep<Net> n{};
    for (const graph::Block& b : graph_of<Net>.blocks) ++n[b.group];
    for (int g = 0; g < graph_of<Net>.groups; ++g)
        if (k[g] < 1 || k[g] > n[g])
            return Status::error(Error::argument, "group ", g, " of ", Net::name, " can keep 1 to ", n[g],
                                 " blocks (the first is always run), not ", k[g]);
    return keep<Net>(k);
}

}  // namespace sluice
