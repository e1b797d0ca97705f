// What a plan's settings make of the backend's choice.
#include "sluice/plan/plan.hpp"

#include <doctest/doctest.h>

#include "support/engines.hpp"

using namespace sluice;

namespace {

using Net = nets::ResNet20Cifar<>;

template <int error>
struct AtMost : FastPlan {
    static constexpr double most_error = error;
};

template <class Plan>
int layers_by(std::string_view primitive) {
    int layers = 0;
    for (int i = 0; i < static_cast<int>(graph_of<Net>.nodes.size()); ++i)
        layers += Engine<Net, Cpu, Plan>::primitive(i) == primitive;
    return layers;
}

}  // namespace

TEST_CASE("a bound on rounding errors leaves out the primitives that declare larger ones") {
    CHECK(layers_by<FastPlan>("winograd4") > 0);
    CHECK(layers_by<AtMost<2>>("winograd4") == 0);
    CHECK(layers_by<AtMost<2>>("winograd2") > 0);
    CHECK(layers_by<AtMost<1>>("winograd2") + layers_by<AtMost<1>>("winograd4") == 0);
    CHECK(Engine<Net, Cpu, FastPlan>::error_growth == 10);
    CHECK(Engine<Net, Cpu, AtMost<2>>::error_growth == 2);
    CHECK(Engine<Net, Cpu, AtMost<1>>::error_growth == 1);
}

TEST_CASE("a plan that names a primitive gets it for all layers that have weights") {
    CHECK(layers_by<UniformPlan<"reference">>("reference") == layers_by<UniformPlan<"direct">>("direct"));
    CHECK(layers_by<UniformPlan<"reference">>("reference") == 20);
}
