// Each layer's share of a frame: rate, and how much arithmetic there is to a byte of memory.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "timing.hpp"

namespace sluice::tools {

struct LayerRate {
    std::string name, primitive;
    double us = 0, gflops = 0;
    double flop_per_byte = 0;  // arithmetic intensity, if weights and every map cross the bus once
};

// The nodes that ran, in order.
inline std::vector<LayerRate> layer_rates(const AnyNetwork& network, const Timing& timing) {
    std::vector<LayerRate> rates;
    int i = 0;
    for (const graph::Node& n : network.facts.graph.nodes) {
        const double s = timing.layer_s[static_cast<std::size_t>(i)];
        const double flop = 2 * static_cast<double>(n.macs());
        const std::int64_t floats = n.in.size() + n.out.size() * (n.shortcut >= 0 ? 2 : 1) + n.weights();
        if (std::isfinite(s))
            rates.push_back({std::string(n.name.view()), std::string(network.primitive(i)), 1e6 * s, 1e-9 * flop / s,
                             flop / (4 * static_cast<double>(floats))});
        ++i;
    }
    return rates;
}

}  // namespace sluice::tools
