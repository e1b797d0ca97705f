// Half of the link test's program: a network as this file's compiler flags make it. LOGITS names the function.
#include <sluice/nets/resnet_cifar.hpp>
#include <sluice_kernels/cpu.hpp>

using Engine = sluice::Engine<sluice::nets::ResNet20Cifar<>, sluice::Cpu>;

alignas(64) static std::byte weights[Engine::memory.weights], activations[Engine::memory.activations],
    workspace[Engine::memory.workspace + 1];

const float* LOGITS(const std::byte* file, std::size_t size, const float* image);
const float* LOGITS(const std::byte* file, std::size_t size, const float* image) {
    static Engine engine{{.weights = weights, .activations = activations, .workspace = workspace, .settings = {}}};
    if (!engine.load({file, size})) return nullptr;
    const auto logits = engine.run({image, 3 * 32 * 32});
    return logits ? logits->data() : nullptr;
}
