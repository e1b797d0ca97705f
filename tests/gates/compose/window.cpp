// conv2: a 5x5 window does not fit into 16x4x4 with padding 0
// A map that has become too small.
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "wrong";
    static constexpr void describe(sluice::graph::Builder& net) {
        auto x = net.input({3, 32, 32});
        x = net.conv("conv1", x, {.K = 16, .stride = 8});
        x = net.conv("conv2", x, {.K = 16, .R = 5});
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
