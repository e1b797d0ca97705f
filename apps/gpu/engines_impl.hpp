// The compile-time side of gpu/engines.hpp: an engine for each precision and batch.
#pragma once

#include <utility>

#include "gpu/engines.hpp"
#include "mask_of.hpp"
#include "sluice_kernels/cuda.hpp"

namespace sluice::tools {

template <class Engine>
class GpuEngineSession final : public GpuSession {
    static constexpr std::size_t slots = 16;  // the ten ratios of a sweep, and some
    using Net = typename Engine::network;
    cuda::OwnedMemory memory_;
    std::size_t workspace_;
    std::array<typename Engine::Recorded, slots> recorded_;
    Engine engine_;

  public:
    GpuEngineSession(const cuda::Session& session, cuda::OwnedMemory memory, const GpuOptions& o)
        : memory_(std::move(memory)), workspace_(o.workspace), engine_(session, memory_, recorded_, o.shut) {}

    Status load(std::span<const std::byte> weights) override { return engine_.load(weights); }
    Status tune() override { return engine_.tune(); }
    Result<std::string> choices() const override {
        std::string text;
        if (Status s = engine_.keep([&](std::string_view line) { text += line; }); !s) return s;
        return text;
    }
    Status recall(std::string_view choices) override { return engine_.recall(choices); }
    Result<std::span<const float>> run(std::span<const float> images, const Gates& gates) override {
        const auto logits = engine_.run(images, mask_of<Net>(gates), NoSetting::takes_the_default);
        if (!logits) return logits.status();
        return std::span<const float>(*logits);
    }
    MemorySize memory() const override {
        MemorySize m = Engine::memory.device;
        m.workspace += workspace_;
        return m;
    }
};

template <class Net>
class GpuNetworkOf final : public GpuNetwork {
    using Made = Result<std::unique_ptr<GpuSession>>;

    template <nvidia::Precision precision, int N>
    static Made make(const cuda::Session& session, const GpuOptions& o) {
        using GpuEngine = Engine<Net, Cuda<precision, N>>;
        Result<cuda::OwnedMemory> memory =
            GpuEngine::allocate(session, o.workspace, static_cast<std::size_t>(o.settings));
        if (!memory) return memory.status();
        return std::unique_ptr<GpuSession>(std::make_unique<GpuEngineSession<GpuEngine>>(session, memory.take(), o));
    }

    template <nvidia::Precision precision>
    static Made with_batch(const cuda::Session& session, const GpuOptions& o) {
        Made made = Status::error(Error::argument, "no engine was compiled for batches of ", o.batch);
        [&]<std::size_t... i>(std::index_sequence<i...>) {
            ((o.batch == gpu_batches[i] ? void(made = make<precision, gpu_batches[i]>(session, o)) : void()), ...);
        }
        (std::make_index_sequence<gpu_batches.size()>{});
        return made;
    }

  public:
    Made session(const cuda::Session& session, const GpuOptions& o) const override {
        switch (o.precision) {
            case Precision::float32:
                return with_batch<Precision::float32>(session, o);
            case Precision::tf32:
                return with_batch<Precision::tf32>(session, o);
            case Precision::fp16:
                return with_batch<Precision::fp16>(session, o);
            case Precision::bf16:
                break;
        }
        return with_batch<Precision::bf16>(session, o);
    }
};

template <class Net>
struct GpuRegistration {
    GpuNetworkOf<Net> network;
    GpuRegistration() { enlist_gpu(Net::name.view(), network); }
};

}  // namespace sluice::tools
