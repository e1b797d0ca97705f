// im2row and im2col: every window is copied out, then the convolution is one matrix product. R * S copies of the input
// are the price. im2row: a window is a row, the product is HWC. im2col: a window is a column, the product is CHW.
#pragma once

#include <algorithm>

#include "sluice_kernels/textbook/dense.hpp"
#include "sluice_kernels/textbook/gemm.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

template <class Isa, Layout from>
struct Im2Row {
    static constexpr std::string_view name = "im2row";
    static constexpr Layout read = from, written = Layout::HWC;
    static constexpr bool supports(const Conv& c) { return c.groups == 1; }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.weights(); }
    static constexpr std::int64_t workspace_bytes(const Conv& c) {
        return 4 * std::int64_t(c.R) * c.S * c.C * c.P * c.Q;
    }

    // [R][S][C][K]
    static void pack(const Conv& c, const float* source, float* packed) {
        for (int r = 0; r < c.R; ++r)
            for (int s = 0; s < c.S; ++s)
                for (int ch = 0; ch < c.C; ++ch)
                    for (int k = 0; k < c.K; ++k)
                        *packed++ = source[((std::int64_t(k) * c.C + ch) * c.R + r) * c.S + s];
    }

    static void run(const Conv& c, const ConvArgs& a) {
        const Dense in = Dense::of(read, c.C, c.H, c.W);
        const Span rows = Span::rows(c, a);
        const std::ptrdiff_t length = std::ptrdiff_t(c.R) * c.S * c.C, first = std::ptrdiff_t(rows.begin) * c.Q;
        float* const windows = reinterpret_cast<float*>(a.workspace) + first * length;  // [pixels][R][S][C]
        float* to = windows;
        for (int p = rows.begin; p < rows.end; ++p)
            for (int q = 0; q < c.Q; ++q)
                for (int r = 0; r < c.R; ++r)
                    for (int s = 0; s < c.S; ++s, to += c.C) {
                        const int h = p * c.stride + r - c.top, w = q * c.stride + s - c.left;
                        const float* source = a.in + h * in.row + w * in.pixel;
                        if (h < 0 || h >= c.H || w < 0 || w >= c.W)
                            std::fill_n(to, c.C, 0.0f);
                        else if (read == Layout::HWC)
                            std::copy_n(source, c.C, to);
                        else
                            for (int ch = 0; ch < c.C; ++ch) to[ch] = source[ch * in.channel];
                    }
        gemm<Isa>((rows.end - rows.begin) * c.Q, c.K, static_cast<int>(length), {windows, length, 1}, a.weights, c.K,
                  a.out + first * c.K, c.K, false);
        finish(c, a, written);
    }
};

template <class Isa, Layout from>
struct Im2Col {
    static constexpr std::string_view name = "im2col";
    static constexpr Layout read = from, written = Layout::CHW;
    static constexpr bool supports(const Conv& c) { return c.groups == 1; }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.weights(); }
    static constexpr std::int64_t workspace_bytes(const Conv& c) {
        return 4 * std::int64_t(c.R) * c.S * c.C * c.P * c.Q;
    }

    // [K][C][R][S], as it comes.
    static void pack(const Conv& c, const float* source, float* packed) { std::copy_n(source, c.weights(), packed); }

    static void run(const Conv& c, const ConvArgs& a) {
        const Dense in = Dense::of(read, c.C, c.H, c.W);
        const Span rows = Span::rows(c, a);
        const std::ptrdiff_t pixels = std::ptrdiff_t(c.P) * c.Q, first = std::ptrdiff_t(rows.begin) * c.Q;
        const int length = c.C * c.R * c.S;
        float* const windows = reinterpret_cast<float*>(a.workspace) + first;  // [C][R][S][pixels]
        float* to = windows;
        for (int ch = 0; ch < c.C; ++ch)
            for (int r = 0; r < c.R; ++r)
                for (int s = 0; s < c.S; ++s, to += pixels)
                    for (int p = rows.begin; p < rows.end; ++p)
                        for (int q = 0; q < c.Q; ++q) {
                            const int h = p * c.stride + r - c.top, w = q * c.stride + s - c.left;
                            const bool inside = h >= 0 && h < c.H && w >= 0 && w < c.W;
                            to[(p - rows.begin) * c.Q + q] =
                                inside ? a.in[ch * in.channel + h * in.row + w * in.pixel] : 0.0f;
                        }
        gemm<Isa>(c.K, (rows.end - rows.begin) * c.Q, length, {a.weights, length, 1}, windows, pixels, a.out + first,
                  pixels, false);
        finish(c, a, written);
    }
};

}  // namespace sluice
