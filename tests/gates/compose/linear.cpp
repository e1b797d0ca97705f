// fc: a linear layer takes a Cx1x1 input but gets 16x32x32; pool it first
// A map where a vector is needed.
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "wrong";
    static constexpr void describe(sluice::graph::Builder& net) {
        auto x = net.input({3, 32, 32});
        x = net.conv("conv1", x, {.K = 16, .R = 3, .pad = 1});
        net.linear("fc", x, 10);
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
