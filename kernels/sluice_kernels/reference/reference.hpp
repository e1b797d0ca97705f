// Reference: the definition of a convolution as nested loops. Every other primitive is compared with it.
#pragma once

#include <limits>

#include "sluice_kernels/primitive.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

struct Reference {
    static constexpr std::string_view name = "reference";

    static constexpr double error_growth = 1;
    static constexpr bool supports(const Conv&) { return true; }
    // A yardstick, not a choice.
    static constexpr double cost(const Conv&) { return std::numeric_limits<double>::max(); }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.weights(); }
    static constexpr std::uint64_t packing(const Conv&) { return 0; }
    static constexpr std::int64_t workspace_bytes(const Conv&) { return 0; }
    static constexpr std::uint64_t variants(const Conv&) { return 0; }

    // [R][S][C / groups][K]: output channels side by side, so that a compiler can vectorise the innermost loop.
    template <class Source>
    static void pack(const Conv& c, const Source& source, float* packed) {
        const int C = c.C / c.groups;
        for (int r = 0; r < c.R; ++r)
            for (int s = 0; s < c.S; ++s)
                for (int ch = 0; ch < C; ++ch)
                    for (int k = 0; k < c.K; ++k)
                        *packed++ = source[((std::int64_t(k) * C + ch) * c.R + r) * c.S + s];
    }

    // Looks at the borders itself instead of trusting the halo.
    template <std::uint64_t>
    static void run(const Conv& c, const ConvArgs& a) {
        constexpr int chunk = 64;  // output channels summed at a time
        const int C = c.C / c.groups, K = c.K / c.groups;
        for (int p = c.P * a.part / a.parts; p < c.P * (a.part + 1) / a.parts; ++p)
            for (int q = 0; q < c.Q; ++q)
                for (int g = 0; g < c.groups; ++g)
                    for (int k0 = 0; k0 < K; k0 += chunk) {
                        const int count = K - k0 < chunk ? K - k0 : chunk;
                        float sum[chunk] = {};
                        for (int r = 0; r < c.R; ++r)
                            for (int s = 0; s < c.S; ++s) {
                                const int h = p * c.stride + r - c.top, w = q * c.stride + s - c.left;
                                if (h < 0 || h >= c.H || w < 0 || w >= c.W) continue;
                                const float* x = a.in + std::ptrdiff_t(h) * c.in_row + std::ptrdiff_t(w) * c.in_pixel + g * C;
                                const float* y = a.weights + ((std::ptrdiff_t(r) * c.S + s) * C) * c.K + g * K + k0;
                                for (int ch = 0; ch < C; ++ch, y += c.K)
                                    for (int k = 0; k < count; ++k) sum[k] += x[ch] * y[k];
                            }
                        for (int k = 0; k < count; ++k) {
                            const int channel = g * K + k0 + k;
                            float y = sum[k] * a.scale[channel] + a.bias[channel];
                            if (c.add) y += a.add[std::ptrdiff_t(p) * c.add_row + std::ptrdiff_t(q) * c.add_pixel + channel];
                            if (c.act != graph::Activation::none && y < 0) y = 0;
                            if (c.act == graph::Activation::relu6 && y > 6) y = 6;
                            a.out[std::ptrdiff_t(p) * c.out_row + std::ptrdiff_t(q) * c.out_pixel + channel] = y;
                        }
                    }
    }
};

}  // namespace sluice
