// Half precision (IEEE 754 binary16) and bfloat16 to float, exactly: each of their values is also a float.
//
// By integer arithmetic on the bits, so it needs no instruction for it, is the same on every board and in a constant
// expression, and does not depend on whether the processor flushes subnormal numbers to zero.
#pragma once

#include <bit>
#include <cstdint>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI::io {

// The bits of the float with the value of a half: 1 sign bit, 5 of exponent (bias 15), 10 of fraction.
// A NaN keeps its sign and payload, quiet or signalling.
constexpr std::uint32_t half_bits(std::uint16_t half) {
    const std::uint32_t sign = (half & 0x8000u) << 16;
    const std::uint32_t exponent = (half >> 10) & 0x1Fu;
    const std::uint32_t fraction = half & 0x3FFu;
    if (exponent == 0x1F) return sign | 0x7F800000u | (fraction << 13);  // infinity, NaN
    if (exponent != 0) return sign | ((exponent + (127 - 15)) << 23) | (fraction << 13);
    if (fraction == 0) return sign;
    // Subnormal: fraction * 2^-24, which is a normal float. Its highest set bit becomes the implicit one.
    const auto top = static_cast<std::uint32_t>(std::bit_width(fraction) - 1);  // 0..9
    return sign | ((top + (127 - 24)) << 23) | ((fraction << (23 - top)) & 0x7FFFFFu);
}

// A bfloat16 is the upper half of a float.
constexpr std::uint32_t bfloat16_bits(std::uint16_t b) { return static_cast<std::uint32_t>(b) << 16; }

constexpr float half_to_float(std::uint16_t half) { return std::bit_cast<float>(half_bits(half)); }
constexpr float bfloat16_to_float(std::uint16_t b) { return std::bit_cast<float>(bfloat16_bits(b)); }

}  // namespace sluice::inline SLUICE_ABI::io
