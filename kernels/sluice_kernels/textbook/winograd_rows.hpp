// winograd-1d: minimal filtering along rows, F(m, 3) (Lavin and Gray 2016). m outputs of a row take m + 2 products of
// each of a window's R rows instead of 3 m: 2/3 of the multiplications for m = 2, 1/2 for m = 4. Rows of the window are
// added up as kn2row does, so each point is R matrix products of whole maps.
#pragma once

#include <algorithm>

#include "sluice_kernels/textbook/dense.hpp"
#include "sluice_kernels/textbook/gemm.hpp"
#include "sluice_kernels/winograd/transform.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

template <class Isa, int m>
struct WinogradRows {
    using V = typename Isa::Vector;
    using Transform = WinogradTransform<m, 3>;
    static constexpr int points = Transform::n;

    static constexpr std::string_view name = m == 2 ? "winograd2-1d" : "winograd4-1d";
    static constexpr Layout read = Layout::HWC, written = Layout::HWC;
    static constexpr double error_growth = m == 2 ? 1.5 : 3.5;  // of one axis, where Winograd has two
    static constexpr bool supports(const Conv& c) { return c.groups == 1 && c.stride == 1 && c.S == 3; }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.weights() / 3 * points; }
    static constexpr int tiles(const Conv& c) { return (c.Q + m - 1) / m; }
    // Rows that windows read, padding included.
    static constexpr int rows(const Conv& c) { return c.P + c.R - 1; }
    static constexpr std::int64_t workspace_bytes(const Conv& c) { return 4 * tiles(c) * column_floats(c); }

    // [point][R][C][K]
    static void pack(const Conv& c, const float* source, float* packed) {
        constexpr auto matrices = Transform::matrices;
        for (int i = 0; i < points; ++i)
            for (int r = 0; r < c.R; ++r)
                for (int ch = 0; ch < c.C; ++ch)
                    for (int k = 0; k < c.K; ++k) {
                        const float* g = source + ((std::int64_t(k) * c.C + ch) * c.R + r) * 3;
                        double sum = 0;
                        for (int s = 0; s < 3; ++s) sum += matrices.G[i][s] * double(g[s]);
                        *packed++ = static_cast<float>(sum / matrices.scale[i]);
                    }
    }

    // Parts share the columns of tiles.
    static void run(const Conv& c, const ConvArgs& a) {
        const Span columns{share(tiles(c), a.part, a.parts), share(tiles(c), a.part + 1, a.parts)};
        const int count = columns.end - columns.begin;
        const std::ptrdiff_t in_plane = std::ptrdiff_t(rows(c)) * count * c.C,
                             out_plane = std::ptrdiff_t(c.P) * count * c.K;
        float* const in =
            reinterpret_cast<float*>(a.workspace) + columns.begin * column_floats(c);  // [point][rows][tiles][C]
        float* const out = in + points * in_plane;                                     // [point][P][tiles][K]
        for (int h = 0; h < rows(c); ++h)
            for (int t = 0; t < count; ++t)
                transform_input(c, a, h - c.top, (columns.begin + t) * m - c.left,
                                in + (std::ptrdiff_t(h) * count + t) * c.C, in_plane);
        for (int i = 0; i < points; ++i)
            for (int r = 0; r < c.R; ++r)
                gemm<Isa>(c.P * count, c.K, c.C, {in + i * in_plane + std::ptrdiff_t(r) * count * c.C, c.C, 1},
                          a.weights + (std::ptrdiff_t(i) * c.R + r) * c.C * c.K, c.K, out + i * out_plane, c.K, r > 0);
        for (int p = 0; p < c.P; ++p)
            for (int t = 0; t < count; ++t)
                transform_output(c, a, p, (columns.begin + t) * m, out + (std::ptrdiff_t(p) * count + t) * c.K,
                                 out_plane);
        finish(c, a, written, {0, c.P}, {std::min(columns.begin * m, c.Q), std::min(columns.end * m, c.Q)});
    }

  private:
    // Scratch of a column of tiles.
    static constexpr std::int64_t column_floats(const Conv& c) {
        return points * (std::int64_t(rows(c)) * c.C + std::int64_t(c.P) * c.K);
    }

    // The pixels of row h from w on, all channels.
    static void transform_input(const Conv& c, const ConvArgs& a, int h, int w, float* to, std::ptrdiff_t plane) {
        const Dense in = Dense::of(read, c.C, c.H, c.W);
        for_lanes<V>(c.C, [&](int ch, auto lanes) {
            V d[points], v[points];
            unroll<points>([&](auto i) SLUICE_INLINE {
                const bool inside = h >= 0 && h < c.H && w + i >= 0 && w + i < c.W;
                d[i] = inside ? lanes.load(a.in + h * in.row + (w + i) * in.pixel + ch) : V::zero();
            });
            Transform::input(d, v);
            unroll<points>([&](auto i) SLUICE_INLINE { lanes.store(v[i], to + i * plane + ch); });
        });
    }

    // The outputs of row p from q on, all channels.
    static void transform_output(const Conv& c, const ConvArgs& a, int p, int q, const float* from,
                                 std::ptrdiff_t plane) {
        for_lanes<V>(c.K, [&](int k, auto lanes) {
            V z[points], y[m];
            unroll<points>([&](auto i) SLUICE_INLINE { z[i] = lanes.load(from + i * plane + k); });
            Transform::output(z, y);
            for (int s = 0; s < std::min(m, c.Q - q); ++s)
                lanes.store(y[s], a.out + (std::ptrdiff_t(p) * c.Q + q + s) * c.K + k);
        });
    }
};

}  // namespace sluice
