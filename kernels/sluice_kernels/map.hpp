// Map: an HWC activation as the small kernels see it, and the share of it that one of several threads computes.
#pragma once

#include <cstddef>

#include "sluice/graph/memory_map.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

struct Map {
    int C = 0, H = 0, W = 0;
    int pixel = 0, row = 0;  // distances in floats
    float* data = nullptr;   // channel 0 of pixel (0, 0)

    float* at(int h, int w) const { return data + std::ptrdiff_t(h) * row + std::ptrdiff_t(w) * pixel; }
};

// Shares of n things: part i has [share(n, i, parts), share(n, i + 1, parts)).
constexpr int share(int n, int part, int parts) { return static_cast<int>(std::int64_t(n) * part / parts); }

}  // namespace sluice
