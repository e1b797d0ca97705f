// Engine: runs one network, frame after frame, in memory that the caller lends it.
//
//     using Engine = sluice::Engine<sluice::nets::ResNet50<>, sluice::Cpu>;
//     auto memory = sluice::host_memory<Engine>();
//     Engine engine{memory};
//     if (auto s = engine.load(bytes); !s) return fail(s.message());
//     auto logits = engine.run(image, gates);
//
// After load() nothing is allocated, thrown or printed.
#pragma once

#include <cmath>
#include <memory>

#include "sluice/core/executor.hpp"
#include "sluice/core/memory.hpp"
#include "sluice/core/pixels.hpp"
#include "sluice/core/work.hpp"
#include "sluice/packed_weights.hpp"
#include "sluice/plan/measured.hpp"
#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI {

enum class SelfTest { replay, skip };

template <class Net, class Backend, class Plan = DefaultPlan>
class Engine {
    using Program = typename Backend::template Program<Net, Plan>;
    using Frame = typename Backend::Frame;
    using Weights = PackedWeights<Net, Program>;
    static constexpr auto& net = graph_of<Net>;
    static_assert(is_plan_of<Plan>(graph_view<Net>),
                  "sluice: this plan was made for another network, or for another version of this one");
    static_assert(keeps_to_plan<Plan>(Program::isa, static_cast<std::size_t>(Program::program.workspace),
                                      static_cast<std::size_t>(Program::program.weights) * sizeof(float)),
                  "sluice: with this plan the engine needs other bytes of workspace or packed weights than were promised");

    // While a checkpoint is loaded the index of its tensors lies where activations will: a weight and a bias per layer, as
    // many vectors for each setting, and the self-test.
    static constexpr std::size_t index_room(std::size_t settings) {
        std::size_t layers = 0;
        for (const graph::Node& n : net.nodes) layers += n.has_weights();
        const std::size_t bytes = (2 * layers * (1 + settings) + 1) * sizeof(io::Tensor);
        return (bytes + memory_alignment - 1) / memory_alignment * memory_alignment;
    }

  public:
    using network = Net;
    static constexpr Shape input = net.nodes.front().out;
    static constexpr int classes = net.nodes.back().out.C;
    using Logits = std::span<const float, static_cast<std::size_t>(classes)>;

    static constexpr MemorySize memory = {
        .weights = Weights::size.weights,
        .activations = std::max(static_cast<std::size_t>(Program::arena_floats) * sizeof(float), index_room(8)),
        .workspace = static_cast<std::size_t>(Program::program.workspace),
        .setting = Weights::size.setting,
    };
    // The same where a checkpoint brings so many gate settings: in deep and narrow networks the index of its tensors may
    // be larger than the activations. The memory above is enough for eight.
    static constexpr MemorySize memory_for(std::size_t settings) {
        MemorySize size = memory;
        size.activations = std::max(size.activations, index_room(settings));
        return size;
    }
    // For weights that are used where they lie.
    static constexpr MemorySize frame_memory = {.activations = memory.activations, .workspace = memory.workspace};

    // The largest rounding error of its primitives, as a multiple of the direct convolution's.
    static constexpr double error_growth = Program::error_growth;

    // Which primitive computes a node of graph_of<Net>; empty for nodes without weights.
    static constexpr std::string_view primitive(int node) { return Program::primitive(node); }

    constexpr explicit Engine(const Memory& lent) : memory_(lent) {}

    // An engine for another thread, with activations and workspace of its own and this one's weights, which must outlive
    // it. Engines that share weights may run at the same time. Share after load().
    Engine share(const Memory& frame) const {
        Engine twin = *this;
        twin.memory_.activations = frame.activations;
        twin.memory_.workspace = frame.workspace;
        return twin;
    }

    // Packs the weights of a converted checkpoint; the bytes are not needed afterwards. Then, unless told otherwise,
    // replays the self-test that the converter stored: the logits must agree within 1e-4 of the largest.
    // After an error the engine has no weights and run() says so.
    Status load(std::span<const std::byte> file, SelfTest self_test = SelfTest::replay) {
        weights_ = {};
        if (Status s = memory_.fits(memory); !s) return s;
        const std::span<io::Tensor> index = index_in(memory_.activations);
        Result<io::WeightsFile> checkpoint = io::WeightsFile::open(file, index, Net::name.view(), net);
        if (checkpoint.status().kind() == Error::memory)
            return Status::error(Error::memory, checkpoint.message(), ": while it is loaded, the region for activations needs ",
                                 "more than its ", memory_.activations.size(), " bytes, see Engine::memory_for(settings)");
        if (!checkpoint) return checkpoint.status();
        Result<Weights> packed = Weights::pack(*checkpoint, memory_);
        if (!packed) return packed.status();
        if (self_test == SelfTest::replay && checkpoint->has_self_test()) {
            // The index is overwritten by the frame, but not the file's bytes that the logits lie in.
            Result<io::WeightSource> expected = checkpoint->self_test_logits(classes);
            if (!expected) return expected.status();
            const std::string_view seed = checkpoint->metadata("selftest_seed");
            if (Status s = replay(*packed, *expected, seed, checkpoint->metadata("input")); !s) return s;
        }
        weights_ = *packed;
        return {};
    }

