// kn2row and kn2col: each position of the window is a 1x1 convolution whose result is added to the output where it
// belongs (Vasudevan, Anderson and Gregg 2017, the accumulating algorithms). Nothing is copied; strides are not
// possible.
#pragma once

#include <algorithm>

#include "sluice_kernels/textbook/dense.hpp"
#include "sluice_kernels/textbook/gemm.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

// kn2row from CHW to CHW, kn2col from HWC to HWC.
template <class Isa, Layout layout>
struct Kn2 {
    static constexpr std::string_view name = layout == Layout::CHW ? "kn2row" : "kn2col";
    static constexpr Layout read = layout, written = layout;
    static constexpr bool supports(const Conv& c) { return c.groups == 1 && c.stride == 1; }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.weights(); }
    static constexpr std::int64_t workspace_bytes(const Conv&) { return 0; }

    // [R][S] of [K][C] for CHW, of [C][K] for HWC
    static void pack(const Conv& c, const float* source, float* packed) {
        for (int r = 0; r < c.R; ++r)
            for (int s = 0; s < c.S; ++s, packed += std::ptrdiff_t(c.K) * c.C)
                for (int k = 0; k < c.K; ++k)
                    for (int ch = 0; ch < c.C; ++ch)
                        packed[layout == Layout::CHW ? k * c.C + ch : ch * c.K + k] =
                            source[((std::int64_t(k) * c.C + ch) * c.R + r) * c.S + s];
    }

    static void run(const Conv& c, const ConvArgs& a) {
        const Dense in = Dense::of(layout, c.C, c.H, c.W), out = Dense::of(layout, c.K, c.P, c.Q);
        const Span rows = Span::rows(c, a);
        const int channels = layout == Layout::CHW ? c.K : 1;
        for (int k = 0; k < channels; ++k)
            std::fill(a.out + k * out.channel + rows.begin * out.row, a.out + k * out.channel + rows.end * out.row,
                      0.0f);
        const float* weights = a.weights;
        for (int r = 0; r < c.R; ++r)
            for (int s = 0; s < c.S; ++s, weights += std::ptrdiff_t(c.K) * c.C) {
                // The outputs whose input at this position lies inside the map: rows p, columns q.
                const int p0 = std::max(rows.begin, c.top - r), p1 = std::min(rows.end, c.H + c.top - r);
                const int q0 = std::max(0, c.left - s), q1 = std::min(c.Q, c.W + c.left - s);
                if (q0 >= q1) continue;
                const bool merged = q1 - q0 == c.Q && c.Q == c.W;  // whole rows follow each other on both sides
                for (int p = p0; p < p1; p += merged ? p1 - p0 : 1) {
                    const int pixels = merged ? (p1 - p0) * c.Q : q1 - q0;
                    const float* x = a.in + (p + r - c.top) * in.row + (q0 + s - c.left) * in.pixel;
                    float* y = a.out + p * out.row + q0 * out.pixel;
                    if (layout == Layout::CHW)
                        gemm<Isa>(c.K, pixels, c.C, {weights, c.C, 1}, x, in.channel, y, out.channel, true);
                    else
                        gemm<Isa>(pixels, c.K, c.C, {x, c.C, 1}, weights, c.K, y, c.K, true);
                }
            }
        finish(c, a, written);
    }
};

}  // namespace sluice
