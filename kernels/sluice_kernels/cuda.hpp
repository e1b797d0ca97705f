// Cuda: the backend that computes on an NVIDIA GPU, with cuDNN.
//
//     using Engine = sluice::Engine<sluice::nets::ResNet50<>, sluice::Cuda<sluice::Precision::tf32>>;
//     auto session = sluice::cuda::Session::open();
//     auto memory = Engine::allocate(*session);
//     std::array<Engine::Recorded, 4> recorded;
//     Engine engine{*session, *memory, recorded};
//     if (auto s = engine.load(bytes); !s) return fail(s.message());
//     auto logits = engine.run(image, gates);
//
// A frame is one launch: what a mask asks for is recorded the first time, and kept in a slot that the caller lends.
// After load() and a mask's first frame nothing is allocated. docs/gpu.md tells how it works.
#pragma once

#include "sluice/engine.hpp"
#include "sluice_kernels/cuda/frame.hpp"
#include "sluice_kernels/cuda/recorded.hpp"
#include "sluice_kernels/cuda/self_test.hpp"
#include "sluice_kernels/cuda/weights.hpp"

namespace sluice::inline SLUICE_ABI {

using cuda::ShutGates;
using nvidia::Precision;

// N images at a time.
template <Precision precision = Precision::float32, int N = 1>
struct Cuda {
    static_assert(N >= 1, "sluice: a batch has at least one image");
};

template <class Net, Precision precision, int N>
class Engine<Net, Cuda<precision, N>, DefaultPlan> {
    using Program = cuda::Program<Net, precision, N>;
    using Weights = cuda::Weights<Net, precision, Program>;
    using Frame = cuda::Frame<Net, precision, N>;
    using Mask = gate::Mask<Net>;
    static constexpr auto& net = graph_of<Net>;
    static constexpr int nodes = static_cast<int>(net.nodes.size());
    static constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

    // The staging region: masks of the settings, then images and logits; while loading, the checkpoint's index instead
    // (a weight and a bias per layer, as many vectors for each setting, the self-test) and a piece of weights.
    static constexpr std::size_t masks_room(std::size_t settings) { return aligned(settings * sizeof(Mask)); }
    static constexpr std::size_t index_room(std::size_t settings) {
        std::size_t layers = 0;
        for (const graph::Node& n : net.nodes) layers += n.has_weights();
        return aligned((2 * layers * (1 + settings) + 1) * sizeof(io::Tensor));
    }

  public:
    using network = Net;
    using Recorded = cuda::Recorded<Net>;
    using Choices = std::array<cuda::ConvChoice, nodes>;
    static constexpr Shape input = net.nodes.front().out;
    static constexpr int classes = net.nodes.back().out.C, batch = N;
    using Logits = std::span<const float, static_cast<std::size_t>(classes) * N>;

    // For weights that bring so many gate settings. The workspace is the least: what is more is cuDNN's.
    static constexpr cuda::DeviceSize memory_for(std::size_t settings) {
        return {.device = {.weights = Weights::size.weights,
                           .activations = std::size_t(Program::arena + Program::images + Program::logits),
                           .workspace = std::size_t(Program::least_workspace),
                           .setting = Weights::size.setting},
                .staging = masks_room(settings) + std::max(aligned(Frame::image_bytes + Frame::logit_bytes),
                                                           index_room(settings) + cuda::Upload::piece_bytes)};
    }
    static constexpr cuda::DeviceSize memory = memory_for(0);

    // All of it, with `workspace` bytes for cuDNN.
    static Result<cuda::OwnedMemory> allocate(const cuda::Session& session,
                                              std::size_t workspace = std::size_t(64) << 20, std::size_t settings = 0) {
        return cuda::OwnedMemory::allocate(session, memory_for(settings), workspace, settings);
    }

    // recorded: slots for so many frames. Without any, each frame is launched kernel by kernel.
    Engine(const cuda::Session& session, const cuda::DeviceMemory& lent, std::span<Recorded> recorded = {},
           ShutGates shut = ShutGates::left_out)
        : gpu_(session.gpu()), memory_(lent), recorded_(recorded), shut_(shut) {
        recorded_.clear();
    }

