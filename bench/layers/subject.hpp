// Subject: a layer with random inputs and weights, and what it yields by definition. Run: one primitive computing it.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "layers/layer.hpp"
#include "sluice/core/executor.hpp"
#include "sluice/host_memory.hpp"
#include "sluice_kernels/map.hpp"
#include "sluice_kernels/reference/reference.hpp"
#include "support/random.hpp"
#include "support/tolerance.hpp"

namespace sluice::bench {

// Bytes.
constexpr std::size_t cache_lines(std::int64_t floats) { return static_cast<std::size_t>(floats + 15) / 16 * 64; }

class Subject {
  public:
    // arena: floats of the network's, whose places the layer's maps have.
    Subject(const Layer& l, std::int64_t arena)
        : layer(l),
          weights(random("weights", conv.weights())),
          scale(random("scale", conv.K, 1)),
          bias(random("bias", conv.K)),
          memory_({.activations = cache_lines(arena)}) {
        auto* const begin = reinterpret_cast<float*>(Memory(memory_).activations.data());
        std::memset(begin, 0, Memory(memory_).activations.size());  // halos are zeros
        in = {conv.C, conv.H, conv.W, conv.in_pixel, conv.in_row, begin + layer.in};
        out = {conv.K, conv.P, conv.Q, conv.out_pixel, conv.out_row, begin + layer.out};
        add = {conv.K, conv.P, conv.Q, conv.add_pixel, conv.add_row, begin + layer.add};
    }

    // Before each run that counts: what it does not write is no number, and the map to add may be that of the output.
    void reset() const {
        fill(out, [](std::uint64_t) { return std::numeric_limits<float>::quiet_NaN(); });
        const Generator random_in(1, "in"), random_add(1, "add");
        if (conv.add) fill(add, [&](std::uint64_t i) { return random_add.at(i, 0, 1); });
        fill(in, [&](std::uint64_t i) { return random_in.at(i, 0, 1); });
    }
    std::vector<float> output() const {
        std::vector<float> dense;
        for (int p = 0; p < conv.P; ++p)
            for (int q = 0; q < conv.Q; ++q) dense.insert(dense.end(), out.at(p, q), out.at(p, q) + conv.K);
        return dense;
    }
    // By the reference primitive, computed when first asked for.
    const std::vector<float>& expected();

    const Layer layer;
    const kernels::Conv& conv = layer.conv;
    const std::vector<float> weights, scale, bias;
    kernels::Map in, out, add;

  private:
    HostMemory memory_;
    std::vector<float> expected_;

    // 16 floats more than asked for: scale and bias are read as whole vectors.
    static std::vector<float> random(const char* name, std::int64_t count, float mid = 0) {
        return support::random_values(static_cast<std::size_t>(count) + 16, 1, name, mid, 0.5f);
    }
    template <class F>
    static void fill(const kernels::Map& map, F value) {
        std::uint64_t i = 0;
        for (int h = 0; h < map.H; ++h)
            for (int w = 0; w < map.W; ++w)
                for (int c = 0; c < map.C; ++c) map.at(h, w)[c] = value(i++);
    }
};

template <kernels::Primitive P>
class Run {
  public:
    // The weights are packed once and copied until they fill `bytes`, twice at least unless that is 0; runs use one
    // copy after the other. With more bytes than the last-level cache has each finds its weights cold, as in a network.
    Run(Subject& subject, const Executor& executor, std::size_t bytes)
        : subject_(subject),
          executor_(executor),
          stride_(cache_lines(P::packed_floats(subject.conv))),
          copies_(bytes == 0 ? 1 : std::max<std::size_t>(2, (bytes + stride_ - 1) / stride_)),
          memory_({.weights = stride_ * copies_,
                   .workspace = static_cast<std::size_t>(P::workspace_bytes(subject.conv) * executor.parts)}) {
        std::byte* const first = Memory(memory_).weights.data();
        P::pack(subject.conv, subject.weights.data(), reinterpret_cast<float*>(first));
        for (std::size_t i = 1; i < copies_; ++i) std::memcpy(first + i * stride_, first, stride_);
    }

    void operator()() {
        const kernels::Conv& c = subject_.conv;
        const Memory memory = memory_;
        const auto* const weights = reinterpret_cast<const float*>(memory.weights.data() + turn_ * stride_);
        executor_([&](int part) {
            P::template run<~std::uint64_t(0)>(c, {.in = subject_.in.data,
                                                   .out = subject_.out.data,
                                                   .add = c.add ? subject_.add.data : nullptr,
                                                   .weights = weights,
                                                   .scale = subject_.scale.data(),
                                                   .bias = subject_.bias.data(),
                                                   .workspace = memory.workspace.data() + part * P::workspace_bytes(c),
                                                   .part = part,
                                                   .parts = executor_.parts});
        });
        if (++turn_ == copies_) turn_ = 0;
    }

    // Relative to the largest output, and in rounding errors as the primitive declares them.
    support::Verdict verdict(double tolerance) {
        const std::vector<float>& expected = subject_.expected();
        subject_.reset();
        (*this)();
        return support::close<float>(subject_.output(), expected, tolerance * P::error_growth);
    }

  private:
    Subject& subject_;
    const Executor executor_;
    std::size_t stride_, copies_, turn_ = 0;  // bytes; copies; the next run's copy
    HostMemory memory_;
};

inline const std::vector<float>& Subject::expected() {
    if (expected_.empty()) {
        Run<kernels::Reference> run(*this, {}, 0);
        reset();
        run();
        expected_ = output();
    }
    return expected_;
}

}  // namespace sluice::bench
