// shortcut: cannot pad 16 channels evenly to 33
// He et al.'s parameter-free shortcut adds as many channels before as after.
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "wrong";
    static constexpr void describe(sluice::graph::Builder& net) {
        auto x = net.input({3, 32, 32});
        x = net.conv("conv1", x, {.K = 16, .R = 3, .pad = 1});
        x = net.subsample("shortcut", x, 33, 2);
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
