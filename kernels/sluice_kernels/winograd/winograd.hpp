// Winograd: 3 x 3 convolutions by minimal filtering, F(m x m, 3 x 3). A tile of m x m outputs is the sum over C of products
// of (m + 2)^2 numbers, so the convolution becomes (m + 2)^2 products of matrices, [tiles][C] * [C][K], and takes
// (m + 2)^2 / (9 m^2) of the multiplications: 4/9 for m = 2, 1/4 for m = 4.
//
// Channels are the vector lanes, so both transforms are plain arithmetic on vectors; the products are the direct
// convolution's register tiles, with tiles in the place of pixels.
#pragma once

#include <algorithm>
#include <cstring>

#include "sluice_kernels/direct/direct.hpp"
#include "sluice_kernels/winograd/transform.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

template <class Isa, int m>
struct Winograd {
    static constexpr std::string_view name = m == 2 ? "winograd2" : "winograd4";
    using V = typename Isa::Vector;
    using Blocks = Blocking<Isa>;
    using Transform = WinogradTransform<m>;
    static constexpr int n = Transform::n, points = n * n;

    static constexpr double error_growth = m == 2 ? 2 : 10;  // outputs are differences of larger numbers
    static constexpr bool supports(const Conv& c) { return c.R == 3 && c.S == 3 && c.stride == 1 && c.groups == 1; }
    // A product costs as a 1 x 1 convolution does, and as four channels more for the visit of its sums. Each float of a tile
    // that a transform reads or writes costs five multiply-adds, arithmetic included, as measured for both m.
    static constexpr double cost(const Conv& c) {
        const Blocks b = Blocks::of(product(c));
        const int in = 2 * points, out = points + m * m, vectors = (c.C + V::width - 1) / V::width;
        return b.cost * points * (c.C + 4) + 5.0 * all_tiles(c) * (in * vectors + out * b.vectors) +
               reading_cost(packed_floats(c));
    }
    static constexpr std::int64_t packed_floats(const Conv& c) {
        return std::int64_t(points) * c.C * round_up(c.K, V::width);
    }
    static constexpr std::uint64_t packing(const Conv& c) {
        return std::uint64_t(Blocks::of(product(c)).NR) * 64 + static_cast<unsigned>(V::width);
    }
    static constexpr std::int64_t workspace_bytes(const Conv& c) { return Scratch::of(c).bytes(); }
    static constexpr std::uint64_t variants(const Conv& c) { return Blocks::of(product(c)).variants(); }

    // [point][column of K][C][NR * width]: the order in which run() reads. Channels past K are zero.
    template <class Source>
    static void pack(const Conv& c, const Source& source, float* packed) {
        const Blocks b = Blocks::of(product(c));
        const std::int64_t plane = packed_floats(c) / points;
        for (int v0 = 0; v0 < b.vectors; v0 += b.NR)
            for (int ch = 0; ch < c.C; ++ch)
                for (int lane = 0; lane < std::min(b.NR, b.vectors - v0) * V::width; ++lane, ++packed) {
                    const int k = v0 * V::width + lane;
                    double g[3][3] = {}, u[n][n];
                    for (int i = 0; i < 9 && k < c.K; ++i) g[i / 3][i % 3] = source[(std::int64_t(k) * c.C + ch) * 9 + i];
                    Transform::window(g, u);
                    for (int i = 0; i < points; ++i) packed[i * plane] = static_cast<float>(u[i / n][i % n]);
                }
    }

    template <std::uint64_t used>
    static void run(const Conv& c, const ConvArgs& a) {
        const Blocks b = Blocks::of(product(c));
        const Scratch s = Scratch::of(c);
        const int columns = (b.vectors + b.NR - 1) / b.NR;
        // Threads share tiles where each has a block of them, else columns of weights; each transforms what it needs.
        const bool by_column = b.line.tiles < a.parts * s.per_block && columns >= a.parts;
        const int column_begin = by_column ? share(columns, a.part, a.parts) : 0;
        const int column_end = by_column ? share(columns, a.part + 1, a.parts) : columns;
        const int begin = by_column ? 0 : share(b.line.tiles, a.part, a.parts);
        const int end = by_column ? b.line.tiles : share(b.line.tiles, a.part + 1, a.parts);

        auto* const in = reinterpret_cast<float*>(a.workspace);
        float* const out = in + points * s.in_plane;
        for (int block = begin; block < end; block += s.per_block) {
            const int block_end = std::min(block + s.per_block, end);
            const int first = first_tile(b.line, block), tiles = first_tile(b.line, block_end) - first;
            for (int tile = 0; tile < tiles; ++tile) transform_input(c, a, first + tile, in + tile * s.in_pixel, s.in_plane);
            for (int point = 0; point < points; ++point)
                multiply<used>(c, a, b, s, point, column_begin, column_end, block, block_end);
            for (int tile = 0; tile < tiles; ++tile)
                transform_output(c, a, first + tile, out + tile * s.out_pixel, s.out_plane, column_begin * b.NR * V::width,
                                 std::min(column_end * b.NR * V::width, c.K));
        }
    }

