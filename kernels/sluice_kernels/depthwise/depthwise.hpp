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
    // Bit MR: lines of MR pixels. Windows 3 wide, which all of today's networks have, load each input once for all of
    // the outputs that it counts in: 16 bits for each of the two strides.
    static constexpr int kind(const Conv& c) { return c.S == 3 && c.stride <= 2 ? c.stride : 0; }
    static constexpr std::uint64_t variants(const Conv& c) {
        const Line line = Line::cut(c.Q, most_pixels);
        const std::uint64_t lines =
            std::uint64_t(1) << line.shorter | (line.longer > 0 ? std::uint64_t(2) << line.shorter : 0);
        return lines << 16 * kind(c);
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

    // Threads share the tiles of all rows.
    template <std::uint64_t used>
    static void run(const Conv& c, const ConvArgs& a) {
        const Line line = Line::cut(c.Q, most_pixels);
        const int all = c.P * line.tiles, block = channels_at_once(c);
        for (int begin = 0; begin < c.C; begin += block)
            for (int unit = share(all, a.part, a.parts); unit < share(all, a.part + 1, a.parts); ++unit) {
                const int p = unit / line.tiles, tile = unit % line.tiles;
                const int q = tile * line.shorter + std::min(tile, line.longer);
                const int MR = line.shorter + (tile < line.longer);
                kernels<used>[kind(c)][MR](c, a, p, q, begin, std::min(begin + block, c.C));
            }
    }

  private:
    // Of a map that lies in L2: as many as leave R rows in half of L1, so that each is fetched once and not R times,
    // but no shorter runs than four vectors. All of a larger map: memory is best read from one end to the other.
    static constexpr int channels_at_once(const Conv& c) {
        if (std::int64_t(c.P) * c.stride * c.in_row * 4 > Isa::l2) return c.C;
        const int row_bytes = (c.Q * c.stride + c.S) * V::width * 4;
        return std::max(4, Isa::l1 / 2 / (c.R * row_bytes)) * V::width;
    }

    // Output pixels (p, q) to (p, q + MR - 1), channels [begin, end). Distances are local: a store through a pointer to
    // float would make the compiler read them again.
    template <int MR, int kind>
    static void line_of(const Conv& c, const ConvArgs& a, int p, int q, int begin, int end) {
        const std::ptrdiff_t in_pixel = c.in_pixel, in_row = c.in_row, out_pixel = c.out_pixel, add_pixel = c.add_pixel;
        const int R = c.R, S = kind > 0 ? 3 : c.S, stride = kind > 0 ? kind : c.stride;
        const float* const in = a.in + (p * stride - c.top) * in_row + (q * stride - c.left) * in_pixel + begin;
        const float* const scale = a.scale + begin;
        const float* const bias = a.bias + begin;
        const float* const add = c.add ? a.add + std::ptrdiff_t(p) * c.add_row + q * add_pixel + begin : nullptr;
        float* const out = a.out + std::ptrdiff_t(p) * c.out_row + q * out_pixel + begin;
        const float* w = a.weights + std::ptrdiff_t(begin) * R * S;
        const Activated<V> activated(c.act);
        constexpr int columns = (MR - 1) * kind + 3;  // of the input
        for_lanes<V>(end - begin, [&](int k, auto lanes) SLUICE_INLINE {
            V sum[MR];
            unroll<MR>([&](auto i) SLUICE_INLINE { sum[i] = V::zero(); });
            for (int r = 0; r < R; ++r, w += S * V::width) {
                const float* const x = in + r * in_row + k;
                if constexpr (kind == 0) {
                    for (int s = 0; s < S; ++s) {
                        const V weight = V::load(w + s * V::width);
                        unroll<MR>([&](auto i) SLUICE_INLINE {
                            sum[i] = fma(lanes.load(x + (i * stride + s) * in_pixel), weight, sum[i]);
                        });
                    }
                } else {
                    const V weight[3] = {V::load(w), V::load(w + V::width), V::load(w + 2 * V::width)};
                    const float* base[(columns + 3) / 4];
                    unroll<(columns + 3) / 4>([&](auto i) SLUICE_INLINE { base[i] = x + 4 * i * in_pixel; });
                    unroll<columns>([&](auto column) SLUICE_INLINE {
                        const V pixel = lanes.load(base[column / 4] + column % 4 * in_pixel);
                        unroll<3>([&](auto s) SLUICE_INLINE {
                            constexpr int from = column - s, i = from / kind;
                            if constexpr (from >= 0 && from % kind == 0 && i < MR)
                                sum[i] = fma(pixel, weight[s], sum[i]);
                        });
                    });
                }
            }
            const V by = V::load(scale + k), plus = V::load(bias + k);
            unroll<MR>([&](auto i) SLUICE_INLINE {
                V y = fma(sum[i], by, plus);
                if (add != nullptr) y = y + lanes.load(add + i * add_pixel + k);
                lanes.store(activated(y), out + i * out_pixel + k);
            });
        });
    }

    using Kernel = void (*)(const Conv&, const ConvArgs&, int p, int q, int begin, int end);
    template <std::uint64_t used>
    static constexpr auto kernels = [] {
        std::array<std::array<Kernel, most_pixels + 1>, 3> table{};
        unroll<3 * most_pixels>([&](auto n) {
            constexpr int kind = n / most_pixels, MR = n % most_pixels + 1;
            if constexpr ((used >> (16 * kind + MR) & 1) != 0) table[kind][MR] = &line_of<MR, kind>;
        });
        return table;
    }();
};

}  // namespace sluice
