// The inner kernel of the direct convolution: a tile of MR output pixels by NR vectors of output channels, held in
// registers while it walks over the window and the input channels.
#pragma once

#include <cstddef>

#include "sluice_kernels/activation.hpp"
#include "sluice_kernels/direct/storage.hpp"
#include "sluice_kernels/isa/lanes.hpp"

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
    int rows, columns, run;        // kernel rows, kernel columns, contiguous floats at each of them
    int tail;                      // used lanes of the last vector of outputs
    graph::Activation act;
};

// An input for all lanes, or two that follow each other for even and odd lanes.
template <class V, int sides>
SLUICE_INLINE inline V broadcast(const float* p) {
    if constexpr (sides == 1) return V::broadcast(*p);
    else return V::broadcast_pair(p);
}

// Per step of the run: NR loads of weights, MR broadcasts of input, MR * NR fused multiply-adds. Where one load brings the
// weights of several steps, the run is a multiple of these; steps side by side are one.
template <class V, class Storage, int MR, int NR>
[[gnu::noinline]] void direct_tile(const Tile& t) {
    constexpr int sides = Storage::sides, loaded = Storage::steps / sides, outputs = (NR + sides - 1) / sides;
    V acc[MR][NR];
    unroll<MR * NR>([&](auto n) SLUICE_INLINE { acc[n / NR][n % NR] = V::zero(); });

    const float* w = t.weights;
    const char* prefetch = t.prefetch;
    const std::ptrdiff_t pixel = t.in_pixel, prefetch_step = t.prefetch_step;
    constexpr int row = row_pixels(MR), fetches = fetched_lines<V::width>(MR, NR);
    constexpr int per_base = row < pixels_per_base ? row : pixels_per_base, bases = (MR + per_base - 1) / per_base;
    const std::ptrdiff_t next_base = per_base * pixel, next_row = next_base + t.in_turn;
    if (const float* from = t.far_add; from != nullptr) {
        const std::ptrdiff_t add_pixel = t.add_pixel, add_turn = t.add_turn;
        unroll<MR>([&](auto i) SLUICE_INLINE {
            unroll<step_lines<V::width>(outputs)>([&](auto j) SLUICE_INLINE {
                __builtin_prefetch(reinterpret_cast<const char*>(from) + j * cache_line, 0, 3);
            });
            from += (i + 1) % row == 0 ? add_pixel + add_turn : add_pixel;
        });
    }
    for (int r = 0; r < t.rows; ++r) {
        for (int s = 0; s < t.columns; ++s) {
            const float* a[bases];
            a[0] = t.in + r * t.in_row + s * t.in_column;
            unroll<bases - 1>([&](auto b) SLUICE_INLINE {
                a[b + 1] = a[b] + ((b + 1) * per_base % row == 0 ? next_row : next_base);
            });
            // Twice: halves the cost of moving the pointers. clang ignores gcc's pragma and unrolls as it likes. For ARM
            // gcc would load the inputs of both steps ahead and run out of registers.
#if defined(__GNUC__) && !defined(__clang__) && !defined(__ARM_NEON)
#pragma GCC unroll 2
#endif
            for (int k = 0; k < t.run; k += Storage::steps) {
                V b[NR][loaded];
                unroll<NR>([&](auto j) SLUICE_INLINE { Storage::load(w + j * V::width, b[j]); });
                w += NR * V::width;
                unroll<fetches>([&](auto j) SLUICE_INLINE { __builtin_prefetch(prefetch + j * cache_line, 0, 2); });
                prefetch += prefetch_step;
                unroll<loaded>([&](auto step) SLUICE_INLINE {
                    unroll<MR>([&](auto i) SLUICE_INLINE {
                        const V x = broadcast<V, sides>(a[i / per_base] + (i % per_base) * pixel + step);
                        unroll<NR>([&](auto j) SLUICE_INLINE { acc[i][j] = fma(x, b[j][step], acc[i][j]); });
                    });
                });
                unroll<bases>([&](auto i) SLUICE_INLINE { a[i] += Storage::steps; });
            }
        }
    }

    if constexpr (sides == 2)
        unroll<MR>([&](auto i) SLUICE_INLINE {
            unroll<outputs>([&](auto j) SLUICE_INLINE {
                constexpr int second = 2 * j + 1;
                if constexpr (second < NR) acc[i][j] = pairs_added(acc[i][2 * j], acc[i][second]);
                else acc[i][j] = pairs_added(acc[i][2 * j], V::zero());
            });
        });

    // Copies, since the compiler must assume that a store of a vector changes the tile.
    const std::ptrdiff_t out_pixel = t.out_pixel, add_pixel = t.add_pixel, out_turn = t.out_turn, add_turn = t.add_turn;
    const float* const add = t.add;
    float* const out = t.out;
    const int tail = t.tail;
    const Activated<V> activated(t.act);
    unroll<outputs>([&](auto j) SLUICE_INLINE {
        constexpr int channel = j * V::width;
        const bool whole = j < outputs - 1 || tail == V::width;
        const V scale = V::load(t.scale + channel);
        const V bias = t.bias ? V::load(t.bias + channel) : V::zero();
        unroll<MR>([&](auto i) SLUICE_INLINE { acc[i][j] = fma(acc[i][j], scale, bias); });
        if (add != nullptr) {
            const float* from = add + channel;
            unroll<MR>([&](auto i) SLUICE_INLINE {
                acc[i][j] = acc[i][j] + (whole ? V::load(from) : load_lanes<V>(from, tail));
                from += (i + 1) % row == 0 ? add_pixel + add_turn : add_pixel;
            });
        }
        float* to = out + channel;
        unroll<MR>([&](auto i) SLUICE_INLINE {
            if (whole) activated(acc[i][j]).store(to);
            else store_lanes<V>(activated(acc[i][j]), to, tail);
            to += (i + 1) % row == 0 ? out_pixel + out_turn : out_pixel;
        });
    });
}

}  // namespace sluice
