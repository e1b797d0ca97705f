// Frame: asks the GPU for all steps of one frame, in order, on the session's stream. Whether they run at once or are
// recorded is the stream's affair.
#pragma once

#include <array>

#include "sluice/gate/mask.hpp"
#include "sluice_kernels/cuda/memory.hpp"
#include "sluice_kernels/cuda/program.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

// How a layer is computed: a plan of measured numbers, worth keeping for the next start on the same GPU.
struct ConvChoice {
    int algorithm = 1;   // as cuDNN numbers them; 1 is the implicit GEMM with indices computed ahead
    bool fused = false;  // where the default scale is in force
};

// cuDNN has the fused form without ReLU for this algorithm alone.
inline constexpr int only_one_without_relu = 1;

template <Network Net, nvidia::Precision precision, int N>
struct Frame {
    using Steps = Program<Net, precision, N>;
    static constexpr auto& net = graph_of<Net>;
    static constexpr std::size_t nodes = net.nodes.size();
    static constexpr std::size_t image_bytes = std::size_t(net.nodes.front().out.size()) * N * sizeof(float);
    static constexpr std::size_t logit_bytes = std::size_t(net.nodes.back().out.size()) * N * sizeof(float);

    Gpu gpu;
    DeviceMemory memory;
    const std::byte* weights = nullptr;
    const float* epilogue = nullptr;
    bool scaled = false;  // the epilogue is not the default one: no fused form
    const std::array<ConvPlan, nodes>& convs;
    const std::array<ConvChoice, nodes>& choices;

    std::byte* arena() const { return memory.device.activations.data(); }
    float* images() const { return reinterpret_cast<float*>(arena() + Steps::arena); }
    float* logits() const { return reinterpret_cast<float*>(arena() + Steps::arena + Steps::images); }

    // marked: while it is recorded, tells what belongs to which gate.
    Status run(const gate::Mask<Net>& gates, bool marked = false) const {
        const nvidia::Api& api = *gpu.api;
        if (Status s =
                gpu.check(api.copy(gpu.session, nvidia::Copy::to_device, images(), memory.staging.data(), image_bytes),
                          "copying the images");
            !s)
            return s;
        for (int i = 0, gate = -1; i < static_cast<int>(nodes);) {
            const Step& step = Steps::table.steps[i];
            if (marked && step.gate != gate)
                if (Status s = gpu.check(api.mark(gpu.session, gate = step.gate), net.nodes[i].name); !s) return s;
            if (step.gate >= 0 && !gates.open(step.gate)) {
                i = step.skip_to;
                continue;
            }
            if (Status s = run_step(i); !s) return s;
            ++i;
        }
        const Step& last = Steps::table.steps[nodes - 1];
        if (Status s =
                gpu.check(api.result(gpu.session, precision, arena() + last.out, logits(), last.out_map), "the result");
            !s)
            return s;
        return gpu.check(
            api.copy(gpu.session, nvidia::Copy::to_host, memory.staging.data() + image_bytes, logits(), logit_bytes),
            "copying the logits");
    }

    // What a layer's convolution computes on, in the form that writes where the result belongs, or in the plain one.
    nvidia::ConvData data(int i, bool fused) const {
        const Step& s = Steps::table.steps[i];
        std::byte* const scratch = memory.device.workspace.data();
        return {.x = s.copies ? scratch : arena() + s.in,
                .w = weights + s.weights,
                .bias = weights + s.typed_bias,
                .z = s.add >= 0 ? arena() + s.add : nullptr,
                .y = fused || s.in_place ? arena() + s.out : scratch + Steps::table.padded,
                .workspace = scratch + Steps::least_workspace,
                .workspace_bytes = memory.device.workspace.size() - std::size_t(Steps::least_workspace)};
    }

    nvidia::Code convolve(int i, bool fused) const {
        const auto call = fused ? gpu.api->fused : gpu.api->conv;
        return call(gpu.session, convs[i].get(), choices[i].algorithm, data(i, fused));
    }

  private:
    Status run_step(int i) const {
        const nvidia::Api& api = *gpu.api;
        const Step& s = Steps::table.steps[i];
        const auto name = net.nodes[i].name;
        switch (s.op) {
            case graph::Op::concat:
                return {};  // its parts have written it
            case graph::Op::input:
                return gpu.check(api.image(gpu.session, precision, images(), arena() + s.out, s.out_map), name);
            case graph::Op::max_pool:
                return gpu.check(api.max_pool(gpu.session, precision, arena() + s.in, arena() + s.out, s.pool), name);
            case graph::Op::average_pool:
                return gpu.check(api.average_pool(gpu.session, precision, arena() + s.in, arena() + s.out, s.pool),
                                 name);
            case graph::Op::subsample:
                return gpu.check(api.subsample(gpu.session, precision, arena() + s.in, arena() + s.out, s.pool), name);
            case graph::Op::conv:
            case graph::Op::linear:
                break;
        }
        if (s.copies)
            if (Status status =
                    gpu.check(api.pad(gpu.session, precision, arena() + s.in, memory.device.workspace.data(), s.pool),
                              name, ", its padding");
                !status)
                return status;
        const bool fused = choices[i].fused && !scaled;
        if (Status status = gpu.check(convolve(i, fused), name); fused || !status) return status;
        return gpu.check(api.epilogue(gpu.session, precision,
                                      {.x = data(i, false).y,
                                       .add = s.add >= 0 ? arena() + s.add : nullptr,
                                       .y = arena() + s.out,
                                       .scale = epilogue + s.scale,
                                       .bias = epilogue + s.bias,
                                       .map = s.out_map,
                                       .floor = s.floor,
                                       .ceiling = s.ceiling}),
                         name, ", its scale and bias");
    }
};

}  // namespace sluice
