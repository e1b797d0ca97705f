// Max-pooling over a window, and the means of the whole map or of parts of it. Channels are the vector lanes.
#pragma once

#include <algorithm>

#include "sluice_kernels/isa/lanes.hpp"
#include "sluice_kernels/map.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// out[p][q] = the largest of the window's pixels that lie inside the map: padding never wins, as in PyTorch.
template <class V>
void max_pool(const Map& in, const Map& out, const graph::Window& w, int part, int parts) {
    for (int p = share(out.H, part, parts); p < share(out.H, part + 1, parts); ++p)
        for (int q = 0; q < out.W; ++q) {
            const int h0 = std::max(p * w.stride - w.top, 0), h1 = std::min(p * w.stride - w.top + w.R, in.H);
            const int w0 = std::max(q * w.stride - w.left, 0), w1 = std::min(q * w.stride - w.left + w.S, in.W);
            for_lanes<V>(in.C, [&](int c, auto lanes) {
                V best = lanes.load(in.at(h0, w0) + c);
                for (int h = h0; h < h1; ++h)
                    for (int x = w0; x < w1; ++x) best = max(best, lanes.load(in.at(h, x) + c));
                lanes.store(best, out.at(p, q) + c);
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
