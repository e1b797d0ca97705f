// The three transforms of Winograd's convolution: y = A^T [(G g G^T) * (B^T d B)] A, with * element by element.
//
// A polynomial of degree m + 1 is known by its values at m + 2 points: d and g are such values, their product is y. The
// points are 0, +1, -1, +2, -2, ... and infinity; those of either sign share half of their sums. This is the algorithm
// of Toom and Cook, transposed; Lavin and Gray (2016) write F(m x m, 3 x 3).
#pragma once

#include <cstddef>

#include "sluice_kernels/direct/unroll.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

template <int m>
struct WinogradTransform {
    static constexpr int n = m + 2;  // points: a tile of n x n inputs, m x m outputs
    static_assert(m == 2 || m == 4, "points come in pairs, and 3 is no power of two");

    // Of rows 0 to n - 2; the last one is infinity.
    static constexpr int point(int i) { return i % 2 == 1 ? (i + 1) / 2 : -(i / 2); }

    struct Matrices {
        int B[n][n] = {};  // B[i]: coefficients of the product of (x - point) over all points but the i-th, by power
        int A[n][m] = {};  // A[i]: powers of the i-th point
        int G[n][3] = {};  // likewise, to be divided by that product's value at the i-th point
        int scale[n] = {};
    };
    static constexpr Matrices matrices = [] {
        Matrices t;
        for (int i = 0; i < n; ++i) {
            const bool infinity = i == n - 1;
            int degree = 0;
            t.B[i][0] = t.scale[i] = 1;
            for (int j = 0; j < n - 1; ++j) {
                if (j == i) continue;
                ++degree;
                for (int power = degree; power >= 0; --power)
                    t.B[i][power] = (power > 0 ? t.B[i][power - 1] : 0) - point(j) * t.B[i][power];
                if (!infinity) t.scale[i] *= point(i) - point(j);
            }
            for (int power = 0, x = 1; power < (m > 3 ? m : 3); ++power, x *= point(i)) {
                if (power < 3) t.G[i][power] = infinity ? power == 2 : x;
                if (power < m) t.A[i][power] = infinity ? power == m - 1 : x;
            }
        }
        return t;
    }();

    // u = G g G^T: a window of 3 x 3, once for all. All factors are powers of two, so products are exact in double and
    // every machine packs the same bits, whether its compiler fuses multiply and add or not.
    static void window(const double (&g)[3][3], double (&u)[n][n]) {
        const auto& G = matrices.G;
        const auto& scale = matrices.scale;
        double half[n][3] = {};
        for (int i = 0; i < n; ++i)
            for (int r = 0; r < 3; ++r)
                for (int s = 0; s < 3; ++s) half[i][s] += G[i][r] * g[r][s];
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) {
                double sum = 0;
                for (int s = 0; s < 3; ++s) sum += half[i][s] * G[j][s];
                u[i][j] = sum / (scale[i] * scale[j]);
            }
    }

    // v = B^T d, along one line.
    template <class V>
    SLUICE_INLINE static void input(const V (&d)[n], V (&v)[n]) {
        v[0] = terms<0, 0>(d);
        unroll<(n - 2) / 2>([&](auto pair) SLUICE_INLINE {
            constexpr int plus = 2 * pair + 1;
            const V even = terms<plus, 0>(d), odd = terms<plus, 1>(d);
            v[plus] = even + odd;
            v[plus + 1] = even - odd;
        });
        v[n - 1] = terms<n - 1, 1>(d);
    }

    // y = A^T z, along one line.
    template <class V>
    SLUICE_INLINE static void output(const V (&z)[n], V (&y)[m]) {
        V sum[m / 2], difference[m / 2];  // of the two points of a pair
        unroll<m / 2>([&](auto pair) SLUICE_INLINE {
            sum[pair] = z[2 * pair + 1] + z[2 * pair + 2];
            difference[pair] = z[2 * pair + 1] - z[2 * pair + 2];
        });
        unroll<m>([&](auto power) SLUICE_INLINE {
            const V(&pairs)[m / 2] = power % 2 == 0 ? sum : difference;
            y[power] = power == 0 ? z[0] + pairs[0] : power == m - 1 ? z[n - 1] + pairs[0] : pairs[0];
            unroll<m / 2 - 1>([&](auto pair) SLUICE_INLINE {
                y[power] = fma(V::broadcast(matrices.A[2 * pair + 3][power]), pairs[pair + 1], y[power]);
            });
        });
    }

  private:
    // The even or the odd terms of a row of B^T d.
    template <int row, int parity, class V>
    SLUICE_INLINE static V terms(const V (&d)[n]) {
        constexpr int last = highest<row, parity>();
        V sum = d[last];
        if constexpr (matrices.B[row][last] != 1) sum = sum * V::broadcast(matrices.B[row][last]);
        unroll<last / 2>([&](auto i) SLUICE_INLINE {
            constexpr int power = parity + 2 * i, factor = matrices.B[row][power];
            if constexpr (factor != 0) sum = fma(V::broadcast(factor), d[power], sum);
        });
        return sum;
    }
    template <int row, int parity>
    static constexpr int highest() {
        int last = n - 1;
        while (last % 2 != parity || matrices.B[row][last] == 0) --last;
        return last;
    }
};

}  // namespace sluice
