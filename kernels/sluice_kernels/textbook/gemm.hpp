// gemm(): C[M][N] = or += A[M][K] B[K][N], from where the matrices lie. The textbook's primitives are made of it.
//
// A tile of MR x NR vectors of C stays in registers while it walks over a block of K; B's block of NR vectors fits L1
// and is used for all rows of A.
#pragma once

#include <algorithm>
#include <array>

#include "sluice_kernels/direct/unroll.hpp"
#include "sluice_kernels/isa/lanes.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

// Element (i, j) lies at data[i * row + j * column]. A is read number by number, so it may be transposed.
struct Strided {
    const float* data;
    std::ptrdiff_t row, column;
};

// One tile. lanes: used ones of the last vector.
template <class V, int MR, int NR>
void gemm_tile(Strided a, const float* b, std::ptrdiff_t b_row, float* c, std::ptrdiff_t c_row, int K, int lanes,
               bool add) {
    const bool whole = lanes == V::width;
    const auto load = [&](const float* p, int j) SLUICE_INLINE {
        return j < NR - 1 || whole ? V::load(p + j * V::width) : load_lanes<V>(p + j * V::width, lanes);
    };
    V acc[MR][NR];
    unroll<MR * NR>([&](auto n)
                        SLUICE_INLINE { acc[n / NR][n % NR] = add ? load(c + n / NR * c_row, n % NR) : V::zero(); });
    for (int k = 0; k < K; ++k, b += b_row, a.data += a.column) {
        V x[NR];
        unroll<NR>([&](auto j) SLUICE_INLINE { x[j] = load(b, j); });
        unroll<MR>([&](auto i) SLUICE_INLINE {
            const V y = V::broadcast(a.data[i * a.row]);
            unroll<NR>([&](auto j) SLUICE_INLINE { acc[i][j] = fma(y, x[j], acc[i][j]); });
        });
    }
    unroll<MR * NR>([&](auto n) SLUICE_INLINE {
        constexpr int j = n % NR;
        float* to = c + n / NR * c_row + j * V::width;
        if (j < NR - 1 || whole)
            acc[n / NR][j].store(to);
        else
            store_lanes<V>(acc[n / NR][j], to, lanes);
    });
}

template <class Isa>
void gemm(int M, int N, int K, Strided a, const float* b, std::ptrdiff_t b_row, float* c, std::ptrdiff_t c_row,
          bool add) {
    using V = typename Isa::Vector;
    // Two vectors wide: 24 sums, 2 of B and 1 of A with 32 registers; 12, 2 and 1 with 16; less where inputs are loaded
    // ahead.
    constexpr int MR = (Isa::registers >= 32 ? 12 : 6) - (Isa::loads_ahead ? 2 : 0), NR = 2, KC = 256;
    using Tile = void (*)(Strided, const float*, std::ptrdiff_t, float*, std::ptrdiff_t, int, int, bool);
    static constexpr auto tiles = []<int... i>(std::integer_sequence<int, i...>) {
        return std::array<std::array<Tile, NR>, MR>{{{&gemm_tile<V, i + 1, 1>, &gemm_tile<V, i + 1, 2>}...}};
    }
    (std::make_integer_sequence<int, MR>{});
    for (int k = 0; k < K; k += KC)
        for (int n = 0; n < N; n += NR * V::width) {
            const int columns = std::min(NR * V::width, N - n), vectors = (columns + V::width - 1) / V::width;
            for (int m = 0; m < M; m += MR) {
                const int rows = std::min(MR, M - m);
                tiles[rows - 1][vectors - 1]({a.data + m * a.row + k * a.column, a.row, a.column}, b + k * b_row + n,
                                             b_row, c + m * c_row + n, c_row, std::min(KC, K - k),
                                             columns - (vectors - 1) * V::width, add || k > 0);
            }
        }
}

}  // namespace sluice
