// The inner kernel of the direct convolution: a tile of MR output pixels by NR vectors of output channels, held in
// registers while it walks over the window and the input channels.
#pragma once

#include "sluice_kernels/activation.hpp"
#include "sluice_kernels/direct/storage.hpp"
#include "sluice_kernels/direct/tile.hpp"
#include "sluice_kernels/isa/lanes.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// An input for all lanes, or two that follow each other for even and odd lanes.
template <class V, int sides>
SLUICE_INLINE inline V broadcast(const float* p) {
    if constexpr (sides == 1) return V::broadcast(*p);
    else return V::broadcast_pair(p);
}

// What p points to, for all the compiler knows another than before, and p from memory: so it is read again where it is needed.
// Numbers that fit no register gcc would keep in vector registers, whence they come only after the multiply-adds ahead of
// them: the next row of a window would begin when the sums of the last one are done.
template <class T>
SLUICE_INLINE inline T& read_again(T*& p) {
#if defined(__GNUC__)
    asm("" : "+m"(p));
#endif
    return *p;
}

// Per step of the run: NR loads of weights, MR broadcasts of input, MR * NR fused multiply-adds. Where one load brings the
// weights of several steps, the run is a multiple of these; steps side by side are one. With a window of several columns,
// so many times the weights and multiply-adds, and inputs up to the last output's last column.
template <class V, class Storage, int MR, int NR>
[[gnu::noinline]] void direct_tile(const Tile& t) {
    constexpr int sides = Storage::sides, loaded = Storage::steps / sides, outputs = (NR + sides - 1) / sides;
    constexpr int window = Storage::window, inputs = MR + window - 1;
    V acc[MR][NR];
    unroll<MR * NR>([&](auto n) SLUICE_INLINE { acc[n / NR][n % NR] = V::zero(); });

    const float* w = t.weights;
    const char* prefetch = t.prefetch;
    const std::ptrdiff_t pixel = t.in_pixel, prefetch_step = t.prefetch_step;
    constexpr int row = row_pixels(MR), fetches = fetched_lines<V::width>(MR, NR);
    constexpr int fetch_to = fetched_to<V::width>(MR);  // a name, since unoptimised builds take no call for a constant
    constexpr int per_base = row < pixels_per_base ? row : pixels_per_base, bases = (inputs + per_base - 1) / per_base;
    if (const float* from = t.far_add; from != nullptr) {
        const std::ptrdiff_t add_pixel = t.add_pixel, add_turn = t.add_turn;
        unroll<MR>([&](auto i) SLUICE_INLINE {
            unroll<step_lines<V::width>(outputs)>([&](auto j) SLUICE_INLINE {
                __builtin_prefetch(reinterpret_cast<const char*>(from) + j * cache_line, 0, 3);
            });
            from += (i + 1) % row == 0 ? add_pixel + add_turn : add_pixel;
        });
    }
    const Tile* tile = &t;
    const auto now = [&]() SLUICE_INLINE -> const Tile& {
        if constexpr (window > 1) return read_again(tile);
        else return t;
    };
    for (int r = 0; r < now().rows; ++r) {
        for (int s = 0; s < now().columns; ++s) {
            const Tile& at = now();
            const std::ptrdiff_t next_base = per_base * pixel, next_row = next_base + at.in_turn;
            const int run = at.run;
            const std::ptrdiff_t next_column = std::ptrdiff_t(run) * NR * V::width;
            const float* a[bases];
            a[0] = at.in + r * at.in_row + s * at.in_column;
            unroll<bases - 1>([&](auto b) SLUICE_INLINE {
                a[b + 1] = a[b] + ((b + 1) * per_base % row == 0 ? next_row : next_base);
            });
            const auto step = [&]() SLUICE_INLINE {
                V b[window][NR][loaded];
                unroll<window * NR>([&](auto n) SLUICE_INLINE {
                    Storage::load(w + n / NR * next_column + n % NR * V::width, b[n / NR][n % NR]);
                });
                w += NR * V::width;
                unroll<fetches>([&](auto j) SLUICE_INLINE {
                    __builtin_prefetch(prefetch + j * cache_line, 0, fetch_to);
                });
                prefetch += prefetch_step;
                unroll<loaded>([&](auto l) SLUICE_INLINE {
                    unroll<inputs>([&](auto i) SLUICE_INLINE {
                        const V x = broadcast<V, sides>(a[i / per_base] + (i % per_base) * pixel + l);
                        unroll<window * NR>([&](auto n) SLUICE_INLINE {
                            constexpr int column = n / NR, j = n % NR, of = i - column;
                            if constexpr (of >= 0 && of < MR) acc[of][j] = fma(x, b[column][j][l], acc[of][j]);
                        });
                    });
                });
                unroll<bases>([&](auto i) SLUICE_INLINE { a[i] += Storage::steps; });
            };
            if constexpr (window > 1) {
                for (int k = 0; k < run; k += Storage::steps) step();
            } else {
                // Twice: halves the cost of moving the pointers, where no window makes steps long enough. clang ignores gcc's
                // pragma and unrolls as it likes. For ARM gcc would load the inputs of both steps ahead and run out of
                // registers.
#if defined(__GNUC__) && !defined(__clang__) && !defined(__ARM_NEON)
#pragma GCC unroll 2
#endif
                for (int k = 0; k < run; k += Storage::steps) step();
            }
            w += (window - 1) * next_column;
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
    const graph::Activation act = t.act;
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
        activate<V>(act, [&](auto bound) SLUICE_INLINE {
            unroll<MR>([&](auto i) SLUICE_INLINE { bound(acc[i][j]); });
        });
        float* to = out + channel;
        unroll<MR>([&](auto i) SLUICE_INLINE {
            if (whole) acc[i][j].store(to);
            else store_lanes<V>(acc[i][j], to, tail);
            to += (i + 1) % row == 0 ? out_pixel + out_turn : out_pixel;
        });
    });
}

}  // namespace sluice
