// Winograd: convolutions by minimal filtering, F(m x m, r x r). A tile of m x m outputs is the sum over C of products of
// n^2 numbers, n = m + r - 1, so the convolution becomes n^2 products of matrices, [tiles][C] * [C][K], and takes
// n^2 / (m r)^2 of the multiplications: for r = 3, 4/9 where m = 2, 1/4 where m = 4, 16/81 where m = 6.
//
// Channels are the vector lanes, so both transforms are plain arithmetic on vectors; the products are the direct
// convolution's register tiles, with tiles in the place of pixels.
#pragma once

#include <algorithm>
#include <array>

#include "sluice_kernels/direct/direct.hpp"
#include "sluice_kernels/winograd/blocking.hpp"
#include "sluice_kernels/winograd/transform.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

template <class Isa, int m, int r = 3>
struct Winograd {
    static constexpr std::string_view name = r == 5   ? "winograd2_5x5"
                                             : m == 2 ? "winograd2"
                                             : m == 4 ? "winograd4"
                                                      : "winograd6";
    using V = typename Isa::Vector;
    using Blocks = Blocking<Isa>;
    using Cut = WinogradBlocking<Isa, m, r>;
    using Transform = WinogradTransform<m, r>;
    static constexpr int n = Cut::n, points = Cut::points;

    // Root mean square, as C grows; the points decide.
    static constexpr double error_growth = n == 4 ? 2 : n == 6 ? 10 : 25;
    static constexpr bool supports(const Conv& c) { return c.R == r && c.S == r && c.stride == 1 && c.groups == 1; }
    // A product costs what a 1 x 1 convolution does, and four channels more for the visit of its sums. Each vector that a
    // transform reads or writes costs five multiply-adds, arithmetic included, as measured for both m.
    static constexpr double cost(const Conv& c) {
        const Blocks b = Cut::of(c).product;
        const int in = 2 * points, out = points + m * m, vectors = (c.C + V::width - 1) / V::width;
        return b.cost * points * (c.C + 4) + 5.0 * Cut::all_tiles(c) * (in * vectors + out * b.vectors) +
               reading_cost(packed_floats(c));
    }
    static constexpr std::int64_t packed_floats(const Conv& c) { return points * plane(c); }
    static constexpr std::uint64_t packing(const Conv& c) {
        return std::uint64_t(Cut::of(c).product.NR) * 64 + static_cast<unsigned>(V::width);
    }
    static constexpr std::int64_t workspace_bytes(const Conv& c) { return Cut::of(c).scratch_bytes(); }
    static constexpr std::uint64_t variants(const Conv& c) { return Cut::of(c).product.variants(); }

    // [point][column of K][C][NR * width]: the order in which run() reads. Channels past K are zero.
    template <class Source>
    static void pack(const Conv& c, const Source& source, float* packed) {
        const Blocks b = Cut::of(c).product;
        for (int v0 = 0; v0 < b.vectors; v0 += b.NR)
            for (int ch = 0; ch < c.C; ++ch)
                for (int lane = 0; lane < std::min(b.NR, b.vectors - v0) * V::width; ++lane, ++packed) {
                    const int k = v0 * V::width + lane;
                    double g[r][r] = {}, u[n][n];
                    for (int i = 0; i < r * r && k < c.K; ++i)
                        g[i / r][i % r] = source[(std::int64_t(k) * c.C + ch) * r * r + i];
                    Transform::window(g, u);
                    for (int i = 0; i < points; ++i) packed[i * plane(c)] = static_cast<float>(u[i / n][i % n]);
                }
    }

    template <std::uint64_t used>
    static void run(const Conv& c, const ConvArgs& a) {
        const Cut cut = Cut::of(c);
        const int tiles = cut.product.line.tiles, columns = cut.columns();
        // Where threads share columns, each transforms all tiles.
        const Part part =
            part_of(tiles, columns, packed_floats(c), std::int64_t(c.H) * c.W * c.C, a.part, a.parts);
        const int k_begin = part.column_begin * cut.product.NR * V::width;
        const int k_end = std::min(part.column_end * cut.product.NR * V::width, c.K);

        auto* const in = reinterpret_cast<float*>(a.workspace);
        float* const out = in + points * cut.in_plane;
        for (int block = part.tile_begin; block < part.tile_end; block += cut.per_block) {
            const int block_end = std::min(block + cut.per_block, part.tile_end);
            const int first = cut.first_tile(block), count = cut.first_tile(block_end) - first;
            for (int i = 0; i < count; ++i) transform_input(c, a, first + i, in + i * cut.in_pixel, cut.in_plane);
            for (int point = 0; point < points; ++point)
                multiply<used>(c, cut, a.weights + point * plane(c), in + point * cut.in_plane,
                               out + point * cut.out_plane, part, block, block_end);
            for (int i = 0; i < count; ++i)
                transform_output(c, a, first + i, out + i * cut.out_pixel, cut.out_plane, k_begin, k_end);
        }
    }

  private:
    // Floats of one point's weights.
    static constexpr std::int64_t plane(const Conv& c) {
        return std::int64_t((c.K + V::width - 1) / V::width) * V::width * c.C;
    }

    // f(0) ... f(n - 1), for the lines of a tile. Tiles of 8 x 8 are in memory anyway: there a loop is a fifth of the code.
    template <class F>
    SLUICE_INLINE static void lines(F f) {
        if constexpr (n <= 6) unroll<n>(f);
        else for (int i = 0; i < n; ++i) f(i);
    }

