// Direct: implicit GEMM in HWC. Nothing is copied or gathered: every tile reads its inputs where they lie, and a kernel
// position is an offset. How weights are stored and held makes it four primitives: see storage.hpp.
#pragma once

#include <algorithm>
#include <array>

#include "sluice_kernels/direct/blocking.hpp"
#include "sluice_kernels/direct/tile_kernel.hpp"
#include "sluice_kernels/map.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

template <class Isa, class Storage = Float32Storage>
struct Direct {
    static constexpr std::string_view name = Storage::name;
    using V = typename Isa::Vector;
    using Stored = Storage;
    using Blocks = Blocking<Isa, Storage::sides, Storage::window>;
    using Place = typename Blocks::Place;

    static constexpr int sides = Storage::sides, window = Storage::window, width = Blocks::width;
    static constexpr int per_float = Storage::steps / sides;  // weights of one output channel in a float's room
    static constexpr double error_growth = Storage::error_growth;
    static constexpr bool possible = (sides == 1 || Isa::pairs) && (window == 1 || (Isa::fused && !Isa::loads_ahead));
    static constexpr bool supports(const Conv& c) {
        if (c.groups != 1 || !possible) return false;
        if ((sides > 1 && !gains_by_sides(c)) || (window > 1 && !gains_by_window(c))) return false;
        return c.C % Storage::steps == 0 && Blocks::of(c).KC % Storage::steps == 0;
    }
    static constexpr double cost(const Conv& c) {
        const Blocks b = Blocks::of(c);
        const int unpacked = per_float > 1 ? b.lines * b.line.tiles * b.vectors : 0;  // an instruction for each vector
        const double added = sides > 1 ? 3.0 * c.P * c.Q * b.vectors / sides : 0;  // three for each vector of outputs
        return (b.cost * b.lines + unpacked) * c.R * c.S * c.C + added + reading_cost(packed_floats(c));
    }
    static constexpr std::int64_t packed_floats(const Conv& c) {
        return std::int64_t((c.K + width - 1) / width) * width * c.C * c.R * c.S / per_float;
    }
    static constexpr std::uint64_t packing(const Conv& c) {
        const Blocks b = Blocks::of(c);
        return (std::uint64_t(b.KC) * 64 + static_cast<unsigned>(b.NR)) * 64 + static_cast<unsigned>(V::width);
    }
    static constexpr std::int64_t workspace_bytes(const Conv&) { return 0; }
    static constexpr std::uint64_t variants(const Conv& c) { return Blocks::of(c).variants(); }

    // [pass][column of tiles][R][S][KC / steps][NR vectors]: exactly the order in which run() reads. Channels past K are
    // zero.
    template <class Source>
    static void pack(const Conv& c, const Source& source, float* packed) {
        const Blocks b = Blocks::of(c);
        for (int c0 = 0; c0 < c.C; c0 += b.KC)
            for (int v0 = 0; v0 < b.vectors; v0 += b.NR) {
                const int lanes = std::min(b.NR, b.vectors - v0) * V::width;
                for (int r = 0; r < c.R; ++r)
                    for (int s = 0; s < c.S; ++s)
                        for (int ch = c0; ch < std::min(c0 + b.KC, c.C); ch += Storage::steps)
                            for (int lane = 0; lane < lanes; ++lane) {
                                const int k = v0 * width + lane / sides;
                                const int side = ch + lane % sides;
                                float weights[per_float] = {};
                                for (int i = 0; i < per_float && k < c.K; ++i)
                                    weights[i] = source[((std::int64_t(k) * c.C + side + i) * c.R + r) * c.S + s];
                                *packed++ = Storage::pack(weights);
                            }
            }
    }

