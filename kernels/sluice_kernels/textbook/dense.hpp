// Dense maps in either layout: no halo, no distance between pixels. The textbook's primitives look at borders
// themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice_kernels/map.hpp"
#include "sluice_kernels/primitive.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

enum class Layout : std::uint8_t { CHW, HWC };  // the last letter's elements are neighbours

constexpr std::string_view name_of(Layout l) { return l == Layout::CHW ? "CHW" : "HWC"; }

// Distances in floats.
struct Dense {
    std::ptrdiff_t channel, row, pixel;

    static constexpr Dense of(Layout l, int C, int H, int W) {
        if (l == Layout::CHW) return {std::ptrdiff_t(H) * W, W, 1};
        return {1, std::ptrdiff_t(W) * C, C};
    }
};

// The rows of the output that are one part's.
struct Rows {
    int begin, end;

    static constexpr Rows of(const Conv& c, const ConvArgs& a) {
        return {share(c.P, a.part, a.parts), share(c.P, a.part + 1, a.parts)};
    }
};

// The same map in the other layout. Parts share the rows.
inline void turn(const float* in, Layout from, float* out, Layout to, int C, int H, int W, int part, int parts) {
    const Dense source = Dense::of(from, C, H, W), target = Dense::of(to, C, H, W);
    for (int h = share(H, part, parts); h < share(H, part + 1, parts); ++h)
        for (int c = 0; c < C; ++c)
            for (int w = 0; w < W; ++w)
                out[c * target.channel + h * target.row + w * target.pixel] =
                    in[c * source.channel + h * source.row + w * source.pixel];
}

// out = act(scale * out + bias + add), of sums that a primitive has left there. `add` is another map than `out`.
inline void finish(const Conv& c, const ConvArgs& a, Layout written) {
    const Dense out = Dense::of(written, c.K, c.P, c.Q);
    const Rows rows = Rows::of(c, a);
    const auto one = [&](std::ptrdiff_t at, int k) {
        float y = a.out[at] * a.scale[k] + a.bias[k];
        if (c.add) y += a.add[at];
        if (c.act != graph::Activation::none && y < 0) y = 0;
        if (c.act == graph::Activation::relu6 && y > 6) y = 6;
        a.out[at] = y;
    };
    if (written == Layout::HWC) {
        for (std::ptrdiff_t pixel = std::ptrdiff_t(rows.begin) * c.Q; pixel < std::ptrdiff_t(rows.end) * c.Q; ++pixel)
            for (int k = 0; k < c.K; ++k) one(pixel * c.K + k, k);
    } else {
        for (int k = 0; k < c.K; ++k)
            for (std::ptrdiff_t i = rows.begin * out.row; i < rows.end * out.row; ++i) one(k * out.channel + i, k);
    }
}

}  // namespace sluice::inline SLUICE_ABI::kernels::textbook
