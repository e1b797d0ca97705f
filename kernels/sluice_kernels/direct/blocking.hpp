// How a direct convolution is cut up: register tiles from the register file, channel and pixel blocks from the caches.
// All constexpr, so that a program knows which tiles it needs.
#pragma once

#include <algorithm>

#include "sluice_kernels/direct/tile.hpp"
#include "sluice_kernels/primitive.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// Pixels are computed in lines: one output row each, or the whole map where its pixels are evenly spaced. A line of n is
// cut into `tiles` tiles of almost equal length, the first `longer` of them one unit longer than `shorter`. A unit is a
// pixel, or a row of a map of 2 x 2 or 4 x 4, which is one line of its rows.
struct Line {
    int length = 0, tiles = 0, shorter = 0, longer = 0;

    static constexpr Line cut(int length, int most) {
        const int tiles = (length + most - 1) / most;
        return {length, tiles, length / tiles, length % tiles};
    }
};

// sides: steps that share a vector; window: kernel columns that share inputs. See storage.hpp.
template <class Isa, int sides = 1, int window = 1>
struct Blocking {
    static constexpr int full_width = Isa::Vector::width, width = std::max(1, full_width / sides);
    static constexpr int max_MR = 16, max_NR = window > 1 ? 1 : 4;

    int NR = 1;               // vectors of output channels in a tile
    int vectors = 1;          // of output channels in all: ceil(K / width), where a vector has `width` of them
    int KC = 1;               // input channels in a pass
    double cost = 0;          // of a line for each input channel and kernel position, in multiply-adds of vectors
    int lines = 1;
    Line line;
    int unit = 1;             // pixels in a unit of the line: 1, or those of a row
    int tiles_per_block = 1;  // pixel tiles that share one visit of the weights

    // Registers: MR * NR sums, NR weights of each column, one input or all MR of them; and one more for the product where
    // fma() is two instructions, or for the next input where one is used several times.
    static constexpr int most_pixels(int NR) {
        const int left = Isa::registers - window * NR - (Isa::fused && window == 1 ? 0 : 1);
        const int MR = Isa::loads_ahead ? left / (NR + 1) : (left - 1) / NR;
        return MR < max_MR ? MR : max_MR;
    }
    // Evenly spaced windows: 1x1 kernels, and no halo between rows on either side.
    static constexpr bool is_flat(const Conv& c) {
        return !c.strips && c.R == 1 && c.S == 1 && c.stride == 1 && c.in_row == c.Q * c.in_pixel &&
               c.out_row == c.Q * c.out_pixel && (!c.add || c.add_row == c.Q * c.add_pixel);
    }
    // A map of 2 x 2 or 4 x 4 whose rows are apart. Tiles of at least two rows read the weights half as often as those of one
    // would, and weights are most of what such a map reads.
    static constexpr bool is_turning(const Conv& c) {
        return !c.strips && !is_flat(c) && c.P == c.Q && (c.Q == 2 || c.Q == 4) && most_pixels(c.Q / 2) >= 2 * c.Q;
    }
    // Where pixels lie side by side, one kernel row is one run of S * C floats; that keeps a 3-channel stem's runs long.
    static constexpr bool is_run(const Conv& c) { return c.in_pixel == c.C; }