    // v = B^T d B for all channels of one tile. The last tiles hang over the edge: what no window reads counts as zero.
    static void transform_input(const Conv& c, const ConvArgs& a, int tile, float* to, std::int64_t to_plane) {
        const int p = tile / Cut::tiles_across(c) * m, q = tile % Cut::tiles_across(c) * m;
        const int rows = std::min(n, c.P + r - 1 - p), columns = std::min(n, c.Q + r - 1 - q);
        const std::ptrdiff_t in_row = c.in_row, in_pixel = c.in_pixel;
        const float* const in = a.in + (p - c.top) * in_row + (q - c.left) * in_pixel;
        for_lanes<V>(c.C, [&](int ch, auto lanes) {
            V half[n][n];
            lines([&](auto s) SLUICE_INLINE {
                V d[n], v[n];
                unroll<n>([&](auto y) SLUICE_INLINE {
                    const float* pixel = in + y * in_row + s * in_pixel;
                    d[y] = y < rows && s < columns ? lanes.load(pixel + ch) : V::zero();
                });
                Transform::input(d, v);
                unroll<n>([&](auto i) SLUICE_INLINE { half[i][s] = v[i]; });
            });
            lines([&](auto i) SLUICE_INLINE {
                V v[n];
                Transform::input(half[i], v);
                unroll<n>([&](auto j) SLUICE_INLINE { v[j].store(to + (i * n + j) * to_plane + ch); });
            });
        });
    }

    // One point of a block of tiles: [tiles][C] of `in` times columns of `weights`.
    template <std::uint64_t used>
    static void multiply(const Conv& c, const Cut& cut, const float* weights, const float* in, float* out,
                         const Part& part, int block, int block_end) {
        Tile t{};
        t.in_pixel = cut.in_pixel;
        t.out_pixel = cut.out_pixel;
        t.rows = t.columns = 1;
        t.run = c.C;
        t.tail = V::width;
        t.act = graph::Activation::none;
        t.scale = ones.data();
        for (int column = part.column_begin; column < part.column_end; ++column) {
            const int v = column * cut.product.NR, NR = std::min(cut.product.NR, cut.product.vectors - v);
            t.weights = weights + std::ptrdiff_t(v) * V::width * c.C;
            // The tiles of this column share the fetching of the next one's weights.
            const std::ptrdiff_t column_bytes = std::ptrdiff_t(NR) * V::width * c.C * std::ptrdiff_t(sizeof(float));
            const std::ptrdiff_t fetch = column_bytes / (block_end - block);
            t.prefetch = reinterpret_cast<const char*>(t.weights) + column_bytes;
            t.prefetch_step = fetch / c.C;
            for (int i = block; i < block_end; ++i) {
                const int tile = cut.first_tile(i) - cut.first_tile(block);
                const int MR = cut.first_tile(i + 1) - cut.first_tile(i);
                t.in = in + std::ptrdiff_t(tile) * cut.in_pixel;
                t.out = out + std::ptrdiff_t(tile) * cut.out_pixel + v * V::width;
                Direct<Isa>::template kernels<used>[(NR - 1) * Blocks::max_MR + MR - 1](t);
                t.prefetch += fetch;
            }
        }
    }

    // y = A^T z A for output channels [begin, end) of one tile, then what follows a convolution.
    static void transform_output(const Conv& c, const ConvArgs& a, int tile, const float* from, std::int64_t from_plane,
                                 int begin, int end) {
        const int p = tile / Cut::tiles_across(c) * m, q = tile % Cut::tiles_across(c) * m;
        const int rows = std::min(m, c.P - p), columns = std::min(m, c.Q - q);
        // Local, since the compiler must assume that a store of a vector changes what a reference refers to.
        const std::ptrdiff_t out_row = c.out_row, out_pixel = c.out_pixel, add_row = c.add_row, add_pixel = c.add_pixel;
        const float* const scales = a.scale;
        const float* const biases = a.bias;
        const float* const add = c.add ? a.add + p * add_row + q * add_pixel : nullptr;
        float* const out = a.out + p * out_row + q * out_pixel;
        const Activated<V> activated(c.act);
        for_lanes<V>(end - begin, [&](int lane, auto lanes) {
            const int k = begin + lane;
            V half[m][n];
            for (int j = 0; j < n; ++j) {
                V z[n], y[m];
                unroll<n>([&](auto i) SLUICE_INLINE { z[i] = V::load(from + (i * n + j) * from_plane + k); });
                Transform::output(z, y);
                unroll<m>([&](auto i) SLUICE_INLINE { half[i][j] = y[i]; });
            }
            const V scale = V::load(scales + k), bias = V::load(biases + k);
            for (int i = 0; i < rows; ++i) {
                V y[m];
                Transform::output(half[i], y);
                float* const to = out + i * out_row + k;
                const float* const plus = add != nullptr ? add + i * add_row + k : nullptr;
                unroll<m>([&](auto s) SLUICE_INLINE {
                    if (s >= columns) return;
                    V x = fma(y[s], scale, bias);
                    if (plus != nullptr) x = x + lanes.load(plus + s * add_pixel);
                    lanes.store(activated(x), to + s * out_pixel);
                });
            }
        });
    }

    static constexpr auto ones = [] {
        std::array<float, Blocks::max_NR * V::width> x{};
        x.fill(1.0f);
        return x;
    }();
};

}  // namespace sluice
