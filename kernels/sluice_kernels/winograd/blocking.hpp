// How a Winograd convolution is cut up: tiles of m x m outputs into the register tiles of its products, and these into
// blocks that are carried through all stages in one piece of scratch. All constexpr.
#pragma once

#include <algorithm>

#include "sluice_kernels/direct/blocking.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

template <class Isa, int m, int r>
struct WinogradBlocking {
    static constexpr int n = m + r - 1, points = n * n;

    Blocking<Isa> product;                     // of each of the products, with tiles in the place of pixels
    int per_block = 1;                         // register tiles
    int in_pixel = 0, out_pixel = 0;           // floats from tile to tile
    std::int64_t in_plane = 0, out_plane = 0;  // floats from point to point

    static constexpr int tiles_across(const Conv& c) { return (c.Q + m - 1) / m; }
    static constexpr int all_tiles(const Conv& c) { return (c.P + m - 1) / m * tiles_across(c); }

    static constexpr WinogradBlocking of(const Conv& c) {
        WinogradBlocking b;
        const int tiles = all_tiles(c);
        b.product = Blocking<Isa>::of({.C = c.C, .H = 1, .W = tiles, .K = c.K, .P = 1, .Q = tiles});
        b.in_pixel = pitch(c.C);
        b.out_pixel = pitch(c.K);

        // A block's scratch fits half of L2. More tiles than that pay where all weights, read again for each block, are
        // more than the scratch that then does not fit and is written and read: C * K > 2 * tiles * (C + K).
        const std::int64_t tile_bytes = std::int64_t(points) * (b.in_pixel + b.out_pixel) * 4;
        const std::int64_t most =
            std::max<std::int64_t>(Isa::l2 / 2 / tile_bytes, std::int64_t(c.C) * c.K / (2 * (c.C + c.K)));
        const Line& line = b.product.line;
        const int longest = line.shorter + (line.longer > 0);
        b.per_block = static_cast<int>(std::clamp<std::int64_t>(most / longest, 1, line.tiles));

        // One cache line more: planes a round number of bytes apart would meet in the same few sets of a cache.
        b.in_plane = std::int64_t(b.per_block) * longest * b.in_pixel + 16;
        b.out_plane = std::int64_t(b.per_block) * longest * b.out_pixel + 16;
        return b;
    }

    // The first tile of register tile i, or the number of all tiles.
    constexpr int first_tile(int i) const { return i * product.line.shorter + std::min(i, product.line.longer); }
    constexpr int columns() const { return (product.vectors + product.NR - 1) / product.NR; }
    // Scratch is [point][tile][C], the transformed input of a block, then [point][tile][K], its products.
    constexpr std::int64_t scratch_bytes() const { return points * (in_plane + out_plane) * 4; }

  private:
    // Whole cache lines, and a line more where the tiles of a register tile would meet in few sets: see pixel_pitch().
    static constexpr int pitch(int channels) {
        const int floats = (channels + 15) / 16 * 16;
        return floats % 256 == 0 ? floats + 16 : floats;
    }
};

}  // namespace sluice
