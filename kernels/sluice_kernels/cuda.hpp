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
#include "sluice_kernels/cuda/kept_choices.hpp"
#include "sluice_kernels/cuda/recorded.hpp"
#include "sluice_kernels/cuda/self_test.hpp"
#include "sluice_kernels/cuda/sizes.hpp"

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
    using Convolutions = cuda::Convolutions<Net, precision, N>;
    using Frame = cuda::Frame<Net, precision, N>;
    using KeptChoices = cuda::KeptChoices<Net, precision, N>;
    using Mask = gate::Mask<Net>;
    using Sizes = cuda::Sizes<Net, precision, N>;
    using Weights = cuda::Weights<Net, precision, typename Frame::Steps>;
    static constexpr auto& net = graph_of<Net>;

  public:
    using network = Net;
    using Recorded = cuda::Recorded<Net>;
    using Choices = typename Convolutions::Choices;
    static constexpr Shape input = net.nodes.front().out;
    static constexpr int classes = net.nodes.back().out.C, batch = N;
    using Logits = std::span<const float, static_cast<std::size_t>(classes) * N>;

    // For weights that bring so many gate settings. The workspace is the least: what is more is cuDNN's.
    static constexpr cuda::DeviceSize memory_for(std::size_t settings) { return Sizes::all(settings); }
    static constexpr cuda::DeviceSize memory = memory_for(0);

    // All of it, with `workspace` bytes for cuDNN.
    static Result<cuda::OwnedMemory> allocate(const cuda::Session& session,
                                              std::size_t workspace = std::size_t(64) << 20, std::size_t settings = 0) {
        return cuda::OwnedMemory::allocate(session, memory_for(settings), workspace, settings);
    }

    // recorded: slots for so many frames. Without any, each frame is launched kernel by kernel.
    Engine(const cuda::Session& session, const cuda::DeviceMemory& lent, std::span<Recorded> recorded = {},
           ShutGates shut = ShutGates::left_out)
        : gpu_(session.gpu()), memory_(lent), recorded_(recorded, shut) {}

    // Uploads the weights of a converted checkpoint, asks cuDNN how to compute each layer within the workspace, and,
    // unless told otherwise, replays the self-test. After an error the engine has no weights and run() says so.
    Status load(std::span<const std::byte> file, SelfTest self_test = SelfTest::replay) {
        weights_ = {};
        recorded_.clear();
        const std::size_t settings = Sizes::settings_in(memory_);
        if (Status s = Sizes::fits(memory_, memory.device, memory_for(settings).staging); !s) return s;
        frame_memory_ = memory_;
        frame_memory_.staging = memory_.staging.subspan(Sizes::masks(settings));
        const auto index = frame_memory_.staging.first(Sizes::index(settings));
        auto* const tensors = reinterpret_cast<io::Tensor*>(index.data());
        const std::size_t count = index.size() / sizeof(io::Tensor);
        std::uninitialized_default_construct_n(tensors, count);
        Result<io::WeightsFile> checkpoint = io::WeightsFile::open(file, {tensors, count}, Net::name.view(), net);
        if (!checkpoint) return checkpoint.status();
        Result<Weights> uploaded = Weights::upload(
            gpu_, *checkpoint, memory_.device, frame_memory_.staging.subspan(index.size(), cuda::Upload::piece_bytes),
            {reinterpret_cast<Mask*>(memory_.staging.data()), settings});
        if (!uploaded) return uploaded.status();
        if (Status s = convolutions_.make(gpu_); !s) return s;
        if (Status s = convolutions_.choose(frame(*uploaded), false); !s) return s;
        if (self_test == SelfTest::replay && checkpoint->has_self_test())
            if (Status s = cuda::replay(frame(*uploaded), *checkpoint, input, images(), logits().first(classes)); !s)
                return s;
        weights_ = *uploaded;
        return {};
    }

    // An engine of another session of the same GPU, or of this one, with activations and staging of its own and this
    // one's weights and choices. This one must outlive it.
    Result<Engine> share(const cuda::Session& session, const cuda::DeviceMemory& lent,
                         std::span<Recorded> recorded = {}) const {
        if (!weights_) return no_weights();
        Engine twin(session, lent, recorded, recorded_.shut());
        const MemorySize frame_size{.activations = memory.device.activations,
                                    .workspace = memory_.device.workspace.size()};
        if (Status s = Sizes::fits(lent, frame_size, Frame::image_bytes + Frame::logit_bytes); !s) return s;
        twin.frame_memory_ = lent;
        twin.convolutions_.choices = convolutions_.choices;
        twin.weights_ = weights_;
        if (Status s = twin.convolutions_.make(session.gpu()); !s) return s;
        return twin;
    }

    // Measures all algorithms of all layers that the workspace has room for, and takes the fastest. Takes a while, is
    // worth keeping: what keep() of one start writes, recall() of the next reads.
    Status tune() {
        if (!weights_) return no_weights();
        recorded_.clear();
        return convolutions_.choose(frame(weights_), true);
    }
    const Choices& choices() const { return convolutions_.choices; }
    Status choose(const Choices& choices) {
        if (!weights_) return no_weights();
        recorded_.clear();
        convolutions_.choices = choices;
        return convolutions_.check_fused(frame(weights_));
    }
    // out(line) gets each line of a text, with its end; kept_choices.hpp shows one.
    template <class Out>
    Status keep(Out out) const {
        if (!weights_) return no_weights();
        nvidia::Identity gpu;
        const Status known = identify(gpu);
        if (known) KeptChoices(gpu, cudnn_workspace()).write(choices(), out);
        return known;
    }
    // Refuses choices of another GPU, another version of cuDNN, or another engine.
    Status recall(std::string_view text) {
        if (!weights_) return no_weights();
        nvidia::Identity gpu;
        if (Status s = identify(gpu); !s) return s;
        const Result<Choices> found = KeptChoices(gpu, cudnn_workspace()).read(text);
        return found ? choose(*found) : found.status();
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
        if (!weights_) return no_weights();
        const float* const epilogue = weights_.epilogue(gates, missing);
        if (epilogue == nullptr)
            return Status::error(Error::argument, "the weights have ", settings(),
                                 " gate settings, but none for this mask; ",
                                 "ask for NoSetting::takes_the_default to run it with the full network's statistics");
        std::copy(image.begin(), image.end(), images().begin());
        const Frame one = frame(weights_, epilogue);
        return recorded_.run(gpu_, gates, epilogue,
                             [&](const Mask& mask, bool marked) { return one.run(mask, marked); });
    }
    Result<Logits> finish() {
        if (Status s = gpu_.check(gpu_.api->wait(gpu_.session), "waiting for the frame"); !s) return s;
        return logits();
    }

    int settings() const { return weights_.settings(); }

  private:
    cuda::Gpu gpu_;
    cuda::DeviceMemory memory_, frame_memory_;  // the latter without the settings' masks
    cuda::RecordedFrames<Net> recorded_;
    Convolutions convolutions_;
    Weights weights_;

    static Status no_weights() {
        return Status::error(Error::argument, "the engine has no weights: load() them first");
    }

    std::span<float> images() const {
        return {reinterpret_cast<float*>(frame_memory_.staging.data()), Frame::image_bytes / sizeof(float)};
    }
    Logits logits() const { return Logits(images().data() + images().size(), std::size_t(classes) * N); }

    Frame frame(const Weights& weights, const float* epilogue) const {
        return {.gpu = gpu_,
                .memory = frame_memory_,
                .weights = weights.data(),
                .epilogue = epilogue,
                .scaled = epilogue != weights.default_epilogue(),
                .convs = convolutions_.plans,
                .choices = convolutions_.choices};
    }
    Frame frame(const Weights& weights) const { return frame(weights, weights.default_epilogue()); }

    Status identify(nvidia::Identity& gpu) const {
        return gpu_.check(gpu_.api->identify(gpu_.session, &gpu), "asking what it is");
    }
    std::size_t cudnn_workspace() const { return frame(weights_).data(0, false).workspace_bytes; }
};

}  // namespace sluice
