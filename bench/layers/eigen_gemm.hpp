// EigenGemm: im2col and Eigen's matrix product, a yardstick for benchmarks and tests. It allocates, so no plan has it.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <limits>

#include "sluice_kernels/map.hpp"
#include "sluice_kernels/primitive.hpp"

namespace sluice::bench {

struct EigenGemm {
    static constexpr std::string_view name = "eigen";

    static constexpr double error_growth = 1;
    static constexpr bool supports(const kernels::Conv&) { return true; }
    static constexpr double cost(const kernels::Conv&) { return std::numeric_limits<double>::max(); }
    static constexpr std::int64_t packed_floats(const kernels::Conv& c) { return c.weights(); }
    static constexpr std::uint64_t packing(const kernels::Conv&) { return 0; }
    static constexpr std::int64_t workspace_bytes(const kernels::Conv&) { return 0; }
    static constexpr std::uint64_t variants(const kernels::Conv&) { return 0; }

    // [group][R][S][C / groups][K / groups]: the right-hand matrix of each group, row by row.
    template <class Source>
    static void pack(const kernels::Conv& c, const Source& source, float* packed) {
        const int C = c.C / c.groups, K = c.K / c.groups;
        for (int g = 0; g < c.groups; ++g)
            for (int r = 0; r < c.R; ++r)
                for (int s = 0; s < c.S; ++s)
                    for (int ch = 0; ch < C; ++ch)
                        for (int k = 0; k < K; ++k)
                            *packed++ = source[((std::int64_t(g * K + k) * C + ch) * c.R + r) * c.S + s];
    }

    // Blocks of pixels are the same for any number of parts, since Eigen's sums depend on the size of a product.
    template <std::uint64_t>
    static void run(const kernels::Conv& c, const kernels::ConvArgs& a) {
        constexpr int block = 1024;
        const int pixels = c.P * c.Q, blocks = (pixels + block - 1) / block;
        for (int b = kernels::share(blocks, a.part, a.parts); b < kernels::share(blocks, a.part + 1, a.parts); ++b)
            for (int g = 0; g < c.groups; ++g) multiply(c, a, b * block, std::min(block, pixels - b * block), g);
    }

  private:
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

    static void multiply(const kernels::Conv& c, const kernels::ConvArgs& a, int first, int count, int g) {
        const int C = c.C / c.groups, K = c.K / c.groups, depth = c.R * c.S * C;
        Matrix in(count, depth), sums(count, K);  // [pixels][R][S][C], [pixels][K]
        for (int i = 0; i < count; ++i) {
            const int p = (first + i) / c.Q, q = (first + i) % c.Q;
            float* to = in.row(i).data();
            for (int r = 0; r < c.R; ++r)
                for (int s = 0; s < c.S; ++s, to += C)
                    std::copy_n(a.in + std::ptrdiff_t(p * c.stride + r - c.top) * c.in_row +
                                    std::ptrdiff_t(q * c.stride + s - c.left) * c.in_pixel + g * C,
                                C, to);
        }
        sums.noalias() = in * Eigen::Map<const Matrix>(a.weights + std::ptrdiff_t(g) * depth * K, depth, K);
        for (int i = 0; i < count; ++i) {
            const std::ptrdiff_t p = (first + i) / c.Q, q = (first + i) % c.Q;
            Eigen::Map<Eigen::ArrayXf> out(a.out + p * c.out_row + q * c.out_pixel + g * K, K);
            const Eigen::Map<const Eigen::ArrayXf> scale(a.scale + g * K, K), bias(a.bias + g * K, K);
            Eigen::ArrayXf y = sums.row(i).transpose().array() * scale + bias;
            if (c.add) y += Eigen::Map<const Eigen::ArrayXf>(a.add + p * c.add_row + q * c.add_pixel + g * K, K);
            if (c.act != graph::Activation::none) y = y.max(0.0f);
            if (c.act == graph::Activation::relu6) y = y.min(6.0f);
            out = y;
        }
    }
};

}  // namespace sluice::bench
