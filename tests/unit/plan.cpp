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

template <class Plan, class N = Net>
int layers_by(std::string_view primitive) {
    int layers = 0;
    for (int i = 0; i < static_cast<int>(graph_of<N>.nodes.size()); ++i)
        layers += Engine<N, Cpu, Plan>::primitive(i) == primitive;
    return layers;
}

}  // namespace

TEST_CASE("a bound on rounding errors leaves out the primitives that declare larger ones") {
    using Large = nets::SqueezeNet11<>;  // maps of 56 x 56
    CHECK(layers_by<FastPlan, Large>("winograd6") > 0);
    CHECK(layers_by<AtMost<10>, Large>("winograd6") == 0);
    CHECK(layers_by<DefaultPlan, Large>("winograd6") == 0);
    CHECK(Engine<Large, Cpu, FastPlan>::error_growth == 25);
    CHECK(Engine<Large, Cpu>::error_growth == 10);
    CHECK(layers_by<AtMost<10>>("winograd4") > 0);
    CHECK(layers_by<AtMost<2>>("winograd4") == 0);
    CHECK(layers_by<AtMost<2>>("winograd2") > 0);
    CHECK(layers_by<AtMost<1>>("winograd2") + layers_by<AtMost<1>>("winograd4") == 0);
    CHECK(Engine<Net, Cpu, AtMost<10>>::error_growth == 10);
    CHECK(Engine<Net, Cpu, AtMost<2>>::error_growth == 2);
    CHECK(Engine<Net, Cpu, AtMost<1>>::error_growth == 1);
}

TEST_CASE("weights of less precision are for plans that allow them, and for layers that spend their time on reading") {
    using Fc = nets::AlexNet<>;
    int rounded = 0;
    for (int i = 0; i < static_cast<int>(graph_of<Fc>.nodes.size()); ++i) {
        const bool is = Engine<Fc, Cpu, Bf16Plan>::primitive(i) == "direct_bf16";
        rounded += is;
        CHECK(is == (graph_of<Fc>.nodes[i].op == graph::Op::linear));
        CHECK(Engine<Fc, Cpu>::primitive(i) != "direct_bf16");
        CHECK(Engine<Fc, Cpu, FastPlan>::primitive(i) != "direct_bf16");
    }
    CHECK(rounded == 3);
    CHECK(Engine<Fc, Cpu, Bf16Plan>::memory.weights * 10 < Engine<Fc, Cpu>::memory.weights * 6);
}

TEST_CASE("a plan that names a primitive gets it for all layers that have weights") {
    CHECK(layers_by<UniformPlan<"reference">>("reference") == layers_by<UniformPlan<"direct">>("direct"));
    CHECK(layers_by<UniformPlan<"reference">>("reference") == 20);
}
