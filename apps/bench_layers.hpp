// Each layer's share of a frame: rate, how much arithmetic there is to a byte of memory, and how near both come to what
// the machine can do (the roofline of Williams, Waterman and Patterson, 2009).
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "timing.hpp"

namespace sluice::tools {

struct Roofline {
    double flops = 0;  // floating-point operations a second, at most
    double bytes = 0;  // read from memory a second, at most
};

struct LayerRate {
    std::string name, primitive;
    double us = 0, gflops = 0;
    std::int64_t bytes = 0;    // weights and every map, once
    double flop_per_byte = 0;  // arithmetic intensity, if those bytes cross the bus
    // Of min(flops, flop_per_byte * bytes), written as times so that layers without arithmetic have one too.
    double percent_of_roofline = 0;
};

// The nodes that ran, in order.
inline std::vector<LayerRate> layer_rates(const AnyNetwork& network, Primitives primitives, const Timing& timing,
                                          const Roofline& roof) {
    std::vector<LayerRate> rates;
    int i = 0;
    for (const graph::Node& n : network.facts.graph.nodes) {
        const double s = timing.layer_s[static_cast<std::size_t>(i)];
        const double flop = 2 * static_cast<double>(n.macs());
        const std::int64_t bytes = 4 * (n.in.size() + n.out.size() * (n.shortcut >= 0 ? 2 : 1) + n.weights());
        const double least_s = std::max(flop / roof.flops, static_cast<double>(bytes) / roof.bytes);
        if (std::isfinite(s))
            rates.push_back({std::string(n.name.view()), std::string(network.primitive(i, primitives)), 1e6 * s,
                             1e-9 * flop / s, bytes, flop / static_cast<double>(bytes), 100 * least_s / s});
        ++i;
    }
    return rates;
}

}  // namespace sluice::tools
