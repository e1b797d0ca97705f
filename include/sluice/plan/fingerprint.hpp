// fingerprint(graph): what a measured plan keeps of the network that it was made for. Layers have numbers in it, so a
// plan of another network, or of another version of the same, would give each layer some other one's primitive.
#pragma once

#include <initializer_list>

#include "sluice/graph/node.hpp"

namespace sluice::inline SLUICE_ABI {

// FNV-1a of all that decides what a layer computes and on which maps; names do not. The planner computes it too
// (identity.py), so that a cost file which was edited is found out.
constexpr std::uint64_t fingerprint(const graph::View& net) {
    std::uint64_t h = 0xcbf29ce484222325;
    const auto mix = [&](std::initializer_list<int> values) {
        for (int value : values) h = (h ^ static_cast<std::uint64_t>(std::int64_t(value))) * 0x100000001b3;
    };
    for (const graph::Node& n : net.nodes) {
        const graph::Window& w = n.window;
        mix({static_cast<int>(n.op), n.input, n.shortcut, n.slice_of, n.channel});
        mix({n.in.C, n.in.H, n.in.W, n.out.C, n.out.H, n.out.W});
        mix({w.R, w.S, w.stride, w.top, w.left, w.bottom, w.right, n.groups, static_cast<int>(n.act)});
    }
    for (const graph::Block& b : net.blocks) mix({b.input, b.first, b.last, b.gate});
    return h;
}

}  // namespace sluice
