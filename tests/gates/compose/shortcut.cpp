// layer1.0.conv2: the shortcut is 16x32x32 but the layer gives 32x16x16
// A block that shrinks its map without a projection.
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "wrong";
    static constexpr void describe(sluice::graph::Builder& net) {
        auto x = net.input({3, 32, 32});
        x = net.conv("conv1", x, {.K = 16, .R = 3, .pad = 1});
        net.begin_group();
        net.begin_block(x);
        const auto y = net.conv("layer1.0.conv1", x, {.K = 32, .R = 3, .stride = 2, .pad = 1});
        x = net.conv("layer1.0.conv2", y, {.K = 32, .R = 3, .pad = 1, .shortcut = x});
        net.end_block(x);
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
