// Dense maps in any layout: no halo, no distance between pixels. The textbook's primitives look at borders
// themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice_kernels/map.hpp"
#include "sluice_kernels/primitive.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

enum class Layout : std::uint8_t { CHW, HCW, HWC };  // the last letter's elements are neighbours
inline constexpr Layout layouts[] = {Layout::CHW, Layout::HCW, Layout::HWC};

constexpr std::string_view name_of(Layout l) { return l == Layout::CHW ? "CHW" : l == Layout::HCW ? "HCW" : "HWC"; }

// Distances in floats.
struct Dense {
    std::ptrdiff_t channel, row, pixel;

    static constexpr Dense of(Layout l, int C, int H, int W) {
        if (l == Layout::CHW) return {std::ptrdiff_t(H) * W, W, 1};
        if (l == Layout::HCW) return {W, std::ptrdiff_t(C) * W, 1};
        return {1, std::ptrdiff_t(W) * C, C};
    }
};

// Rows or columns of the output: [begin, end).
struct Span {
    int begin, end;

    // The rows that are one part's.
    static constexpr Span rows(const Conv& c, const ConvArgs& a) {
        return {share(c.P, a.part, a.parts), share(c.P, a.part + 1, a.parts)};
    }
};

// The same map in another layout. Parts share the rows.
inline void turn(const float* in, Layout from, float* out, Layout to, int C, int H, int W, int part, int parts) {
    const Dense source = Dense::of(from, C, H, W), target = Dense::of(to, C, H, W);
    for (int h = share(H, part, parts); h < share(H, part + 1, parts); ++h)
        for (int c = 0; c < C; ++c)
            for (int w = 0; w < W; ++w)
                out[c * target.channel + h * target.row + w * target.pixel] =
                    in[c * source.channel + h * source.row + w * source.pixel];
}

// out = act(scale * out + bias + add), of sums that a primitive has left there. `add` is another map than `out`.
inline void finish(const Conv& c, const ConvArgs& a, Layout written, Span rows, Span columns) {
    const Dense out = Dense::of(written, c.K, c.P, c.Q);
    const auto one = [&](int k, int p, int q) {
        const std::ptrdiff_t at = k * out.channel + p * out.row + q * out.pixel;
        float y = a.out[at] * a.scale[k] + a.bias[k];
        if (c.add) y += a.add[at];
        if (c.act != graph::Activation::none && y < 0) y = 0;
        if (c.act == graph::Activation::relu6 && y > 6) y = 6;
        a.out[at] = y;
    };
    for (int p = rows.begin; p < rows.end; ++p)
        if (written == Layout::HWC) {
            for (int q = columns.begin; q < columns.end; ++q)
                for (int k = 0; k < c.K; ++k) one(k, p, q);
        } else {
            for (int k = 0; k < c.K; ++k)
                for (int q = columns.begin; q < columns.end; ++q) one(k, p, q);
        }
}
inline void finish(const Conv& c, const ConvArgs& a, Layout written) {
    finish(c, a, written, Span::rows(c, a), {0, c.Q});
}

}  // namespace sluice