    template <std::uint64_t used>
    static void run(const Conv& c, const ConvArgs& a) {
        const Blocks b = Blocks::of(c);
        const int columns = (b.vectors + b.NR - 1) / b.NR, tiles = b.lines * b.line.tiles;
        const Part part = part_of(tiles, columns, c.weights(), std::int64_t(c.H) * c.W * c.C, a.part, a.parts);
        const int k_begin = part.column_begin * b.NR * width, k_step = b.NR * width;

        Tile t;
        t.in_pixel = std::ptrdiff_t(c.stride) * c.in_pixel;
        t.in_row = c.in_row;
        t.in_column = c.in_pixel;
        t.out_pixel = c.out_pixel;
        t.rows = c.R;
        const bool turns = Blocks::is_turning(c);
        const std::ptrdiff_t in_row = std::ptrdiff_t(c.stride) * c.in_row, out_row = c.out_row;
        t.in_turn = turns ? in_row - c.Q * t.in_pixel : 0;
        t.out_turn = turns ? out_row - c.Q * t.out_pixel : 0;
        const std::ptrdiff_t in_unit = turns ? in_row : t.in_pixel, out_unit = turns ? out_row : t.out_pixel;
        const float* corner = a.in - std::ptrdiff_t(c.top) * c.in_row - std::ptrdiff_t(c.left) * c.in_pixel;
        const bool fetches_outputs = Blocks::fetches_outputs(c), fetches_add = Blocks::fetches_add(c);
        const std::ptrdiff_t map_floats = (c.P - 1) * out_row + c.Q * t.out_pixel;

        for (int block = part.tile_begin; block < part.tile_end; block += b.tiles_per_block) {
            const int block_end = std::min(block + b.tiles_per_block, part.tile_end);
            for (int c0 = 0; c0 < c.C; c0 += b.KC) {
                const int KC = std::min(b.KC, c.C - c0);
                const bool first = c0 == 0, last = c0 + KC == c.C;
                const bool merged = window == 1 && Blocks::is_run(c) && KC == c.C;
                t.columns = merged ? 1 : c.S / window;
                t.run = merged ? c.S * KC : KC;
                t.act = last ? c.act : graph::Activation::none;
                const std::ptrdiff_t lane_floats = std::ptrdiff_t(c.R) * c.S * KC / per_float;  // of one output channel
                const std::ptrdiff_t loads = lane_floats / sides / window;                      // of one vector's weights
                const float* pass = a.weights + std::ptrdiff_t(b.vectors) * width * c.R * c.S * (c0 / per_float);
                const int next_KC = std::min(b.KC, c.C - c0 - KC);  // none behind the last: the next layer's weights
                const float* const next_pass =
                    pass + (std::ptrdiff_t(b.vectors) * width * KC + k_begin * next_KC) / per_float * c.R * c.S;
                for (int column = part.column_begin; column < part.column_end; ++column) {
                    const int NR = std::min(b.NR, b.vectors - column * b.NR);
                    const int k = column * k_step;
                    const bool last_column = column + 1 == part.column_end;
                    t.tail = std::min(NR * width, c.K - k) - (NR - 1) / sides * V::width;
                    t.weights = pass + k * lane_floats;
                    t.scale = a.scale + k;
                    t.bias = first ? a.bias + k : nullptr;
                    // The tiles of this column share the fetching of the next one's weights, or of the next pass's.
                    const std::ptrdiff_t column_floats = NR * width * lane_floats;
                    const std::ptrdiff_t fetch = column_floats * std::ptrdiff_t(sizeof(float)) / (block_end - block);
                    t.prefetch = reinterpret_cast<const char*>(last_column ? next_pass : t.weights + column_floats);
                    t.prefetch_step = fetch / loads;
                    // An earlier pass has left its sum in the output; the map to add came in with the first.
                    const float* add = !first ? a.out : c.add ? a.add : nullptr;
                    const std::ptrdiff_t add_row = first ? c.add_row : c.out_row;
                    t.add_pixel = first ? c.add_pixel : c.out_pixel;
                    t.add_turn = turns ? add_row - c.Q * t.add_pixel : 0;
                    const std::ptrdiff_t add_unit = turns ? add_row : t.add_pixel;

                    Place place = b.place(block);
                    for (int tile = block; tile < block_end; ++tile) {
                        const int MR = b.pixels(place);
                        t.in = corner + place.line * in_row + place.first * in_unit + c0;
                        const std::ptrdiff_t at = place.line * out_row + place.first * out_unit;
                        t.out = a.out + at + k;
                        t.add = add ? add + place.line * add_row + place.first * add_unit + k : nullptr;
                        t.far_add = fetches_add && first ? t.add : nullptr;
                        if (fetches_outputs) {  // of the row below, a part with each column
                            const std::ptrdiff_t floats = MR * t.out_pixel;
                            const std::ptrdiff_t below = at + out_row + floats <= map_floats ? at + out_row : at;
                            t.prefetch = reinterpret_cast<const char*>(a.out + below + floats * column / columns);
                            t.prefetch_step = floats / columns * std::ptrdiff_t(sizeof(float)) / loads;
                        }
                        kernels<used>[(NR - 1) * Blocks::max_MR + MR - 1](t);
                        t.prefetch += fetch;
                        place = b.after(place);
                    }
                }
            }
        }
    }

    // The tiles in `used`, by MR and NR; null where no layer needs one.
    using Kernel = void (*)(const Tile&);
    template <std::uint64_t used>
    static constexpr auto kernels = [] {
        std::array<Kernel, Blocks::max_MR * Blocks::max_NR> table{};
        unroll<Blocks::max_MR * Blocks::max_NR>([&](auto n) {
            constexpr int MR = n % Blocks::max_MR + 1, NR = n / Blocks::max_MR + 1;
            if constexpr ((used & Blocks::bit(MR, NR)) != 0 && MR <= Blocks::most_pixels(NR) && possible)
                table[n] = &direct_tile<V, Storage, MR, NR>;
        });
        return table;
    }();

  private:
    // Where a tenth of whole vectors would be empty, or where there is one of them and so no two to share an input. For the
    // weights of many channels, read once, a vector that is used twice as often is the better one.
    static constexpr bool gains_by_sides(const Conv& c) {
        const int vectors = (c.K + width - 1) / width, in_whole = (vectors + sides - 1) / sides * sides;
        return in_whole == sides || 10 * (in_whole - vectors) >= in_whole;
    }
    // Where there is one vector of outputs. Or where sums are short, as an image's three channels make them: their stores then
    // have loads to hide behind, if they fill cache lines and some cache holds the map.
    static constexpr bool gains_by_window(const Conv& c) {
        const bool slides = c.S == window && c.stride == 1 && !Blocks::is_turning(c);
        const bool short_sums = c.C <= 4 && width * 4 >= cache_line && !Blocks::fetches_outputs(c);
        return slides && (c.K <= width || short_sums);
    }
};

}  // namespace sluice
