// Step: one kernel call of a network's program, all of it known at compile time. A frame walks a constant array of them.
#pragma once

#include "sluice/core/executor.hpp"
#include "sluice/core/generator.hpp"
#include "sluice_kernels/layout/layout.hpp"
#include "sluice_kernels/pool/pool.hpp"
#include "sluice_kernels/primitive.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// The memory of one frame.
struct Frame {
    const float* image = nullptr;     // [C][H][W]; if null, the pixels; if there are none, the generated image of `seed`
    PixelImage pixels = {};
    std::uint64_t seed = 0;
    const float* weights = nullptr;   // packed, all layers
    const float* epilogue = nullptr;  // scale and bias vectors of all layers, for the gate setting in force
    float* arena = nullptr;
    std::byte* workspace = nullptr;   // of all parts
    float* in = nullptr;              // what a step's `in` counts from, and its `out`: the arena, or rings of rows
    float* out = nullptr;
};

struct Step {
    using Kernel = void (*)(const Step&, const Frame&, int part, int parts);

    Kernel run = nullptr;               // null: nothing to compute
    Conv conv;                          // shapes; pools and copies use the parts that mean something to them
    graph::Window window;
    graph::Placement in, out, add;
    std::int64_t weights = 0;           // floats from the start of the packed weights
    std::int64_t workspace = 0;         // bytes, of each part
    std::int64_t scale = 0, bias = 0;   // floats from the start of an epilogue
    int gate = -1;                      // the gate that may skip this step, or -1
    int skip_to = 0;                    // the step to go on with if that gate is shut
    bool clear_halo = false;            // first writer of a buffer with a halo
    int chain = 0;                      // so many steps from here are computed in strips: see strips.hpp
    std::int64_t rings = 0;             // bytes of their rings, for each part
    int height = 0;                     // rows of a strip of the last one's output

    Map input(const Frame& f) const { return {conv.C, conv.H, conv.W, in.pixel, in.row, f.in + in.origin}; }
    Map output(const Frame& f) const { return {conv.K, conv.P, conv.Q, out.pixel, out.row, f.out + out.origin}; }
};

inline void run_step(const Step& s, const Frame& f, const Executor& executor) {
    if (s.run == nullptr) return;  // a concatenation: its parts have written it
    executor([&](int part) {
        if (s.clear_halo && part == 0) clear_halo(s.out, s.conv.P, f.arena);
        s.run(s, f, part, executor.parts);
    });
}

inline void image_step(const Step& s, const Frame& f, int part, int parts) {
    const Map out = s.output(f);
    const auto dense = [&](int c, int h, int w) { return (std::ptrdiff_t(c) * out.H + h) * out.W + w; };
    if (f.image != nullptr) {
        image_to_hwc([&](int c, int h, int w) { return f.image[dense(c, h, w)]; }, out, part, parts);
    } else if (f.pixels.first != nullptr) {
        image_to_hwc(f.pixels, out, part, parts);
    } else {
        image_to_hwc([&](int c, int h, int w) { return GeneratedImage{f.seed}(dense(c, h, w)); }, out, part, parts);
    }
}

inline void subsample_step(const Step& s, const Frame& f, int part, int parts) {
    subsample(s.input(f), s.output(f), s.window.stride, part, parts);
}

template <class V>
void max_pool_step(const Step& s, const Frame& f, int part, int parts) {
    max_pool<V>(s.input(f), s.output(f), s.window, part, parts);
}

template <class V>
void average_pool_step(const Step& s, const Frame& f, int part, int parts) {
    average_pool<V>(s.input(f), s.output(f), part, parts);
}

template <class P, std::uint64_t used>
void conv_step(const Step& s, const Frame& f, int part, int parts) {
    P::template run<used>(s.conv, {.in = f.in + s.in.origin,
                                   .out = f.out + s.out.origin,
                                   .add = s.conv.add ? f.arena + s.add.origin : nullptr,
                                   .weights = f.weights + s.weights,
                                   .scale = f.epilogue + s.scale,
                                   .bias = f.epilogue + s.bias,
                                   .workspace = f.workspace + part * s.workspace,
                                   .part = part,
                                   .parts = parts});
}

}  // namespace sluice
