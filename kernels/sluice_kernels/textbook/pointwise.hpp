// pointwise: a 1x1 convolution is one matrix product of what is there already.
#pragma once

#include <algorithm>

#include "sluice_kernels/textbook/dense.hpp"
#include "sluice_kernels/textbook/gemm.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

// From CHW to CHW: weights times map. To HWC: map, transposed or not, times weights.
template <class Isa, Layout from, Layout to>
struct Pointwise {
    static_assert(from == Layout::CHW || to == Layout::HWC, "rows of the right factor have to be contiguous");
    static constexpr std::string_view name = "pointwise";
    static constexpr Layout read = from, written = to;
    static constexpr bool supports(const Conv& c) {
        return c.groups == 1 && c.R == 1 && c.S == 1 && c.stride == 1 && c.P == c.H && c.Q == c.W;
    }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.weights(); }
    static constexpr std::int64_t workspace_bytes(const Conv&) { return 0; }

    // [K][C] for CHW, [C][K] for HWC
    static void pack(const Conv& c, const float* source, float* packed) {
        for (int k = 0; k < c.K; ++k)
            for (int ch = 0; ch < c.C; ++ch)
                packed[to == Layout::CHW ? k * c.C + ch : ch * c.K + k] = source[std::int64_t(k) * c.C + ch];
    }

    static void run(const Conv& c, const ConvArgs& a) {
        const Span rows = Span::rows(c, a);
        const Dense in = Dense::of(read, c.C, c.H, c.W), out = Dense::of(written, c.K, c.P, c.Q);
        const float* const x = a.in + rows.begin * in.row;
        float* const y = a.out + rows.begin * out.row;
        const int pixels = (rows.end - rows.begin) * c.Q;
        if (written == Layout::CHW)
            gemm<Isa>(c.K, pixels, c.C, {a.weights, c.C, 1}, x, in.channel, y, out.channel, false);
        else
            gemm<Isa>(pixels, c.K, c.C, {x, in.pixel, in.channel}, a.weights, c.K, y, c.K, false);
        finish(c, a, written);
    }
};

}  // namespace sluice
