// pool: a 3x3 window does not fit into 3x2x2 with padding 0
// The same with pooling.
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "wrong";
    static constexpr void describe(sluice::graph::Builder& net) {
        auto x = net.input({3, 32, 32});
        x = net.max_pool("halve", x, {.R = 16, .stride = 16});
        x = net.max_pool("pool", x, {.R = 3, .stride = 2});
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
