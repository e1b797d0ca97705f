// The portable sheet: one float a register, plain C++, no xsimd.
#pragma once

#include <bit>
#include <cstdint>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI::isa {

struct ScalarVector {
    static constexpr int width = 1;
    float v;

    static ScalarVector zero() { return {0.0f}; }
    static ScalarVector broadcast(float x) { return {x}; }
    static ScalarVector load(const float* p) { return {*p}; }
    void store(float* p) const { *p = v; }

    friend ScalarVector operator+(ScalarVector a, ScalarVector b) { return {a.v + b.v}; }
    friend ScalarVector operator-(ScalarVector a, ScalarVector b) { return {a.v - b.v}; }
    friend ScalarVector operator*(ScalarVector a, ScalarVector b) { return {a.v * b.v}; }
    friend ScalarVector max(ScalarVector a, ScalarVector b) { return {a.v > b.v ? a.v : b.v}; }
    friend ScalarVector min(ScalarVector a, ScalarVector b) { return {a.v < b.v ? a.v : b.v}; }
    // Each upper or lower half of the bits as a number of its own, zeros behind it.
    friend ScalarVector upper_halves(ScalarVector a) {
        return {std::bit_cast<float>(std::bit_cast<std::uint32_t>(a.v) & 0xffff0000u)};
    }
    friend ScalarVector lower_halves(ScalarVector a) {
        return {std::bit_cast<float>(std::bit_cast<std::uint32_t>(a.v) << 16)};
    }
    friend ScalarVector fma(ScalarVector a, ScalarVector b, ScalarVector c) { return {a.v * b.v + c.v}; }
};

struct Scalar {
    static constexpr const char* name = "scalar";
    using Vector = ScalarVector;
    static constexpr int width = 1;            // floats in a vector
    static constexpr int registers = 16;        // a guess that suits x86, ARM and RISC-V alike
    static constexpr bool fused = false;        // fma() may take a register for the product
    static constexpr bool loads_ahead = false;  // whether compilers load all inputs of a step before they use one
    static constexpr bool pairs = false;        // whether a broadcast may bring two numbers, to even and odd lanes
    static constexpr int l1 = 32 << 10, l2 = 256 << 10;  // bytes; the least that a processor of this kind has
};

}  // namespace sluice
