// The three transforms of Winograd's convolution: y = A^T [(G g G^T) * (B^T d B)] A, with * element by element.
//
// A polynomial of degree n - 1 is known by its values at n points: d and g are such values, their product is y. Points
// are ratios a : b, and a polynomial's value there is the sum of its coefficients times a^power b^(degree - power): 0,
// +1, -1, +2, -2, +1/2, -1/2 and infinity, which is 1 : 0. Those of either sign share half of their sums. This is the
// algorithm of Toom and Cook, transposed; Lavin and Gray (2016) write F(m x m, r x r).
#pragma once

#include <cstddef>

#include "sluice_kernels/direct/unroll.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

template <int m, int r>
struct WinogradTransform {
    static constexpr int n = m + r - 1;  // points: a tile of n x n inputs, m x m outputs
    static constexpr int pairs = (n - 2) / 2;
    static_assert(n % 2 == 0 && pairs <= 3, "points come in pairs, and 3 is no power of two");

    struct Point {
        int a, b;
        // a^power b^(degree - power)
        constexpr int term(int power, int degree) const {
            int x = 1;
            for (int i = 0; i < degree; ++i) x *= i < power ? a : b;
            return x;
        }
    };
    static constexpr Point point(int i) {
        constexpr Point all[] = {{0, 1}, {1, 1}, {-1, 1}, {2, 1}, {-2, 1}, {1, 2}, {-1, 2}};
        return i == n - 1 ? Point{1, 0} : all[i];
    }

    struct Matrices {
        int B[n][n] = {};  // B[i]: coefficients of the product of (b x - a y) over all points but the i-th, by power of x
        int A[n][m] = {};  // A[i]: powers of the i-th point
        int G[n][r] = {};  // likewise, to be divided by that product's value at the i-th point
        int scale[n] = {};
    };
    static constexpr Matrices matrices = [] {
        Matrices t;
        for (int i = 0; i < n; ++i) {
            const Point at = point(i);
            int degree = 0;
            t.B[i][0] = 1;
            t.scale[i] = i < n - 1 ? at.b : 1;  // infinity's factor is -y; the sign may be left out of both
            for (int j = 0; j < n - 1; ++j) {
                if (j == i) continue;
                const Point zero = point(j);
                ++degree;
                for (int power = degree; power >= 0; --power)
                    t.B[i][power] = (power > 0 ? zero.b * t.B[i][power - 1] : 0) - zero.a * t.B[i][power];
                t.scale[i] *= at.a * zero.b - zero.a * at.b;
            }
            for (int power = 0; power < r; ++power) t.G[i][power] = at.term(power, r - 1);
            for (int power = 0; power < m; ++power) t.A[i][power] = at.term(power, m - 1);
        }
        return t;
    }();

    // u = G g G^T: a window of r x r, once for all. All factors are powers of two, so products are exact in double and
    // every machine packs the same bits, whether its compiler fuses multiply and add or not.
    static void window(const double (&g)[r][r], double (&u)[n][n]) {
        const auto& G = matrices.G;
        const auto& scale = matrices.scale;
        double half[n][r] = {};
        for (int i = 0; i < n; ++i)
            for (int y = 0; y < r; ++y)
                for (int x = 0; x < r; ++x) half[i][x] += G[i][y] * g[y][x];
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) {
                double sum = 0;
                for (int x = 0; x < r; ++x) sum += half[i][x] * G[j][x];
                u[i][j] = sum / (scale[i] * scale[j]);
            }
    }

    // v = B^T d, along one line.
    template <class V>
    SLUICE_INLINE static void input(const V (&d)[n], V (&v)[n]) {
        v[0] = terms<0, 0>(d);
        unroll<pairs>([&](auto pair) SLUICE_INLINE {
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
        V sum[pairs], difference[pairs];  // of the two points of a pair; all powers of the first are 1
        unroll<pairs>([&](auto pair) SLUICE_INLINE {
            sum[pair] = z[2 * pair + 1] + z[2 * pair + 2];
            difference[pair] = z[2 * pair + 1] - z[2 * pair + 2];
        });
        unroll<m>([&](auto power) SLUICE_INLINE {
            const V(&both)[pairs] = power % 2 == 0 ? sum : difference;
            y[power] = power == 0 ? z[0] + both[0] : power == m - 1 ? z[n - 1] + both[0] : both[0];
            unroll<pairs - 1>([&](auto pair) SLUICE_INLINE {
                y[power] = fma(V::broadcast(matrices.A[2 * pair + 3][power]), both[pair + 1], y[power]);
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
