// direct: the sum over channels and window as it stands in the textbook. In CHW one row of one channel at a time; in HWC
// all channels of one pixel, which is what the reference primitive does.
#pragma once

#include <algorithm>

#include "sluice_kernels/reference/reference.hpp"
#include "sluice_kernels/textbook/dense.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

template <Layout layout>
struct Direct {
    static constexpr std::string_view name = "direct";
    static constexpr Layout read = layout, written = layout;
    static constexpr bool supports(const Conv& c) { return c.groups == 1; }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.weights(); }
    static constexpr std::int64_t workspace_bytes(const Conv&) { return 0; }

    // [K][C][R][S], as it comes, for CHW
    static void pack(const Conv& c, const float* source, float* packed) {
        if (layout == Layout::HWC) Reference::pack(c, source, packed);
        else std::copy_n(source, c.weights(), packed);
    }

    static void run(const Conv& c, const ConvArgs& a) {
        if (layout == Layout::HWC) {
            Conv dense = c;
            dense.in_pixel = c.C, dense.in_row = c.W * c.C;
            dense.out_pixel = dense.add_pixel = c.K, dense.out_row = dense.add_row = c.Q * c.K;
            return Reference::run<0>(dense, a);
        }
        const Span rows = Span::rows(c, a);
        for (int k = 0; k < c.K; ++k)
            for (int p = rows.begin; p < rows.end; ++p) {
                float* const out = a.out + (std::ptrdiff_t(k) * c.P + p) * c.Q;
                std::fill_n(out, c.Q, 0.0f);
                const float* weight = a.weights + std::ptrdiff_t(k) * c.C * c.R * c.S;
                for (int ch = 0; ch < c.C; ++ch)
                    for (int r = 0; r < c.R; ++r)
                        for (int s = 0; s < c.S; ++s, ++weight) {
                            const int h = p * c.stride + r - c.top;
                            if (h < 0 || h >= c.H || c.W + c.left <= s) continue;
                            const float* in = a.in + (std::ptrdiff_t(ch) * c.H + h) * c.W + s - c.left;
                            // The outputs whose column lies inside the map.
                            const int begin = std::max(0, (c.left - s + c.stride - 1) / c.stride);
                            const int end = std::min(c.Q, (c.W - 1 + c.left - s) / c.stride + 1);
                            const float w = *weight;  // a compiler cannot know that it is no output
                            if (c.stride == 1)
                                for (int q = begin; q < end; ++q) out[q] += w * in[q];
                            else
                                for (int q = begin; q < end; ++q) out[q] += w * in[q * c.stride];
                        }
            }
        finish(c, a, written);
    }
};

}  // namespace sluice
