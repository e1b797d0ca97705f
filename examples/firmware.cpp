// firmware: weights in the program, activations in .bss; no files, no heap, no exceptions, no operating system asked for
// more than a character. firmware_weights.S links the packed file in; `./run pack` makes it for the board's instruction
// set.
#include <algorithm>
#include <cstdio>
#include <sluice/core/pixels.hpp>
#include <sluice/gate/policies.hpp>
#include <sluice/nets/resnet_cifar.hpp>
#include <sluice_kernels/cpu.hpp>

using Net = sluice::nets::ResNet32Cifar<>;
using Engine = sluice::Engine<Net, sluice::Cpu>;

extern "C" const std::byte packed_weights[], packed_weights_end[];

namespace {

alignas(64) std::byte activations[Engine::memory.activations];
alignas(64) std::byte workspace[Engine::memory.workspace + 1];

// Stands for a camera's frame buffer.
std::uint8_t frame[32 * 32 * 3];

}  // namespace

int main() {
    Engine engine{{.weights = {}, .activations = activations, .workspace = workspace, .settings = {}}};
    if (const auto status = engine.load_packed({packed_weights, packed_weights_end}); !status)
        return std::puts(status.message()), 1;
    std::fill(std::begin(frame), std::end(frame), std::uint8_t(128));
    for (int percent : {100, 60}) {
        const auto logits = engine.run(sluice::Pixels{frame}, sluice::gate::proportional<Net>(sluice::percent(percent)));
        if (!logits) return std::puts(logits.message()), 1;
        const auto best = std::max_element(logits->begin(), logits->end()) - logits->begin();
        std::printf("%d %% of the blocks: class %d\n", percent, static_cast<int>(best));
    }
}