  private:
    static constexpr int round_up(int x, int to) { return (x + to - 1) / to * to; }
    static constexpr int tiles_across(const Conv& c) { return (c.Q + m - 1) / m; }
    static constexpr int all_tiles(const Conv& c) { return (c.P + m - 1) / m * tiles_across(c); }

    // One of the products as a convolution: 1 x 1 on a line of tiles.
    static constexpr Conv product(const Conv& c) {
        return {.C = c.C, .H = 1, .W = all_tiles(c), .K = c.K, .P = 1, .Q = all_tiles(c)};
    }
    // The line is cut into register tiles, a block is some of these.
    static constexpr int first_tile(const Line& line, int i) { return i * line.shorter + std::min(i, line.longer); }

    // The workspace: transformed input [point][tile][C] of one block, then its products [point][tile][K].
    struct Scratch {
        int per_block = 1;                            // register tiles
        int in_pixel = 0, out_pixel = 0;              // floats from tile to tile
        std::int64_t in_plane = 0, out_plane = 0;     // floats from point to point

        static constexpr Scratch of(const Conv& c) {
            const Line line = Blocks::of(product(c)).line;
            Scratch s;
            s.in_pixel = pitch(c.C);
            s.out_pixel = pitch(c.K);
            // Of two ways a block takes the larger: its scratch fits half of L2, or reading all weights again for each
            // block costs no more than writing and reading scratch that does not fit, which is where
            // C * K = 2 * tiles * (C + K).
            const int longest = line.shorter + (line.longer > 0);
            const std::int64_t fitting = Isa::l2 / 2 / (std::int64_t(points) * (s.in_pixel + s.out_pixel) * 4);
            const std::int64_t sharing = std::int64_t(c.C) * c.K / (2 * (c.C + c.K));
            const std::int64_t most = std::max(fitting, sharing) / longest;
            s.per_block = most >= line.tiles ? line.tiles : most < 1 ? 1 : static_cast<int>(most);
#ifdef WG_T
            s.per_block = std::max(1, std::min(line.tiles, WG_T / longest));
#endif
            // One cache line more: planes of a round number of bytes would meet in the same sets of a cache.
            s.in_plane = std::int64_t(s.per_block) * longest * s.in_pixel + 16;
            s.out_plane = std::int64_t(s.per_block) * longest * s.out_pixel + 16;
            return s;
        }
        static constexpr int pitch(int channels) {
            const int floats = round_up(channels, 16);
            return floats % 256 == 0 ? floats + 16 : floats;
        }
        constexpr std::int64_t bytes() const { return points * (in_plane + out_plane) * 4; }
    };

    // v = B^T d B for all channels of one tile. The last tiles hang over the edge; what lies there counts as zero.
    static void transform_input(const Conv& c, const ConvArgs& a, int tile, float* to, std::int64_t plane) {
        const int p = tile / tiles_across(c) * m, q = tile % tiles_across(c) * m;
        const int rows = std::min(n, c.P + 2 - p), columns = std::min(n, c.Q + 2 - q);  // that some window reads
        const float* corner = a.in + std::ptrdiff_t(p - c.top) * c.in_row + std::ptrdiff_t(q - c.left) * c.in_pixel;
        for_lanes<V>(c.C, [&](int ch, auto lanes) {
            V half[n][n];
            unroll<n>([&](auto s) SLUICE_INLINE {
                V d[n], v[n];
                unroll<n>([&](auto r) SLUICE_INLINE {
                    d[r] = r < rows && s < columns
                               ? lanes.load(corner + std::ptrdiff_t(r) * c.in_row + std::ptrdiff_t(s) * c.in_pixel + ch)
                               : V::zero();
                });
                Transform::input(d, v);
                unroll<n>([&](auto i) SLUICE_INLINE { half[i][s] = v[i]; });
            });
            unroll<n>([&](auto i) SLUICE_INLINE {
                V v[n];
                Transform::input(half[i], v);
                unroll<n>([&](auto j) SLUICE_INLINE { v[j].store(to + (i * n + j) * plane + ch); });
            });
        });
    }

