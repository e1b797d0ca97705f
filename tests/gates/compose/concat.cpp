// both: small gives 16x16x16, expected 32x32 pixels
// Parts of a concatenation must have as many pixels.
#include "sluice/graph/graph.hpp"

struct Net {
    static constexpr sluice::graph::Name name = "wrong";
    static constexpr void describe(sluice::graph::Builder& net) {
        const auto x = net.input({3, 32, 32});
        const auto whole = net.conv("whole", x, {.K = 16});
        net.concat("both", {whole, net.max_pool("small", net.conv("halved", x, {.K = 16}), {})});
    }
};
constexpr auto nodes = sluice::graph_of<Net>.nodes.size();