    // Uploads the weights of a converted checkpoint, asks cuDNN how to compute each layer within the workspace, and,
    // unless told otherwise, replays the self-test. After an error the engine has no weights and run() says so.
    Status load(std::span<const std::byte> file, SelfTest self_test = SelfTest::replay) {
        weights_ = {};
        recorded_.clear();
        const std::size_t settings =
            std::min(memory_.device.settings.size() / Weights::size.setting, memory_.staging.size() / sizeof(Mask));
        if (Status s = fits(memory.device, memory_for(settings).staging); !s) return s;
        frame_memory_ = memory_;
        frame_memory_.staging = memory_.staging.subspan(masks_room(settings));
        const auto index = frame_memory_.staging.first(index_room(settings));
        auto* const tensors = reinterpret_cast<io::Tensor*>(index.data());
        const std::size_t count = index.size() / sizeof(io::Tensor);
        std::uninitialized_default_construct_n(tensors, count);
        Result<io::WeightsFile> checkpoint = io::WeightsFile::open(file, {tensors, count}, Net::name.view(), net);
        if (!checkpoint) return checkpoint.status();
        Result<Weights> uploaded = Weights::upload(
            gpu_, *checkpoint, memory_.device, frame_memory_.staging.subspan(index.size(), cuda::Upload::piece_bytes),
            {reinterpret_cast<Mask*>(memory_.staging.data()), settings});
        if (!uploaded) return uploaded.status();
        if (Status s = plan(*uploaded); !s) return s;
        if (self_test == SelfTest::replay && checkpoint->has_self_test()) {
            const Result<io::WeightSource> expected = checkpoint->self_test_logits(classes);
            if (!expected) return expected.status();
            // The index is overwritten by the image, but not the file's bytes that the logits lie in.
            if (Status s = cuda::self_test_image(*checkpoint, input, images()); !s) return s;
            if (Status s = frame(*uploaded, uploaded->default_epilogue()).run(Mask{}); !s) return s;
            if (Status s = gpu_.check(gpu_.api->wait(gpu_.session), "the self-test"); !s) return s;
            if (Status s = cuda::compare_logits(logits().first(classes), *expected, cuda::tolerance(precision)); !s)
                return s;
        }
        weights_ = *uploaded;
        return {};
    }

    // An engine of another session of the same GPU, or of this one, with activations and staging of its own and this
    // one's weights and choices. This one must outlive it.
    Result<Engine> share(const cuda::Session& session, const cuda::DeviceMemory& lent,
                         std::span<Recorded> recorded = {}) const {
        if (!weights_) return Status::error(Error::argument, "the engine has no weights to share: load() them first");
        Engine twin(session, lent, recorded, shut_);
        const MemorySize frame_size{.activations = memory.device.activations,
                                    .workspace = memory_.device.workspace.size()};
        if (Status s = twin.fits(frame_size, Frame::image_bytes + Frame::logit_bytes); !s) return s;
        twin.frame_memory_ = lent;
        twin.choices_ = choices_;
        twin.weights_ = weights_;
        if (Status s = twin.make_plans(); !s) return s;
        return twin;
    }

    // Measures all algorithms of all layers that the workspace has room for, and takes the fastest. Takes a while, is
    // worth keeping: choices() of one start are choose() of the next.
    Status tune() {
        if (!weights_) return Status::error(Error::argument, "the engine has no weights: load() them first");
        recorded_.clear();
        return choose_algorithms(weights_, true);
    }
    const Choices& choices() const { return choices_; }
    Status choose(const Choices& choices) {
        if (!weights_) return Status::error(Error::argument, "the engine has no weights: load() them first");
        recorded_.clear();
        choices_ = choices;
        return check_fused(weights_);
    }

    // N images, [N][C][H][W], normalised as the weights expect. The logits, [N][classes], stay valid until the next
    // frame.
    Result<Logits> run(std::span<const float> image, const Mask& gates = {},
                       NoSetting missing = NoSetting::is_an_error) {
        if (Status s = start(image, gates, missing); !s) return s;
        return finish();
    }

    // The same in two halves. After start() the image may change, and the stream has the frame's work: events that the
    // program records on it come after. finish() waits for the stream.
    Status start(std::span<const float> image, const Mask& gates = {}, NoSetting missing = NoSetting::is_an_error) {
        if (image.size() != images().size())
            return Status::error(Error::argument, "the image has ", image.size(), " floats, expected ", N, " x ",
                                 input.text(), " = ", images().size());
        if (!weights_) return Status::error(Error::argument, "the engine has no weights: load() them first");
        const float* const epilogue = weights_.epilogue(gates, missing);
        if (epilogue == nullptr)
            return Status::error(Error::argument, "the weights have ", settings(),
                                 " gate settings, but none for this mask; ",
                                 "ask for NoSetting::takes_the_default to run it with the full network's statistics");
        std::copy(image.begin(), image.end(), images().begin());
        Recorded* known = recorded_.find(gates, epilogue, shut_);
        if (known == nullptr) {
            const bool all = recorded_.enabled() && shut_ == ShutGates::disabled;
            if (Status s = first_frame(all ? Mask{} : gates, epilogue, known); !s || !all) return s;
        }
        if (Status s = switch_gates(*known, gates); !s) return s;
        return gpu_.check(gpu_.api->launch(gpu_.session, known->frame.get()), "launching the frame");
    }
    Result<Logits> finish() {
        if (Status s = gpu_.check(gpu_.api->wait(gpu_.session), "waiting for the frame"); !s) return s;
        return Logits(logits());
    }

    int settings() const { return weights_.settings(); }

  private:
    cuda::Gpu gpu_;
    cuda::DeviceMemory memory_, frame_memory_;  // the latter without the settings' masks
    cuda::RecordedFrames<Net> recorded_;
    ShutGates shut_ = ShutGates::left_out;
    std::array<cuda::ConvPlan, nodes> convs_;
    Choices choices_{};
    Weights weights_;

