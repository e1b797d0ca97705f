// Kernels that only move numbers: the image into HWC, the zero halo, option A's shortcut.
#pragma once

#include <algorithm>
#include <cstring>

#include "sluice_kernels/map.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// image(c, h, w): one number of it. Threads share the rows.
template <class Image>
void image_to_hwc(const Image& image, const Map& out, int part, int parts) {
    for (int h = share(out.H, part, parts); h < share(out.H, part + 1, parts); ++h) {
        if (out.C == 3 && out.pixel == 3) {  // constants let compilers use vectors
            float* const to = out.at(h, 0);
            for (int w = 0; w < out.W; ++w)
                for (int c = 0; c < 3; ++c) to[3 * w + c] = image(c, h, w);
            continue;
        }
        for (int c = 0; c < out.C; ++c) {
            float* to = out.at(h, 0) + c;
            for (int w = 0; w < out.W; ++w) to[std::ptrdiff_t(w) * out.pixel] = image(c, h, w);
        }
    }
}

// An image as the caller has it, 8 bits a channel, and what each level means to the network.
struct PixelImage {
    const std::uint8_t* first = nullptr;  // channel 0 of pixel (0, 0)
    std::ptrdiff_t pixel = 0, row = 0, channel = 0;
    const float* values = nullptr;        // [C][256]

    float operator()(int c, int h, int w) const { return values[256 * c + first[h * row + w * pixel + c * channel]]; }
};

// Zeroes the pixels around a map. Its producer writes only inside, so this happens once a frame per buffer.
inline void clear_halo(const graph::Placement& p, int H, float* arena) {
    float* const begin = arena + p.begin;
    const std::ptrdiff_t left = std::ptrdiff_t(p.left) * p.pixel, right = std::ptrdiff_t(p.right) * p.pixel;
    const auto zero = [](float* from, std::ptrdiff_t floats) {
        std::memset(from, 0, static_cast<std::size_t>(floats) * sizeof(float));
    };
    // The right halo of a row and the left one of the next are neighbours.
    zero(begin, std::ptrdiff_t(p.top) * p.row + left);
    if (left + right > 0)
        for (int h = 0; h + 1 < H; ++h) zero(begin + std::ptrdiff_t(p.top + h + 1) * p.row - right, left + right);
    zero(begin + std::ptrdiff_t(p.top + H) * p.row - right, right + std::ptrdiff_t(p.bottom) * p.row);
}

// out[p][q] = (zeros, in[p * stride][q * stride], zeros): He et al.'s parameter-free shortcut.
inline void subsample(const Map& in, const Map& out, int stride, int part, int parts) {
    const int before = (out.C - in.C) / 2;
    for (int p = share(out.H, part, parts); p < share(out.H, part + 1, parts); ++p)
        for (int q = 0; q < out.W; ++q) {
            float* to = out.at(p, q);
            std::fill_n(to, before, 0.0f);
            std::copy_n(in.at(p * stride, q * stride), in.C, to + before);
            std::fill_n(to + before + in.C, out.C - in.C - before, 0.0f);
        }
}

}  // namespace sluice
