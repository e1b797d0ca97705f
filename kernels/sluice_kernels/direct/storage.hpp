// How packed weights are stored, so what a loaded vector of them holds, and how many a tile holds at a time. Arithmetic is
// float32 in any case.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "sluice_kernels/direct/unroll.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

struct Float32Storage {
    static constexpr std::string_view name = "direct";
    static constexpr int steps = 1;  // of the walk over input channels, whose weights a vector brings
    static constexpr int sides = 1;  // of these, side by side: a vector has that part of its width of output channels
    static constexpr int window = 1;  // kernel columns whose weights are held at a time and share a load of inputs
    static constexpr double error_growth = 1;

    static float pack(const float (&weights)[1]) { return weights[0]; }
    static float stored(float weight) { return weight; }

    template <class V>
    SLUICE_INLINE static void load(const float* p, V (&weights)[1]) {
        weights[0] = V::load(p);
    }
};

// Even steps in even lanes, odd ones in odd lanes, and half as many output channels; neighbouring lanes are added at the
// end. So 24 channels are three vectors of 16, all full, where two would be three quarters full; and where 16 channels are
// one vector, a load of inputs for every multiply-add, they are two, which share it.
struct PairedStorage : Float32Storage {
    static constexpr std::string_view name = "direct_paired";
    static constexpr int steps = 2, sides = 2;
};

// All three columns of a kernel row at a time: an input is loaded once for the three outputs that it belongs to, so that
// multiply-adds are the limit even with a single vector of output channels, and loads have time left. Stored as ever.
struct SlidingStorage : Float32Storage {
    static constexpr std::string_view name = "direct_sliding";
    static constexpr int window = 3;
};

// bfloat16, a float32 without the lower half of its bits, halves what layers of few pixels spend their time on: reading
// weights. A float's room holds those of two steps.
struct Bf16Storage {
    static constexpr std::string_view name = "direct_bf16";
    static constexpr int steps = 2, sides = 1, window = 1;
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
