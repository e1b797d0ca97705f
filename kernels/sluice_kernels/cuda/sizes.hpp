// Sizes: how many bytes an engine on a GPU needs, and how its staging region is divided.
//
// staging: [masks of the settings][images and logits of a frame]; while loading, in the place of the latter the
// checkpoint's index (a weight and a bias per layer, as many vectors for each setting, the self-test) and a piece of
// weights.
#pragma once

#include "sluice_kernels/cuda/frame.hpp"
#include "sluice_kernels/cuda/weights.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

template <Network Net, nvidia::Precision precision, int N>
struct Sizes {
    using Steps = Program<Net, precision, N>;
    using OneFrame = Frame<Net, precision, N>;
    static constexpr std::size_t setting = Weights<Net, precision, Steps>::size.setting;

    static constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }
    static constexpr std::size_t masks(std::size_t settings) { return aligned(settings * sizeof(gate::Mask<Net>)); }
    static constexpr std::size_t index(std::size_t settings) {
        std::size_t layers = 0;
        for (const graph::Node& n : graph_of<Net>.nodes) layers += n.has_weights();
        return aligned((2 * layers * (1 + settings) + 1) * sizeof(io::Tensor));
    }

    // For weights that bring so many gate settings.
    static constexpr DeviceSize all(std::size_t settings) {
        return {.device = {.weights = Weights<Net, precision, Steps>::size.weights,
                           .activations = std::size_t(Steps::arena + Steps::images + Steps::logits),
                           .workspace = std::size_t(Steps::least_workspace),
                           .setting = setting},
                .staging = masks(settings) + std::max(aligned(OneFrame::image_bytes + OneFrame::logit_bytes),
                                                      index(settings) + Upload::piece_bytes)};
    }
    // How many settings there is room for.
    static std::size_t settings_in(const DeviceMemory& memory) {
        return std::min(memory.device.settings.size() / setting, memory.staging.size() / sizeof(gate::Mask<Net>));
    }
    // Whether the regions are as large as need be.
    static Status fits(const DeviceMemory& memory, const MemorySize& device, std::size_t staging) {
        if (Status s = memory.device.fits(device); !s) return s;
        if (memory.staging.size() >= staging) return {};
        return Status::error(Error::memory, "the region for staging has ", memory.staging.size(), " bytes, needs ",
                             staging, "; more with settings, see Engine::memory_for(settings)");
    }
};

}  // namespace sluice
