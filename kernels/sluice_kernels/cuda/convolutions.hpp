// Convolutions: what cuDNN has made for the layers of an engine, and how each of them is computed.
#pragma once

#include <array>

#include "sluice_kernels/cuda/frame.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

template <Network Net, nvidia::Precision precision, int N>
class Convolutions {
    using OneFrame = Frame<Net, precision, N>;
    static constexpr auto& net = graph_of<Net>;
    static constexpr auto& steps = OneFrame::Steps::table.steps;
    static constexpr int nodes = static_cast<int>(net.nodes.size());

  public:
    using Choices = std::array<ConvChoice, net.nodes.size()>;

    std::array<ConvPlan, net.nodes.size()> plans;
    Choices choices{};

    // Descriptors of all layers.
    Status make(const Gpu& gpu) {
        for (int i = 0; i < nodes; ++i) {
            if (!net.nodes[i].has_weights()) continue;
            nvidia::ConvPlan* made = nullptr;
            if (Status s = gpu.check(gpu.api->plan_conv(gpu.session, steps[i].conv, &made), net.nodes[i].name); !s)
                return s;
            plans[i] = ConvPlan(gpu, made);
        }
        return {};
    }

    // The fastest algorithm of each layer that the workspace has room for: by cuDNN's estimate, or measured.
    Status choose(const OneFrame& frame, bool measure) {
        const Gpu& gpu = frame.gpu;
        for (int i = 0; i < nodes; ++i) {
            if (!net.nodes[i].has_weights()) continue;
            const nvidia::ConvData data = frame.data(i, false);
            nvidia::Algorithm list[16];
            int count = 0, best = 0;
            if (Status s = gpu.check(
                    gpu.api->algorithms(gpu.session, plans[i].get(), measure ? &data : nullptr, list, 16, &count),
                    net.nodes[i].name, ", its algorithms");
                !s)
                return s;
            while (best < count && list[best].workspace > data.workspace_bytes) ++best;
            if (best == count)
                return Status::error(Error::memory, net.nodes[i].name, ": of cuDNN's ", count,
                                     " algorithms none works with ", data.workspace_bytes,
                                     " bytes of workspace, the fastest needs ", count > 0 ? list[0].workspace : 0,
                                     "; lend more");
            choices[i] = {list[best].number, steps[i].fusable};
        }
        return check_fused(frame);
    }

    // Only a call tells whether cuDNN has the fused form of a shape, so each layer is called once, on what there is.
    Status check_fused(const OneFrame& frame) {
        const Gpu& gpu = frame.gpu;
        for (int i = 0; i < nodes; ++i) {
            ConvChoice& choice = choices[i];
            choice.fused =
                choice.fused && steps[i].fusable && (steps[i].conv.relu || choice.algorithm == only_one_without_relu);
            if (!choice.fused) continue;
            const nvidia::Code code = frame.convolve(i, true);
            if (code == nvidia::not_supported)
                choice.fused = false;
            else if (Status s = gpu.check(code, net.nodes[i].name); !s)
                return s;
        }
        return gpu.check(gpu.api->wait(gpu.session), "trying the layers");
    }
};

}  // namespace sluice
