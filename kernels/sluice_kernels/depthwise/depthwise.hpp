// Depthwise: every channel is convolved with a window of its own. Channels are the vector lanes, so a tile is a line of
// output pixels of one vector of channels.
#pragma once

#include <algorithm>
#include <array>

#include "sluice_kernels/activation.hpp"
#include "sluice_kernels/direct/blocking.hpp"
#include "sluice_kernels/direct/unroll.hpp"
#include "sluice_kernels/isa/lanes.hpp"
#include "sluice_kernels/map.hpp"
#include "sluice_kernels/primitive.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

template <class Isa>
struct Depthwise {
    static constexpr std::string_view name = "depthwise";
    using V = typename Isa::Vector;

    // Registers: a sum for each pixel, one weight, one input, scale and bias at the end, a product where fma() is two
    // instructions. More than eight pixels save little: the weight's load is then an eighth of the multiply-adds.
    static constexpr int most_pixels = std::min(8, Isa::registers - (Isa::fused ? 4 : 5));

    static constexpr double error_growth = 1;
    static constexpr bool supports(const Conv& c) { return c.groups == c.C && c.K == c.C && c.C > 1; }
    static constexpr double cost(const Conv& c) {
        return double(vectors(c)) * c.P * c.Q * c.R * c.S + reading_cost(packed_floats(c));
    }
    static constexpr int vectors(const Conv& c) { return (c.C + V::width - 1) / V::width; }
    static constexpr std::int64_t packed_floats(const Conv& c) {
        return std::int64_t(vectors(c)) * V::width * c.R * c.S;
    }
    static constexpr std::uint64_t packing(const Conv&) { return static_cast<unsigned>(V::width); }
    static constexpr std::int64_t workspace_bytes(const Conv&) { return 0; }
    // Bit MR: lines of MR pixels.
    static constexpr std::uint64_t variants(const Conv& c) {
        const Line line = Line::cut(c.Q, most_pixels);
        return std::uint64_t(1) << line.shorter | (line.longer > 0 ? std::uint64_t(2) << line.shorter : 0);
    }

    // [vector of channels][R][S][width]. Channels past C are zero.
    template <class Source>
    static void pack(const Conv& c, const Source& source, float* packed) {
        for (int v = 0; v < vectors(c); ++v)
            for (int i = 0; i < c.R * c.S; ++i)
                for (int lane = 0; lane < V::width; ++lane) {
                    const int k = v * V::width + lane;
                    *packed++ = k < c.C ? source[std::int64_t(k) * c.R * c.S + i] : 0.0f;
                }
    }

    // Threads share the tiles of all rows. Channels are the inner loop: memory is then read from one end to the other.
    template <std::uint64_t used>
    static void run(const Conv& c, const ConvArgs& a) {
        const Line line = Line::cut(c.Q, most_pixels);
        const int all = c.P * line.tiles;
        for (int unit = share(all, a.part, a.parts); unit < share(all, a.part + 1, a.parts); ++unit) {
            const int p = unit / line.tiles, tile = unit % line.tiles;
            const int q = tile * line.shorter + std::min(tile, line.longer), MR = line.shorter + (tile < line.longer);
            int k = 0;
            for (; k + V::width <= c.C; k += V::width) kernels<used, WholeVector<V>>[MR](c, a, p, q, k, {});
            if (k < c.C) kernels<used, PartOfVector<V>>[MR](c, a, p, q, k, {c.C - k});
        }
    }

  private:
    // Output pixels (p, q) to (p, q + MR - 1), channels k and following.
    template <int MR, class Lanes>
    static void line_of(const Conv& c, const ConvArgs& a, int p, int q, int k, const Lanes& lanes) {
        const std::ptrdiff_t pixel = std::ptrdiff_t(c.stride) * c.in_pixel;
        const float* const corner = a.in + std::ptrdiff_t(p * c.stride - c.top) * c.in_row + q * pixel -
                                    std::ptrdiff_t(c.left) * c.in_pixel + k;
        const float* w = a.weights + std::ptrdiff_t(k) * c.R * c.S;
        V sum[MR];
        unroll<MR>([&](auto i) SLUICE_INLINE { sum[i] = V::zero(); });
        for (int r = 0; r < c.R; ++r)
            for (int s = 0; s < c.S; ++s, w += V::width) {
                const float* const x = corner + std::ptrdiff_t(r) * c.in_row + std::ptrdiff_t(s) * c.in_pixel;
                const V weight = V::load(w);
                unroll<MR>([&](auto i) SLUICE_INLINE { sum[i] = fma(lanes.load(x + i * pixel), weight, sum[i]); });
            }
        const V scale = V::load(a.scale + k), bias = V::load(a.bias + k);
        float* const out = a.out + std::ptrdiff_t(p) * c.out_row + std::ptrdiff_t(q) * c.out_pixel + k;
        const float* const add =
            c.add ? a.add + std::ptrdiff_t(p) * c.add_row + std::ptrdiff_t(q) * c.add_pixel + k : nullptr;
        unroll<MR>([&](auto i) SLUICE_INLINE {
            V y = fma(sum[i], scale, bias);
            if (add != nullptr) y = y + lanes.load(add + i * c.add_pixel);
            lanes.store(activated(y, c.act), out + i * c.out_pixel);
        });
    }

    template <class Lanes>
    using Kernel = void (*)(const Conv&, const ConvArgs&, int p, int q, int k, const Lanes&);
    template <std::uint64_t used, class Lanes>
    static constexpr auto kernels = [] {
        std::array<Kernel<Lanes>, most_pixels + 1> table{};
        unroll<most_pixels>([&](auto i) {
            if constexpr ((used >> (i + 1) & 1) != 0) table[i + 1] = &line_of<i + 1, Lanes>;
        });
        return table;
    }();
};

}  // namespace sluice
