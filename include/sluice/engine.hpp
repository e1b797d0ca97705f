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
#include "sluice/gate/mask.hpp"
#include "sluice/io/settings.hpp"
#include "sluice/io/weights_file.hpp"
#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI {

// What run() does with a mask for which the weights have no setting, although they have settings for others.
enum class NoSetting { is_an_error, takes_the_default };
enum class SelfTest { replay, skip };

template <Network Net, class Backend, class Plan = DefaultPlan>
class Engine {
    using Program = typename Backend::template Program<Net, Plan>;
    static constexpr auto& net = graph_of<Net>;
    static constexpr std::size_t bytes(std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); }

    // A setting's region: its mask, then an epilogue.
    static constexpr std::size_t mask_bytes =
        (sizeof(gate::Mask<Net>) + memory_alignment - 1) / memory_alignment * memory_alignment;

    // While a file is loaded the index of its tensors lies where activations will. In deep and narrow networks it is the
    // larger of the two: a weight and a bias per layer, and as many vectors for each of up to eight settings.
    static constexpr std::size_t index_room = [] {
        std::size_t layers = 0;
        for (const graph::Node& n : net.nodes) layers += n.has_weights();
        return (2 * layers * (1 + 8) + 1) * sizeof(io::Tensor) / memory_alignment * memory_alignment + memory_alignment;
    }();

  public:
    using network = Net;
    static constexpr Shape input = net.nodes.front().out;
    static constexpr int classes = net.nodes.back().out.C;
    using Logits = std::span<const float, static_cast<std::size_t>(classes)>;

    static constexpr MemorySize memory = {
        .weights = bytes(Program::program.weights + Program::program.epilogue),
        .activations = std::max(bytes(Program::arena_floats), index_room),
        .workspace = static_cast<std::size_t>(Program::program.workspace),
        .setting = mask_bytes + bytes(Program::program.epilogue),
    };

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
        loaded_ = false;
        settings_ = 0;
        if (Status s = memory_.fits(memory); !s) return s;
        const std::span<io::Tensor> index = index_in(memory_.activations);
        Result<io::WeightsFile> weights = io::WeightsFile::open(file, index, Net::name.view(), net);
        if (!weights) return weights.status();
        pack(*weights);
        if (Status s = load_settings(*weights); !s) return s;
        loaded_ = true;
        if (self_test == SelfTest::skip || !weights->has_self_test()) return {};
        // The index is overwritten by the frame, but not the file's bytes that the logits lie in.
        Result<io::WeightSource> expected = weights->self_test_logits(classes);
        const std::string_view seed = weights->metadata("selftest_seed");
        Status s = !expected ? expected.status() : replay(*expected, seed, weights->metadata("input"));
        loaded_ = static_cast<bool>(s);
        return s;
    }

    // One frame. image: [C][H][W] floats, normalised as the weights expect. The logits stay valid until the next run().
    // observe(node, call) must call call() once: for timing and counting, see Trace in apps.
    template <class Observer>
    Result<Logits> run(std::span<const float> image, const gate::Mask<Net>& gates, const Executor& executor,
                       Observer&& observe, NoSetting missing = NoSetting::is_an_error) {
        if (!loaded_) return Status::error(Error::argument, "the engine has no weights: load() them first");
        if (Status s = memory_.fits(memory); !s) return s;
        if (executor.parts < 1 || (executor.parts > 1 && executor.run == nullptr))
            return Status::error(Error::argument, "the executor has ", executor.parts,
                                 " parts, expected at least 1, and a function to run them if more");
        if (image.size() != static_cast<std::size_t>(input.size()))
            return Status::error(Error::argument, "the image has ", image.size(), " floats, expected ", input.text(), " = ",
                                 input.size());
        const float* epilogue = epilogue_for(gates, missing);
        if (epilogue == nullptr)
            return Status::error(Error::argument, "the weights have ", settings_, " gate settings, but none for this mask; ",
                                 "ask for NoSetting::takes_the_default to run it with the full network's statistics");
        Program::run({.image = image.data(),
                      .weights = weights(),
                      .epilogue = epilogue,
                      .arena = arena(),
                      .workspace = memory_.workspace.data()},
                     gates, executor, observe);
        return Logits(arena() + Program::result.origin, static_cast<std::size_t>(classes));
    }
    Result<Logits> run(std::span<const float> image, const gate::Mask<Net>& gates = {}, const Executor& executor = {},
                       NoSetting missing = NoSetting::is_an_error) {
        return run(image, gates, executor, [](int, auto&& call) { call(); }, missing);
    }

    int settings() const { return settings_; }              // gate settings that the weights brought
    float largest_difference() const { return difference_; }  // of the last self-test, absolute
    float largest_logit() const { return magnitude_; }        // of the last self-test

  private:
    Memory memory_;
    bool loaded_ = false;
    int settings_ = 0;
    float difference_ = 0, magnitude_ = 0;

    float* weights() const { return reinterpret_cast<float*>(memory_.weights.data()); }
    float* arena() const { return reinterpret_cast<float*>(memory_.activations.data()); }
    float* default_epilogue() const { return weights() + Program::program.weights; }
    std::byte* setting(int i) const { return memory_.settings.data() + static_cast<std::size_t>(i) * memory.setting; }

    static std::span<io::Tensor> index_in(std::span<std::byte> region) {
        const std::size_t count = region.size() / sizeof(io::Tensor);
        auto* first = reinterpret_cast<io::Tensor*>(region.data());
        std::uninitialized_default_construct_n(first, count);
        return {first, count};
    }

    // source[k] for k < K; channels up to the next multiple of 16 get `rest`, where vectors read past K.
    template <class Source>
    static void fill(float* to, int K, const Source& source, float rest) {
        for (int k = 0; k < (K + 15) / 16 * 16; ++k) to[k] = k < K ? source[k] : rest;
    }

    void pack(const io::WeightsFile& file) {
        struct Ones {
            float operator[](int) const { return 1.0f; }
        };
        for (int i = 0; i < static_cast<int>(net.nodes.size()); ++i) {
            if (!net.nodes[i].has_weights()) continue;
            Program::pack(i, *file.weight(net.nodes[i]), weights());
            fill(default_epilogue() + Program::program.steps[i].scale, net.nodes[i].out.C, Ones{}, 1.0f);
            fill(default_epilogue() + Program::program.steps[i].bias, net.nodes[i].out.C, *file.bias(net.nodes[i]), 0.0f);
        }
    }

    Status load_settings(const io::WeightsFile& file) {
        const std::string_view list = file.metadata("settings");
        const auto room = memory_.settings.size() / memory.setting;
        const auto count = static_cast<std::size_t>(io::count_settings(list));
        if (count > room)
            return Status::error(Error::memory, "the weights bring ", count, " gate settings of ", memory.setting,
                                 " bytes each, the region for settings has room for ", room);
        Status status = io::for_each_setting(list, net.gates, [&](int index, const io::Setting& s) {
            gate::Mask<Net> mask;
            for (int g = 0; g < net.gates; ++g) mask.set(g, s.bits[static_cast<std::size_t>(g)] == '1');
            std::construct_at(reinterpret_cast<gate::Mask<Net>*>(setting(index)), mask);
            auto* epilogue = reinterpret_cast<float*>(setting(index) + mask_bytes);
            for (int i = 0; i < static_cast<int>(net.nodes.size()); ++i) {
                const graph::Node& n = net.nodes[i];
                if (!n.has_weights()) continue;
                // A block that the setting shuts has no statistics of its own.
                const bool runs = n.block < 0 || mask.runs(n.block);
                for (const char* which : {"scale", "bias"}) {
                    const bool scale = which[0] == 's';
                    float* to = epilogue + (scale ? Program::program.steps[i].scale : Program::program.steps[i].bias);
                    const auto name = io::WeightsFile::setting_name(s.name, n, which);
                    if (file.has(name) || (runs && n.norm)) {
                        Result<io::WeightSource> own = file.setting(name, n);
                        if (!own) return own.status();
                        fill(to, n.out.C, *own, 0.0f);
                    } else {
                        std::copy_n(default_epilogue() + (to - epilogue), (n.out.C + 15) / 16 * 16, to);
                    }
                }
            }
            return Status{};
        });
        if (status) settings_ = static_cast<int>(count);
        return status;
    }

    const float* epilogue_for(const gate::Mask<Net>& gates, NoSetting missing) const {
        for (int i = 0; i < settings_; ++i)
            if (*reinterpret_cast<const gate::Mask<Net>*>(setting(i)) == gates)
                return reinterpret_cast<const float*>(setting(i) + mask_bytes);
        const bool plain = settings_ == 0 || gates == gate::Mask<Net>{} || missing == NoSetting::takes_the_default;
        return plain ? default_epilogue() : nullptr;
    }

    // The stored logits belong to the image of the stored seed and to the default setting.
    Status replay(const io::WeightSource& expected, std::string_view seed_text, std::string_view input_text) {
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
        Program::run({.seed = seed,
                      .weights = weights(),
                      .epilogue = default_epilogue(),
                      .arena = arena(),
                      .workspace = memory_.workspace.data()},
                     gate::Mask<Net>{}, Executor{}, [](int, auto&& call) { call(); });
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
