// Map: an HWC activation as the small kernels see it, and the share of it that one of several threads computes.
#pragma once

#include <cstddef>

#include "sluice/graph/memory_map.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

struct Map {
    int C = 0, H = 0, W = 0;
    int pixel = 0, row = 0;  // distances in floats
    float* data = nullptr;   // channel 0 of pixel (0, 0)

    float* at(int h, int w) const { return data + std::ptrdiff_t(h) * row + std::ptrdiff_t(w) * pixel; }
};

// Shares of n things: part i has [share(n, i, parts), share(n, i + 1, parts)).
constexpr int share(int n, int part, int parts) { return static_cast<int>(std::int64_t(n) * part / parts); }
constexpr double largest_share(int n, int parts) { return double((n + parts - 1) / parts) / n; }

// Whether threads share the columns of the weights rather than the tiles of the map. Tiles leave each with pixels that it
// wrote itself a layer ago; columns make all read all pixels, half of them from the other's cache. But tiles make each
// read all weights, and these may be so many more that columns win even if their shares are a little less equal.
constexpr bool share_columns(int tiles, int columns, std::int64_t weights, std::int64_t pixels, int parts) {
    return largest_share(tiles, parts) > (weights > 32 * pixels ? 0.8 : 1.25) * largest_share(columns, parts);
}

// What one of several threads computes: these columns of the weights, for these tiles of the map.
struct Part {
    int column_begin, column_end, tile_begin, tile_end;
    constexpr int columns() const { return column_end - column_begin; }
};
constexpr Part part_of(int tiles, int columns, std::int64_t weights, std::int64_t pixels, int part, int parts) {
    if (share_columns(tiles, columns, weights, pixels, parts))
        return {share(columns, part, parts), share(columns, part + 1, parts), 0, tiles};
    return {0, columns, share(tiles, part, parts), share(tiles, part + 1, parts)};
}

}  // namespace sluice
