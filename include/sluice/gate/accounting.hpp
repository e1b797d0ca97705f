// Parameters, multiply-accumulates and blocks of a network, whole or with some gates shut. All constexpr.
#pragma once

#include "sluice/gate/mask.hpp"

namespace sluice::inline SLUICE_ABI {

// Sum of f(node) over the nodes that a frame executes. Blocks that a gate has shut do not count.
template <Network Net, class F>
constexpr std::int64_t sum_over_nodes(const gate::Mask<Net>& mask, F f) {
    std::int64_t sum = 0;
    for (const graph::Node& n : graph_of<Net>.nodes)
        if (n.block < 0 || mask.runs(n.block)) sum += f(n);
    return sum;
}

// Trainable parameters: weights, biases, and two per channel for a batch norm (running statistics are not trained).
template <Network Net>
constexpr std::int64_t parameters(const gate::Mask<Net>& mask = {}) {
    return sum_over_nodes<Net>(mask, [](const graph::Node& n) { return n.parameters(); });
}

// Multiply-accumulates of one image, convolutions and linear layers.
template <Network Net>
constexpr std::int64_t macs(const gate::Mask<Net>& mask = {}) {
    return sum_over_nodes<Net>(mask, [](const graph::Node& n) { return n.macs(); });
}

// Blocks per group: {3, 8, 36, 3} for ResNet-152.
template <Network Net>
inline constexpr auto blocks_per_group = [] {
    std::array<int, graph_of<Net>.groups> count{};
    for (const graph::Block& b : graph_of<Net>.blocks) ++count[b.group];
    return count;
}();

// Blocks that a gate can shut: all but the first of each group.
template <Network Net>
inline constexpr int gateable_blocks = graph_of<Net>.gates;

}  // namespace sluice