    // Uses a packed file (see packed()) where it lies: a mapped file, a linked array, flash. Nothing is copied, so the
    // bytes must outlive the engine, and the regions for weights and settings may be empty.
    Status load_packed(std::span<const std::byte> file, io::Integrity integrity = io::Integrity::checked) {
        weights_ = {};
        if (Status s = memory_.fits(frame_memory); !s) return s;
        Result<Weights> packed = Weights::in_place(file, integrity);
        if (packed) weights_ = *packed;
        return packed.status();
    }

    // The weights as load() has packed them: a packed file is packed().header() and both of its regions.
    const Weights& packed() const { return weights_; }

    // One frame. image: [C][H][W] floats, normalised as the weights expect. The logits stay valid until the next run().
    // observe(work, call) is told of each piece of work (core/work.hpp) and must call call() once, which does it: for timing
    // and counting, see Trace in apps.
    template <class Observer>
    Result<Logits> run(std::span<const float> image, const gate::Mask<Net>& gates, const Executor& executor,
                       Observer&& observe, NoSetting missing = NoSetting::is_an_error) {
        if (image.size() != static_cast<std::size_t>(input.size()))
            return Status::error(Error::argument, "the image has ", image.size(), " floats, expected ", input.text(), " = ",
                                 input.size());
        return compute({.image = image.data()}, gates, executor, observe, missing);
    }
    Result<Logits> run(std::span<const float> image, const gate::Mask<Net>& gates = {}, const Executor& executor = {},
                       NoSetting missing = NoSetting::is_an_error) {
        return run(image, gates, executor, no_observer, missing);
    }

    // One frame of a camera: 8 bits a channel, normalised by what the weights say about mean and std. The logits are, to
    // the last bit, those of the same image as floats.
    template <class Observer>
    Result<Logits> run(const Pixels& image, const gate::Mask<Net>& gates, const Executor& executor, Observer&& observe,
                       NoSetting missing = NoSetting::is_an_error) {
        if (Status s = image.fits(input); !s) return s;
        if (weights_ && weights_.pixel_values() == nullptr)
            return Status::error(Error::argument, "the weights do not say how pixels are normalised: their metadata need a ",
                                 "'mean' and a 'std' of ", input.C, " decimals each");
        const Pixels::Strides by = image.strides(input);
        const bool turned = image.channels == ChannelOrder::bgr;
        return compute({.pixels = {image.bytes.data() + (turned ? (input.C - 1) * by.channel : 0), by.pixel, by.row,
                                   turned ? -by.channel : by.channel, weights_.pixel_values()}},
                       gates, executor, observe, missing);
    }
    Result<Logits> run(const Pixels& image, const gate::Mask<Net>& gates = {}, const Executor& executor = {},
                       NoSetting missing = NoSetting::is_an_error) {
        return run(image, gates, executor, no_observer, missing);
    }

    // N frames, one after the other. images: [N][C][H][W]; logits: [N][classes].
    Status run_batch(std::span<const float> images, std::span<float> logits, const gate::Mask<Net>& gates = {},
                     const Executor& executor = {}, NoSetting missing = NoSetting::is_an_error) {
        constexpr auto floats = static_cast<std::size_t>(input.size()), K = static_cast<std::size_t>(classes);
        const std::size_t N = images.size() / floats;
        if (N == 0 || images.size() % floats != 0 || logits.size() != N * K)
            return Status::error(Error::argument, "a batch needs N images of ", input.text(), " = ", input.size(),
                                 " floats and N x ", classes, " logits, found ", images.size(), " and ", logits.size());
        for (std::size_t n = 0; n < N; ++n) {
            const Result<Logits> one = run(images.subspan(n * floats, floats), gates, executor, missing);
            if (!one) return one.status();
            std::copy(one->begin(), one->end(), logits.begin() + static_cast<std::ptrdiff_t>(n * K));
        }
        return {};
    }

