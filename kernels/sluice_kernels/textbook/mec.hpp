// mec: only the columns of the windows are copied out, and a row of the output is the product of overlapping parts of
// that copy (Cho and Brand 2017, memory-efficient convolution): S copies of the input instead of R * S. From HWC to
// HWC, where channels follow each other; or from HCW, where the pixels of a channel's row do.
#pragma once

#include <algorithm>

#include "sluice_kernels/textbook/dense.hpp"
#include "sluice_kernels/textbook/gemm.hpp"
#include "sluice_kernels/textbook/im2.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

template <class Isa>
struct Mec {
    static constexpr std::string_view name = "mec";
    static constexpr Layout read = Layout::HWC, written = Layout::HWC;
    static constexpr bool supports(const Conv& c) { return c.groups == 1; }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.weights(); }
    // Rows that windows read, padding included.
    static constexpr int rows(const Conv& c) { return (c.P - 1) * c.stride + c.R; }
    static constexpr std::int64_t workspace_bytes(const Conv& c) { return 4 * std::int64_t(c.Q) * rows(c) * c.S * c.C; }

    // [R][S][C][K]
    static void pack(const Conv& c, const float* source, float* packed) { Im2Row<Isa, read>::pack(c, source, packed); }

    static void run(const Conv& c, const ConvArgs& a) {
        const Dense in = Dense::of(read, c.C, c.H, c.W), out = Dense::of(written, c.K, c.P, c.Q);
        const Span columns{share(c.Q, a.part, a.parts), share(c.Q, a.part + 1, a.parts)};
        const std::ptrdiff_t row = std::ptrdiff_t(c.S) * c.C, column = rows(c) * row;
        float* const copy = reinterpret_cast<float*>(a.workspace) + columns.begin * column;  // [Q][rows][S][C]
        float* to = copy;
        for (int q = columns.begin; q < columns.end; ++q)
            for (int h = -c.top; h < rows(c) - c.top; ++h)
                for (int s = 0; s < c.S; ++s, to += c.C) {
                    const int w = q * c.stride + s - c.left;
                    if (h < 0 || h >= c.H || w < 0 || w >= c.W)
                        std::fill_n(to, c.C, 0.0f);
                    else
                        std::copy_n(a.in + h * in.row + w * in.pixel, c.C, to);
                }
        for (int p = 0; p < c.P; ++p)
            gemm<Isa>(columns.end - columns.begin, c.K, static_cast<int>(c.R * row),
                      {copy + p * c.stride * row, column, 1}, a.weights, c.K,
                      a.out + p * out.row + columns.begin * out.pixel, c.K, false);
        finish(c, a, written, {0, c.P}, columns);
    }
};

// From HCW to HCW, or to HWC by the transposed product.
template <class Isa, Layout to>
struct MecOfRows {
    static_assert(to != Layout::CHW, "rows of the output have to be contiguous");
    static constexpr std::string_view name = "mec";
    static constexpr Layout read = Layout::HCW, written = to;
    static constexpr bool supports(const Conv& c) { return c.groups == 1; }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.weights(); }
    static constexpr std::int64_t workspace_bytes(const Conv& c) { return Mec<Isa>::workspace_bytes(c); }

    // [K][R][C][S] for HCW, [R][C][S][K] for HWC
    static void pack(const Conv& c, const float* source, float* packed) {
        const std::int64_t length = std::int64_t(c.R) * c.C * c.S;
        for (int k = 0; k < c.K; ++k)
            for (int ch = 0; ch < c.C; ++ch)
                for (int r = 0; r < c.R; ++r)
                    for (int s = 0; s < c.S; ++s, ++source) {
                        const std::int64_t at = (std::int64_t(r) * c.C + ch) * c.S + s;
                        packed[to == Layout::HCW ? k * length + at : at * c.K + k] = *source;
                    }
    }

    static void run(const Conv& c, const ConvArgs& a) {
        const Dense in = Dense::of(read, c.C, c.H, c.W), out = Dense::of(written, c.K, c.P, c.Q);
        const Span columns{share(c.Q, a.part, a.parts), share(c.Q, a.part + 1, a.parts)};
        const int count = columns.end - columns.begin, length = c.R * c.C * c.S;
        float* const copy = reinterpret_cast<float*>(a.workspace) + columns.begin;  // [rows][C][S][Q]
        float* line = copy;
        for (int h = -c.top; h < Mec<Isa>::rows(c) - c.top; ++h)
            for (int ch = 0; ch < c.C; ++ch)
                for (int s = 0; s < c.S; ++s, line += c.Q)
                    for (int q = 0; q < count; ++q) {
                        const int w = (columns.begin + q) * c.stride + s - c.left;
                        const bool inside = h >= 0 && h < c.H && w >= 0 && w < c.W;
                        line[q] = inside ? a.in[h * in.row + ch * in.channel + w] : 0.0f;
                    }
        for (int p = 0; p < c.P; ++p) {
            const float* windows = copy + std::ptrdiff_t(p) * c.stride * c.C * c.S * c.Q;  // one a column
            float* const y = a.out + p * out.row + columns.begin * out.pixel;
            if (written == Layout::HCW)
                gemm<Isa>(c.K, count, length, {a.weights, length, 1}, windows, c.Q, y, out.channel, false);
            else
                gemm<Isa>(count, c.K, length, {windows, 1, c.Q}, a.weights, c.K, y, c.K, false);
        }
        finish(c, a, written, {0, c.P}, columns);
    }
};

}  // namespace sluice
