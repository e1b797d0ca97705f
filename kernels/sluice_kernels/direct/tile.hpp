// One register tile of the direct convolution: what it is told, and how its pixels lie. See tile_kernel.hpp.
#pragma once

#include <cstddef>

#include "sluice/graph/node.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// x86 addresses are base + index * {1, 2, 4, 8}: pixels 0 to 3 of a base need the pixel distance and three times it. On
// other processors a load that broadcasts has no index, so each pixel has a base of its own.
#if defined(__x86_64__) || defined(_M_X64)
inline constexpr int pixels_per_base = 4;
#else
inline constexpr int pixels_per_base = 1;
#endif

// Pixels in a row of a tile. As a rule all of them; but a tile of four may be a map of 2 x 2, and one of eight or more may
// be rows of a map of 4 x 4, and then turns into the next row of the map after so many.
constexpr int row_pixels(int MR) { return MR == 4 ? 2 : MR % 4 == 0 ? 4 : MR; }

// Cache lines that the weights of a step fill, and that a step fetches. A map of few pixels is one tile, which fetches all
// weights of the next column; where there are more pixels, several tiles share that as a rule.
inline constexpr int cache_line = 64;
template <int width>
constexpr int step_lines(int NR) { return (NR * width * 4 + cache_line - 1) / cache_line; }
template <int width>
constexpr int fetched_lines(int MR, int NR) { return MR <= 4 ? step_lines<width>(NR) : 1; }

// Where they are fetched to, as __builtin_prefetch has it: 3 is L1, 2 is L2. A multiply-add needs width / (16 MR) lines of
// weights. Where that is an eighth or more, fetching into L2 falls behind at times, by a fifth of a layer's time (Zen 5,
// weights from memory). With more pixels L1 does better to keep inputs; a single one waits for memory either way.
template <int width>
constexpr int fetched_to(int MR) { return MR > 1 && MR <= width / 2 ? 3 : 2; }

// One tile's work. Distances in floats.
struct Tile {
    const float* in;       // first pixel's window, first channel
    const float* weights;  // [rows][columns][run][NR * width], as Storage has them
    float* out;            // first pixel, first output channel
    const float* add;      // same place in the map to add, or null
    const float* far_add;  // add, if it is to be fetched while the tile is computed; or null
    const float* scale;    // [NR * width]
    const float* bias;     // [NR * width], or null: this pass continues a sum that already holds it
    const char* prefetch;  // what will be needed next: weights, or parts of the maps
    std::ptrdiff_t in_pixel, in_row, in_column;  // next output pixel's window, next kernel row, next kernel column
    std::ptrdiff_t out_pixel, add_pixel;
    std::ptrdiff_t in_turn, out_turn, add_turn;  // from the end of a row to the next; 0 in a line
    std::ptrdiff_t prefetch_step;  // bytes to move on with every load of weights
    int rows, columns, run;        // kernel rows, stops along each of them, contiguous floats at each stop
    int tail;                      // used lanes of the last vector of outputs
    graph::Activation act;
};

}  // namespace sluice