    // One point of all tiles of a block: its matrix times the weights'.
    template <std::uint64_t used>
    static void multiply(const Conv& c, const ConvArgs& a, const Blocks& b, const Scratch& s, int point, int column_begin,
                         int column_end, int block, int block_end) {
        const float* const in = reinterpret_cast<const float*>(a.workspace) + point * s.in_plane;
        float* const out = reinterpret_cast<float*>(a.workspace) + points * s.in_plane + point * s.out_plane;
        const float* const weights = a.weights + point * (packed_floats(c) / points);
        Tile t{};
        t.in_pixel = s.in_pixel;
        t.out_pixel = s.out_pixel;
        t.rows = t.columns = 1;
        t.run = c.C;
        t.tail = V::width;
        t.act = graph::Activation::none;
        t.scale = ones;
        for (int column = column_begin; column < column_end; ++column) {
            const int NR = std::min(b.NR, b.vectors - column * b.NR), k = column * b.NR * V::width;
            t.weights = weights + std::ptrdiff_t(k) * c.C;
            // The tiles of this column share the fetching of the next one's weights.
            const std::ptrdiff_t column_bytes = std::ptrdiff_t(NR) * V::width * c.C * 4, fetch = column_bytes / (block_end - block);
            t.prefetch = reinterpret_cast<const char*>(t.weights) + column_bytes;
            t.prefetch_step = fetch / c.C;
            for (int i = block; i < block_end; ++i) {
                const int tile = first_tile(b.line, i) - first_tile(b.line, block);
                t.in = in + std::ptrdiff_t(tile) * s.in_pixel;
                t.out = out + std::ptrdiff_t(tile) * s.out_pixel + k;
                const int MR = first_tile(b.line, i + 1) - first_tile(b.line, i);
                Direct<Isa>::template kernels<used>[(NR - 1) * Blocks::max_MR + MR - 1](t);
                t.prefetch += fetch;
            }
        }
    }

    // y = A^T z A for output channels [begin, end) of one tile, then what follows a convolution.
    static void transform_output(const Conv& c, const ConvArgs& a, int tile, const float* from, std::int64_t plane,
                                 int begin, int end) {
        const int p = tile / tiles_across(c) * m, q = tile % tiles_across(c) * m;
        const int rows = std::min(m, c.P - p), columns = std::min(m, c.Q - q);
        float* const out = a.out + std::ptrdiff_t(p) * c.out_row + std::ptrdiff_t(q) * c.out_pixel + begin;
        const float* const add = c.add ? a.add + std::ptrdiff_t(p) * c.add_row + std::ptrdiff_t(q) * c.add_pixel + begin : nullptr;
        for_lanes<V>(end - begin, [&](int k, auto lanes) {
            V half[m][n];
            for (int j = 0; j < n; ++j) {
                V z[n], y[m];
                unroll<n>([&](auto i) SLUICE_INLINE { z[i] = V::load(from + (i * n + j) * plane + begin + k); });
                Transform::output(z, y);
                unroll<m>([&](auto r) SLUICE_INLINE { half[r][j] = y[r]; });
            }
            const V scale = V::load(a.scale + begin + k), bias = V::load(a.bias + begin + k);
            for (int r = 0; r < rows; ++r) {
                V y[m];
                Transform::output(half[r], y);
                unroll<m>([&](auto s) SLUICE_INLINE {
                    if (s >= columns) return;
                    V x = fma(y[s], scale, bias);
                    if (add) x = x + lanes.load(add + std::ptrdiff_t(r) * c.add_row + std::ptrdiff_t(s) * c.add_pixel + k);
                    lanes.store(activated(x, c.act), out + std::ptrdiff_t(r) * c.out_row + std::ptrdiff_t(s) * c.out_pixel + k);
                });
            }
        });
    }

    static constexpr auto ones_of = [] {
        std::array<float, Blocks::max_NR * V::width> x{};
        x.fill(1.0f);
        return x;
    }();
    static constexpr const float* ones = ones_of.data();
};

}  // namespace sluice