    int settings() const { return weights_.settings(); }    // gate settings that the weights brought
    float largest_difference() const { return difference_; }  // of the last self-test, absolute
    float largest_logit() const { return magnitude_; }        // of the last self-test

  private:
    Memory memory_;
    Weights weights_;
    float difference_ = 0, magnitude_ = 0;

    static constexpr auto no_observer = [](const Work&, auto&& call) { call(); };

    float* arena() const { return reinterpret_cast<float*>(memory_.activations.data()); }

    static std::span<io::Tensor> index_in(std::span<std::byte> region) {
        const std::size_t count = region.size() / sizeof(io::Tensor);
        auto* first = reinterpret_cast<io::Tensor*>(region.data());
        std::uninitialized_default_construct_n(first, count);
        return {first, count};
    }

    // Everything that is not the image.
    template <class Observer>
    Result<Logits> compute(Frame frame, const gate::Mask<Net>& gates, const Executor& executor, Observer&& observe,
                           NoSetting missing) {
        static_assert(Program::executable, "sluice: this engine packs weights for another machine and cannot run");
        if (!weights_) return Status::error(Error::argument, "the engine has no weights: load() them first");
        if (Status s = memory_.fits(frame_memory); !s) return s;
        if (executor.parts < 1 || (executor.parts > 1 && executor.run == nullptr))
            return Status::error(Error::argument, "the executor has ", executor.parts,
                                 " parts, expected at least 1, and a function to run them if more");
        if (const std::size_t need = frame_memory.for_parts(executor.parts).workspace; memory_.workspace.size() < need)
            return Status::error(Error::memory, "the region for workspace has ", memory_.workspace.size(), " bytes, the ",
                                 "executor's ", executor.parts, " parts need ", need, ": ", frame_memory.workspace,
                                 " each, see MemorySize::for_parts");
        frame.epilogue = weights_.epilogue(gates, missing);
        if (frame.epilogue == nullptr)
            return Status::error(Error::argument, "the weights have ", settings(), " gate settings, but none for this mask; ",
                                 "ask for NoSetting::takes_the_default to run it with the full network's statistics");
        frame.weights = weights_.weights();
        frame.arena = arena();
        frame.workspace = memory_.workspace.data();
        Program::run(frame, gates, executor, observe);
        return Logits(arena() + Program::result.origin, static_cast<std::size_t>(classes));
    }

    // The stored logits belong to the image of the stored seed and to the default setting.
    Status replay(const Weights& weights, const io::WeightSource& expected, std::string_view seed_text,
                  std::string_view input_text) {
        if (input_text != input.text().view())
            return Status::error(Error::mismatch, "the self-test is for ", input_text, " images, this engine takes ",
                                 input.text(), "; load with SelfTest::skip");
        std::uint64_t seed = 0;
        bool number = !seed_text.empty() && seed_text.size() <= 20;
        for (char c : seed_text) {
            number = number && c >= '0' && c <= '9' && seed <= (~std::uint64_t(0) - (c - '0')) / 10;
            seed = seed * 10 + static_cast<std::uint64_t>(c - '0');
        }
        if (!number)
            return Status::error(Error::format, "the self-test has the seed '", seed_text, "', expected a 64-bit number");
        if constexpr (!Program::executable) return Status::error(Error::argument, "this engine cannot run: SelfTest::skip");
        else Program::run({.seed = seed,
                           .weights = weights.weights(),
                           .epilogue = weights.default_epilogue(),
                           .arena = arena(),
                           .workspace = memory_.workspace.data()},
                          gate::Mask<Net>{}, Executor{}, no_observer);
        const float* logits = arena() + Program::result.origin;
        difference_ = magnitude_ = 0;
        for (int k = 0; k < classes; ++k) {
            const float difference = std::fabs(logits[k] - expected[k]);
            // A NaN counts as a difference, and stays one.
            if (!std::isnan(difference_) && !(difference <= difference_)) difference_ = difference;
            magnitude_ = std::fmax(magnitude_, std::fabs(expected[k]));
        }
        if (difference_ <= 1e-4f * magnitude_) return {};
        const float millionths = difference_ / magnitude_ * 1e6f;
        const bool countable = millionths <= 1e9f;  // not where a logit is NaN, or all stored ones are zero
        return Status::error(Error::verify, "self-test failed: the logits differ from the stored ones by ",
                             countable ? "" : "more than ", countable ? static_cast<std::int64_t>(millionths) : 1000000000,
                             "e-6 of the largest, expected at most 100e-6; the file is damaged or the build miscomputes");
    }
};

}  // namespace sluice
