// fits
// The control: a network without a fault compiles.
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "right";
    static constexpr void describe(sluice::graph::Builder& net) {
        auto x = net.input({3, 32, 32});
        x = net.conv("conv1", x, {.K = 16, .R = 3, .pad = 1});
        net.linear("fc", net.average_pool("pool", x), 10);
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
