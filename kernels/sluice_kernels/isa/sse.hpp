// The SSE2 sheet.
#pragma once

#include "sluice_kernels/isa/simd.hpp"

namespace sluice::inline SLUICE_ABI::isa {

struct Sse {
    static constexpr const char* name = "sse";
    using Vector = isa::Vector<xsimd::sse2>;
    static constexpr int width = 4;            // floats in a vector
    static constexpr int registers = 16;
    static constexpr bool fused = false;           // whether fma() is one instruction and needs no register of its own
    static constexpr bool loads_ahead = false;     // whether compilers load all inputs of a step before they use one
    static constexpr bool pairs = false;           // whether a broadcast may bring two numbers, to even and odd lanes
    static constexpr int l1 = 32 << 10, l2 = 256 << 10;  // bytes; the least that a processor of this kind has
};

}  // namespace sluice
