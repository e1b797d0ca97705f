// conv1: two layers have this name
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "wrong";
    static constexpr void describe(sluice::graph::Builder& net) {
        auto x = net.input({3, 32, 32});
        x = net.conv("conv1", x, {.K = 16, .R = 3, .pad = 1});
        x = net.conv("conv1", x, {.K = 16, .R = 3, .pad = 1});
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
