// Max-pooling over a window, and the means of the whole map or of parts of it. Channels are the vector lanes.
#pragma once

#include <algorithm>

#include "sluice_kernels/direct/unroll.hpp"
#include "sluice_kernels/isa/lanes.hpp"
#include "sluice_kernels/map.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// out[p][q] = the largest of the window's pixels that lie inside the map: padding never wins, as in PyTorch.
template <class V>
void max_pool(const Map& in, const Map& out, const graph::Window& w, int part, int parts) {
    // Local, since a store might change what a reference refers to.
    const std::ptrdiff_t in_row = in.row, in_pixel = in.pixel;
    for (int p = share(out.H, part, parts); p < share(out.H, part + 1, parts); ++p)
        for (int q = 0; q < out.W; ++q) {
            const int h0 = std::max(p * w.stride - w.top, 0), h1 = std::min(p * w.stride - w.top + w.R, in.H);
            const int w0 = std::max(q * w.stride - w.left, 0), w1 = std::min(q * w.stride - w.left + w.S, in.W);
            const float* const from = in.at(h0, w0);
            float* const to = out.at(p, q);
            // Nearly all windows of today's networks: no loop, and short chains of max.
            if (h1 - h0 == 3 && w1 - w0 == 3) {
                for_lanes<V>(in.C, [&](int c, auto lanes) SLUICE_INLINE {
                    V rows[3];
                    unroll<3>([&](auto r) SLUICE_INLINE {
                        const float* const x = from + r * in_row + c;
                        rows[r] = max(max(lanes.load(x), lanes.load(x + in_pixel)), lanes.load(x + 2 * in_pixel));
                    });
                    lanes.store(max(max(rows[0], rows[1]), rows[2]), to + c);
                });
                continue;
            }
            for_lanes<V>(in.C, [&](int c, auto lanes) SLUICE_INLINE {
                const float* row = from + c;
                V best = lanes.load(row);
                for (int h = h0; h < h1; ++h, row += in_row) {
                    const float* x = row;
                    for (int s = w0; s < w1; ++s, x += in_pixel) best = max(best, lanes.load(x));
                }
                lanes.store(best, to + c);
            });
        }
}

// out[p][q] = the mean over rows floor(p H / P) to ceil((p + 1) H / P) and columns likewise, as PyTorch's adaptive pool
// has it; with P = Q = 1 over all pixels. Threads share the channels.
template <class V>
void average_pool(const Map& in, const Map& out, int part, int parts) {
    const int vectors = (in.C + V::width - 1) / V::width;
    const int begin = share(vectors, part, parts) * V::width;
    const int end = std::min(share(vectors, part + 1, parts) * V::width, in.C);
    for (int p = 0; p < out.H; ++p)
        for (int q = 0; q < out.W; ++q) {
            const int h0 = p * in.H / out.H, h1 = ((p + 1) * in.H + out.H - 1) / out.H;
            const int w0 = q * in.W / out.W, w1 = ((q + 1) * in.W + out.W - 1) / out.W;
            const V scale = V::broadcast(1.0f / static_cast<float>((h1 - h0) * (w1 - w0)));
            for_lanes<V>(end - begin, [&](int c, auto lanes) {
                V sum = V::zero();
                for (int h = h0; h < h1; ++h)
                    for (int w = w0; w < w1; ++w) sum = sum + lanes.load(in.at(h, w) + begin + c);
                lanes.store(sum * scale, out.at(p, q) + begin + c);
            });
        }
}

}  // namespace sluice
