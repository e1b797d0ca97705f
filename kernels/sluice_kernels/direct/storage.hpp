// How packed weights are stored. Arithmetic is float32 in any case; bfloat16, a float32 without the lower half of its
// bits, halves what layers of few pixels spend their time on: reading weights.
#pragma once

#include <bit>
#include <cstdint>

#include "sluice_kernels/direct/unroll.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

struct Float32Storage {
    static constexpr int steps = 1;  // weights of one output channel in a float's room
    static constexpr double error_growth = 1;

    static float pack(const float (&weights)[1]) { return weights[0]; }
    static float stored(float weight) { return weight; }

    template <class V>
    SLUICE_INLINE static void load(const float* p, V (&weights)[1]) {
        weights[0] = V::load(p);
    }
};

struct Bf16Storage {
    static constexpr int steps = 2;
    // Weights of 8 bits: each is off by up to 2^-9 of itself, where the direct convolution in float32 misses by 1e-7 of
    // the largest sum, as root mean squares have it.
    static constexpr double error_growth = 1 << 12;

    // The first in the lower half of a float's bits.
    static float pack(const float (&weights)[2]) {
        return std::bit_cast<float>(bits(weights[0]) >> 16 | bits(weights[1]));
    }
    static float stored(float weight) { return std::bit_cast<float>(bits(weight)); }

    template <class V>
    SLUICE_INLINE static void load(const float* p, V (&weights)[2]) {
        const V both = V::load(p);
        weights[0] = lower_halves(both);
        weights[1] = upper_halves(both);
    }

  private:
    static constexpr std::uint32_t upper = 0xffff0000u;

    // Rounded to nearest, ties to even. What is not a number stays so: its upper half could be that of infinity.
    static std::uint32_t bits(float weight) {
        const auto x = std::bit_cast<std::uint32_t>(weight);
        if (weight != weight) return (x | 0x00400000u) & upper;
        return (x + 0x7fffu + (x >> 16 & 1)) & upper;
    }
};

}  // namespace sluice
