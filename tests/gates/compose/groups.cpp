// conv2: 3 groups do not divide 16 input and 48 output channels
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "wrong";
    static constexpr void describe(sluice::graph::Builder& net) {
        auto x = net.input({3, 32, 32});
        x = net.conv("conv1", x, {.K = 16, .R = 3, .pad = 1});
        x = net.conv("conv2", x, {.K = 48, .R = 3, .pad = 1, .groups = 3});
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
