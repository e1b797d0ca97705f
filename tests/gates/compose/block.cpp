// layer1.1.conv1: block 1 of its group turns 16x32x32 into 32x32x32; only the first block of a group may change the shape
// A gate could not shut it.
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "wrong";
    static constexpr void describe(sluice::graph::Builder& net) {
        auto x = net.input({3, 32, 32});
        x = net.conv("conv1", x, {.K = 16, .R = 3, .pad = 1});
        net.begin_group();
        net.begin_block(x);
        x = net.conv("layer1.0.conv1", x, {.K = 16, .R = 3, .pad = 1, .shortcut = x});
        net.end_block(x);
        net.begin_block(x);
        x = net.conv("layer1.1.conv1", x, {.K = 32, .R = 3, .pad = 1});
        net.end_block(x);
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