    std::span<float> images() const {
        return {reinterpret_cast<float*>(frame_memory_.staging.data()), Frame::image_bytes / sizeof(float)};
    }
    std::span<const float, std::size_t(classes) * N> logits() const {
        return std::span<const float, std::size_t(classes) * N>(images().data() + images().size(),
                                                                std::size_t(classes) * N);
    }

    Status fits(const MemorySize& need, std::size_t staging) const {
        if (Status s = memory_.device.fits(need); !s) return s;
        if (memory_.staging.size() >= staging) return {};
        return Status::error(Error::memory, "the region for staging has ", memory_.staging.size(), " bytes, needs ",
                             staging, "; more with settings, see Engine::memory_for(settings)");
    }

    Frame frame(const Weights& weights, const float* epilogue) const {
        return {.gpu = gpu_,
                .memory = frame_memory_,
                .weights = weights.data(),
                .epilogue = epilogue,
                .scaled = epilogue != weights.default_epilogue(),
                .convs = convs_,
                .choices = choices_};
    }

    // Runs a mask's first frame kernel by kernel, which makes cuDNN load what it needs, then records it for the others.
    Status first_frame(const Mask& gates, const float* epilogue, Recorded*& kept) {
        const Frame one = frame(weights_, epilogue);
        if (Status s = one.run(gates); !s || !recorded_.enabled()) return s;
        if (Status s = gpu_.check(gpu_.api->begin_recording(gpu_.session), "recording a frame"); !s) return s;
        const Status walked = one.run(gates, shut_ == ShutGates::disabled);
        nvidia::Executable* executable = nullptr;
        const Status ended =
            gpu_.check(gpu_.api->end_recording(gpu_.session, walked ? &executable : nullptr), "recording a frame");
        if (!walked) return walked;
        if (ended) kept = recorded_.keep(gates, epilogue, cuda::Executable(gpu_, executable));
        return ended;
    }

    Status switch_gates(Recorded& slot, const Mask& gates) {
        for (int g = 0; g < Mask::gates; ++g) {
            if (slot.gates.open(g) == gates.open(g)) continue;
            const Status s =
                gpu_.check(gpu_.api->enable(gpu_.session, slot.frame.get(), g, gates.open(g)), "switching gate ", g);
            if (!s) return slot = Recorded{}, s;  // which of its nodes are on is not known
            slot.gates.set(g, gates.open(g));
        }
        return {};
    }

    Status plan(const Weights& weights) {
        if (Status s = make_plans(); !s) return s;
        return choose_algorithms(weights, false);
    }
    Status make_plans() {
        for (int i = 0; i < nodes; ++i) {
            if (!net.nodes[i].has_weights()) continue;
            nvidia::ConvPlan* made = nullptr;
            if (Status s = gpu_.check(gpu_.api->plan_conv(gpu_.session, Program::table.steps[i].conv, &made),
                                      net.nodes[i].name);
                !s)
                return s;
            convs_[i] = cuda::ConvPlan(gpu_, made);
        }
        return {};
    }

    // The fastest algorithm of each layer that the workspace has room for: cuDNN's estimate, or measured.
    Status choose_algorithms(const Weights& weights, bool measure) {
        const Frame one = frame(weights, weights.default_epilogue());
        for (int i = 0; i < nodes; ++i) {
            if (!net.nodes[i].has_weights()) continue;
            const nvidia::ConvData data = one.data(i, false);
            nvidia::Algorithm list[16];
            int count = 0, best = 0;
            if (Status s = gpu_.check(
                    gpu_.api->algorithms(gpu_.session, convs_[i].get(), measure ? &data : nullptr, list, 16, &count),
                    net.nodes[i].name, ", its algorithms");
                !s)
                return s;
            while (best < count && list[best].workspace > data.workspace_bytes) ++best;
            if (best == count)
                return Status::error(Error::memory, net.nodes[i].name, ": of cuDNN's ", count,
                                     " algorithms none works with ", data.workspace_bytes,
                                     " bytes of workspace, the fastest needs ", count > 0 ? list[0].workspace : 0,
                                     "; lend more");
            choices_[i].algorithm = list[best].number;
            choices_[i].fused = Program::table.steps[i].fusable;
        }
        return check_fused(weights);
    }

    // Only a call tells whether cuDNN has the fused form of a shape, so each layer is called once, on what there is.
    Status check_fused(const Weights& weights) {
        const Frame one = frame(weights, weights.default_epilogue());
        for (int i = 0; i < nodes; ++i) {
            const cuda::Step& step = Program::table.steps[i];
            cuda::ConvChoice& choice = choices_[i];
            choice.fused =
                choice.fused && step.fusable && (step.conv.relu || choice.algorithm == cuda::only_one_without_relu);
            if (!choice.fused) continue;
            const nvidia::Code code = one.convolve(i, true);
            if (code == nvidia::not_supported)
                choice.fused = false;
            else if (Status s = gpu_.check(code, net.nodes[i].name); !s)
                return s;
        }
        return gpu_.check(gpu_.api->wait(gpu_.session), "trying the layers");
    }
};

}  // namespace sluice
