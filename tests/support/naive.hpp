// What convolution and pooling mean, written down once more: in double, on dense [C][H][W] arrays, straight from the
// definition. It shares no line with the library, not even the formula of the output size, so an error in a definition
// that all kernels follow shows here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace support {

// A window over an H x W map with zeros around it.
struct NaiveWindow {
    int H = 1, W = 1, R = 1, S = 1, stride = 1;
    int top = 0, left = 0, bottom = 0, right = 0;

    // The windows that fit, counted one by one.
    static int positions(int length, int window, int stride) {
        int n = 0;
        for (int first = 0; first + window <= length; first += stride) ++n;
        return n;
    }
    int P() const { return positions(top + H + bottom, R, stride); }
    int Q() const { return positions(left + W + right, S, stride); }
};

struct NaiveConv {
    NaiveWindow window;
    int C = 1, K = 1, groups = 1;
    static constexpr double infinity = std::numeric_limits<double>::infinity();
    double floor = -infinity, ceiling = infinity;  // of the activation
};

// One channel of a map with its padding written out.
inline std::vector<double> padded(const NaiveWindow& w, const float* channel, double padding) {
    const int width = w.left + w.W + w.right;
    std::vector<double> map(static_cast<std::size_t>((w.top + w.H + w.bottom) * width), padding);
    for (int y = 0; y < w.H; ++y)
        for (int x = 0; x < w.W; ++x)
            map[static_cast<std::size_t>((y + w.top) * width + x + w.left)] = channel[y * w.W + x];
    return map;
}

// in: [C][H][W], weights: [K][C / groups][R][S], scale and bias: [K], add: [K][P][Q] or empty. Returns [K][P][Q].
inline std::vector<double> naive_conv(const NaiveConv& c, const std::vector<float>& in,
                                      const std::vector<float>& weights, const std::vector<float>& scale,
                                      const std::vector<float>& bias, const std::vector<float>& add) {
    const NaiveWindow& w = c.window;
    const int P = w.P(), Q = w.Q(), width = w.left + w.W + w.right;
    const int inputs = c.C / c.groups, outputs = c.K / c.groups;  // channels of one group
    std::vector<std::vector<double>> maps;
    for (int ch = 0; ch < c.C; ++ch) maps.push_back(padded(w, in.data() + ch * w.H * w.W, 0));

    std::vector<double> out(static_cast<std::size_t>(c.K * P * Q), 0.0);
    for (int k = 0; k < c.K; ++k) {
        double* const y = out.data() + k * P * Q;
        const float* weight = weights.data() + static_cast<std::ptrdiff_t>(k) * inputs * w.R * w.S;
        for (int i = 0; i < inputs; ++i) {
            const double* map = maps[static_cast<std::size_t>(k / outputs * inputs + i)].data();
            for (int r = 0; r < w.R; ++r)
                for (int s = 0; s < w.S; ++s, ++weight)
                    for (int p = 0; p < P; ++p) {
                        const double* row = map + (p * w.stride + r) * width + s;
                        for (int q = 0; q < Q; ++q) y[p * Q + q] += *weight * row[q * w.stride];
                    }
        }
        for (int i = 0; i < P * Q; ++i) {
            y[i] = y[i] * scale[static_cast<std::size_t>(k)] + bias[static_cast<std::size_t>(k)];
            if (!add.empty()) y[i] += add[static_cast<std::size_t>(k * P * Q + i)];
            y[i] = std::clamp(y[i], c.floor, c.ceiling);
        }
    }
    return out;
}

// The largest element of each window; padding is smaller than any number. Returns [C][P][Q].
inline std::vector<double> naive_max_pool(const NaiveWindow& w, int C, const std::vector<float>& in) {
    const int P = w.P(), Q = w.Q(), width = w.left + w.W + w.right;
    std::vector<double> out;
    for (int ch = 0; ch < C; ++ch) {
        const auto map = padded(w, in.data() + ch * w.H * w.W, -std::numeric_limits<double>::infinity());
        for (int p = 0; p < P; ++p)
            for (int q = 0; q < Q; ++q) {
                double best = -std::numeric_limits<double>::infinity();
                for (int r = 0; r < w.R; ++r)
                    for (int s = 0; s < w.S; ++s)
                        best = std::max(best,
                                        map[static_cast<std::size_t>((p * w.stride + r) * width + q * w.stride + s)]);
                out.push_back(best);
            }
    }
    return out;
}

// The map is cut into P x Q rectangles of equal size, whose edges may go through pixels; each output is the mean of the
// pixels that its rectangle touches. Returns [C][P][Q].
inline std::vector<double> naive_average_pool(int C, int H, int W, int P, int Q, const std::vector<float>& in) {
    const auto touches = [](int pixel, int length, int part, int parts) {
        return (pixel + 1) * parts > part * length && pixel * parts < (part + 1) * length;
    };
    std::vector<double> out;
    for (int ch = 0; ch < C; ++ch)
        for (int p = 0; p < P; ++p)
            for (int q = 0; q < Q; ++q) {
                double sum = 0;
                int pixels = 0;
                for (int h = 0; h < H; ++h)
                    for (int w = 0; w < W; ++w)
                        if (touches(h, H, p, P) && touches(w, W, q, Q))
                            sum += in[static_cast<std::size_t>((ch * H + h) * W + w)], ++pixels;
                out.push_back(sum / pixels);
            }
    return out;
}

}  // namespace support
