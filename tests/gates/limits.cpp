// A network of 700 nodes, four times ResNet-152, through every compile-time table, with the compiler's default limits.
#include "sluice/gate/policies.hpp"
#include "sluice/gate/accounting.hpp"
#include "sluice/nets/resnet.hpp"
#include "sluice_kernels/cpu.hpp"

// Blocks of three convolutions; stem, two pools and classifier, and a projection in each group make the rest.
using Net = sluice::nets::ResNet<"deep", sluice::nets::Bottleneck, sluice::nets::Stem::imagenet, 1000, 224, 224, 20, 60, 101, 50>;
using Engine = sluice::Engine<Net, sluice::Cpu>;

constexpr auto& net = sluice::graph_of<Net>;
static_assert(net.nodes.size() >= 700 && net.blocks.size() == 231 && net.gates == 227);
static_assert(sluice::parameters<Net>() > 300'000'000);
static_assert(sluice::macs<Net>() > 40'000'000'000);
constexpr auto half = sluice::gate::proportional<Net>(sluice::percent(50));
static_assert(half.kept() == std::array{10, 30, 51, 25});
static_assert(sluice::parameters<Net>(half) < sluice::parameters<Net>());
static_assert(sluice::graph::memory_map(net.nodes, sluice::graph::strips(net)).floats * 4 == Engine::memory.activations);
static_assert(Engine::memory.weights > 4u * 300'000'000 && Engine::memory.activations < 20u << 20);
