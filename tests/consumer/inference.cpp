// One network in static memory: no heap, no exceptions, no RTTI, no output.
#include "inference.hpp"

#include <sluice/nets/resnet_cifar.hpp>
#include <sluice_kernels/cpu.hpp>

namespace {

using Engine = sluice::Engine<sluice::nets::ResNet20Cifar<>, sluice::Cpu>;

alignas(sluice::memory_alignment) std::byte weights[Engine::memory.weights];
alignas(sluice::memory_alignment) std::byte activations[Engine::memory.activations];
alignas(sluice::memory_alignment) std::byte workspace[Engine::memory.workspace + 1];  // may need none; arrays have some

// Nothing runs before main().
constinit Engine engine{{.weights = weights, .activations = activations, .workspace = workspace, .settings = {}}};
constinit sluice::Status status;

}  // namespace

const Footprint footprint = {Engine::memory.weights, Engine::memory.activations, Engine::memory.workspace};

const char* load(std::span<const std::byte> file) {
    status = engine.load(file);
    return status ? nullptr : status.message();
}

int classify(std::span<const float> image) {
    const auto logits = engine.run(image);
    if (!logits) return -1;
    std::size_t best = 0;
    for (std::size_t k = 1; k < logits->size(); ++k)
        if ((*logits)[k] > (*logits)[best]) best = k;
    return static_cast<int>(best);
}
