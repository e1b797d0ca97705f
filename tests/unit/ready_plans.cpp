// The ready plans: each is of the graph that its network has today, and names a primitive for every layer with weights,
// one that supports the layer. No engine is made; ./run plan --zoo compiled each of them with one.
#include <doctest/doctest.h>

#include "sluice/graph/graph.hpp"
#include "sluice/nets/networks.hpp"
#include "sluice/plan/measured.hpp"
#include "sluice/plans/plans.hpp"
#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/primitives.hpp"

using namespace sluice;

namespace {

// What a primitive needs to know of a layer to support it, wherever its maps lie.
kernels::Conv conv_of(const graph::Node& n) {
    kernels::Conv c;
    c.C = n.in.C, c.H = n.in.H, c.W = n.in.W, c.K = n.out.C, c.P = n.out.H, c.Q = n.out.W;
    c.R = n.window.R, c.S = n.window.S, c.stride = n.window.stride, c.top = n.window.top, c.left = n.window.left;
    c.groups = n.groups;
    return c;
}

template <class... P>
bool supported(std::string_view name, const kernels::Conv& c, kernels::PrimitiveList<P...>) {
    return ((P::name == name && P::supports(c)) || ...);
}

template <class Plan, class Net>
int check_layers() {
    static_assert(MeasuredPlan<Plan> && is_plan_of<Plan>(graph_view<Net>),
                  "the plan is of another graph: ./run plan --zoo");
    int layers = 0;
    for (int i = 0; i < static_cast<int>(graph_of<Net>.nodes.size()); ++i) {
        const graph::Node& n = graph_of<Net>.nodes[i];
        const std::string_view name = Plan::primitive(i, n);
        INFO(Plan::network, ", ", Plan::isa, ": ", n.name.view(), " by ", name);
        CHECK(n.has_weights() != name.empty());
        if (n.has_weights()) CHECK(supported(name, conv_of(n), kernels::primitives<isa::native>{}));
        layers += n.has_weights();
    }
    return layers;
}

// Of the network that the plan names.
template <class Plan, class... Net>
int check_plan(nets::List<Net...>) {
    int found = 0, layers = 0;
    const auto one = [&]<class N>(std::type_identity<N>) {
        if constexpr (N::name.view() == Plan::network) ++found, layers = check_layers<Plan, N>();
    };
    (one(std::type_identity<Net>{}), ...);
    INFO(Plan::network);
    CHECK(found == 1);
    return layers;
}

template <class... Plan>
int check_all(plans::List<Plan...>) {
    return (0 + ... + check_plan<Plan>(nets::networks{}));
}

}  // namespace

TEST_CASE("ready plans are of today's networks and name primitives that support their layers") {
    CHECK(check_all(plans::ready{}) >= 20);
}
