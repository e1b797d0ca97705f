// Floats to half precision and bfloat16, to the nearest, ties to even: how weights become what a GPU multiplies.
// The other direction, which is exact, is in sluice/io/half.hpp.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "sluice/core/abi.hpp"
#include "sluice_kernels/cuda/api.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

// The upper bits of x, rounded by what lies in the `lost` lower ones.
constexpr std::uint32_t round_off(std::uint32_t x, int lost) {
    const std::uint32_t half = std::uint32_t(1) << (lost - 1), even = x >> lost & 1;
    return (x + half - 1 + even) >> lost;
}

constexpr std::uint16_t to_bfloat16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);  // a NaN stays one
    return static_cast<std::uint16_t>(round_off(bits, 16));
}

// What is too large becomes infinite, as in every conversion of hardware.
constexpr std::uint16_t to_half(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 16 & 0x8000u, rest = bits & 0x7FFFFFFFu;
    if (rest > 0x7F800000u) return static_cast<std::uint16_t>(sign | 0x7E00u);
    if (rest >= 0x47800000u) return static_cast<std::uint16_t>(sign | 0x7C00u);  // 65536 and above
    // Exponents differ by 127 - 15 in their bias; rounding up to the next one carries by itself.
    if (rest >= 0x38800000u) return static_cast<std::uint16_t>(sign | round_off(rest - (112u << 23), 13));
    const int exponent = static_cast<int>(rest >> 23);
    if (exponent < 102) return static_cast<std::uint16_t>(sign);  // less than half of the smallest, 2^-24
    return static_cast<std::uint16_t>(sign | round_off((rest & 0x7FFFFFu) | 0x800000u, 126 - exponent));
}

// Stores a number in the type of a precision; returns the place of the next one.
inline std::byte* store(nvidia::Precision p, float value, std::byte* to) {
    if (nvidia::element_bytes(p) == 4) {
        std::memcpy(to, &value, 4);
        return to + 4;
    }
    const std::uint16_t bits = p == nvidia::Precision::fp16 ? to_half(value) : to_bfloat16(value);
    std::memcpy(to, &bits, 2);
    return to + 2;
}

}  // namespace sluice
