// The convolutions and linear layers of one network, read from its graph. Compiled once per network of the list, with
// SLUICE_NETWORK naming the type.
#include <algorithm>
#include <sstream>

#include "layers/layer.hpp"
#include "sluice/nets/networks.hpp"
#include "sluice_kernels/cpu.hpp"

#if !defined(SLUICE_NETWORK)
#error "compile with -DSLUICE_NETWORK='ResNet18<>'"
#endif

namespace sluice::bench {

namespace {

using Net = nets::SLUICE_NETWORK;

std::string shape_of(const kernels::Conv& c) {
    std::ostringstream s;
    s << c.C << 'x' << c.H << 'x' << c.W << " -> " << c.K << 'x' << c.P << 'x' << c.Q << ", " << c.R << 'x' << c.S
      << '/' << c.stride;
    if (c.groups > 1) s << ", groups " << c.groups;
    if (c.add) s << ", add";
    if (c.act == graph::Activation::relu) s << ", relu";
    if (c.act == graph::Activation::relu6) s << ", relu6";
    return s.str();
}

}  // namespace

NetworkLayers network_layers() {
    const auto& nodes = graph_of<Net>.nodes;
    const auto map = graph::memory_map(nodes);
    const auto placed = [&](int node) {
        return node < 0 ? graph::Placement{} : map.nodes[static_cast<std::size_t>(node)];
    };

    NetworkLayers found{std::string(Net::name.view()), map.floats, {}};
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const graph::Node& n = nodes[i];
        if (!n.has_weights()) continue;
        const graph::Placement in = placed(n.input), out = map.nodes[i], add = placed(n.shortcut);
        const kernels::Conv conv = kernels::conv_of(n, in, out, add);
        const std::string shape = shape_of(conv);
        const auto known =
            std::find_if(found.layers.begin(), found.layers.end(), [&](const Layer& l) { return l.shape == shape; });
        if (known != found.layers.end())
            ++known->count;
        else
            found.layers.push_back({.name = std::string(n.name.view()),
                                    .shape = shape,
                                    .conv = conv,
                                    .macs = n.macs(),
                                    .in = in.origin,
                                    .out = out.origin,
                                    .add = add.origin});
    }
    return found;
}

}  // namespace sluice::bench