    static constexpr Blocking of(const Conv& c) {
        Blocking b;
        b.vectors = (c.K + width - 1) / width;
        const bool turns = is_turning(c), one_line = turns || is_flat(c);
        b.lines = one_line ? 1 : c.P;
        b.unit = turns ? c.Q : 1;
        const int least = turns ? 2 * c.Q : 1, length = (one_line ? c.P * c.Q : c.Q) / b.unit;

        // Cost of a step in half cycles of a machine with two multiply-add and two load ports and a latency of four: a
        // tile of MR x NR takes MR * NR multiply-adds, MR + NR loads, and no less than eight half cycles; with a window of
        // columns as many times the multiply-adds and weights. The small terms break ties towards fewer visits of the caches, and so does a line of weights that no tile has fetched. Half a cycle
        // is the time of one multiply-add.
        for (int NR = 1; NR <= max_NR && NR <= b.vectors; ++NR) {
            if (most_pixels(NR) < least) break;
            const Line line = Line::cut(length, most_pixels(NR) / b.unit);
            const int shorter = line.shorter * b.unit, longer = shorter + b.unit;
            const auto column = [&](int nr) {
                const int fetched = b.lines * line.tiles * fetched_lines<full_width>(shorter, nr);
                return line.longer * step(longer, nr) + (line.tiles - line.longer) * step(shorter, nr) +
                       window * std::max(0, step_lines<full_width>(nr) - fetched);
            };
            const int rest = b.vectors % NR;
            const double cost = b.vectors / NR * column(NR) + (rest > 0 ? column(rest) : 0.0);
            if (NR == 1 || cost < b.cost) b.cost = cost, b.NR = NR, b.line = line;
        }
        b.cost /= sides * window;

        // A pass over KC channels: the weights of one tile column, KC * R * S * NR vectors, come from L2 and stay for all
        // tiles of a block. Passes of equal length.
        const int most_KC = c.R * c.S == 1 ? 256 : c.R * c.S <= 9 ? 64 : 32;
        const int passes = c.C <= most_KC ? 1 : (c.C + most_KC - 1) / most_KC;
        b.KC = (c.C + passes - 1) / passes;

        // Weights that fill L2 are visited once, by all pixels; smaller ones stay there while the pixels go by in blocks
        // whose inputs and outputs take an eighth of it. Larger blocks lose where 64
        // channels become 256 on maps that do not fit L2.
        const std::int64_t visit = std::int64_t(b.vectors) * width * b.KC * c.R * c.S * 4;
        const int all = b.lines * b.line.tiles;
        const int longest = (b.line.shorter + (b.line.longer > 0)) * b.unit;
        const std::int64_t tile_bytes = std::int64_t(longest) * (c.stride * c.stride * b.KC + c.K) * 4;
        const std::int64_t fitting = Isa::l2 / 8 / tile_bytes;
        b.tiles_per_block = visit > Isa::l2 / 2 || fitting >= all ? all : fitting < 1 ? 1 : static_cast<int>(fitting);
        return b;
    }

    // Whether outputs are fetched in the place of weights: a map that no cache holds, as a rule eight times L2, would make
    // stores wait for memory, while weights that stay in L1 need no fetching. Where outputs are in some cache it costs time.
    static constexpr bool fetches_outputs(const Conv& c) {
        return std::int64_t(c.P) * c.out_row * 4 > 8 * Isa::l2 && c.weights() * 4 <= Isa::l1 / 2;
    }

    // Whether the map to add is fetched while its sums are computed: one that has left L2. A nearer one costs a percent.
    static constexpr bool fetches_add(const Conv& c) { return c.add && std::int64_t(c.P) * c.add_row * 4 >= Isa::l2; }

    constexpr int passes(const Conv& c) const { return (c.C + KC - 1) / KC; }

    // Where a tile lies: its line, which of the line's tiles it is, and the unit that it begins with.
    struct Place {
        int line, tile, first;
    };
    constexpr Place place(int tile) const { return at(tile / line.tiles, tile % line.tiles); }
    constexpr Place after(Place p) const { return p.tile + 1 < line.tiles ? at(p.line, p.tile + 1) : at(p.line + 1, 0); }
    constexpr int pixels(Place p) const { return (line.shorter + (p.tile < line.longer)) * unit; }

    // The bit of variants() that stands for the tile MR x NR.
    static constexpr std::uint64_t bit(int MR, int NR) {
        return std::uint64_t(1) << ((NR - 1) * max_MR + MR - 1);
    }
    constexpr std::uint64_t variants() const {
        std::uint64_t bits = 0;
        for (int nr : {vectors >= NR ? NR : vectors % NR, vectors % NR})
            for (int mr : {line.longer > 0 ? line.shorter + 1 : line.shorter, line.shorter})
                if (nr > 0) bits |= bit(mr * unit, nr);
        return bits;
    }

  private:
    constexpr Place at(int l, int tile) const { return {l, tile, tile * line.shorter + std::min(tile, line.longer)}; }

    static constexpr double step(int MR, int NR) {
        const int loads = MR + window - 1 + window * NR;
        return std::max({window * MR * NR, loads, 8}) + 0.1 * window * NR + 0.02 * MR;
    }
};

}  // namespace sluice
