// The AVX2+FMA sheet.
#pragma once

#include "sluice_kernels/isa/simd.hpp"

namespace sluice::inline SLUICE_ABI::isa {

struct Avx2 {
    static constexpr const char* name = "avx2";
    using Vector = isa::Vector<xsimd::fma3<xsimd::avx2>>;
    static constexpr int width = 8;            // floats in a vector
    static constexpr int registers = 16;
    static constexpr bool fused = true;           // whether fma() is one instruction and needs no register of its own
    static constexpr bool loads_ahead = false;    // whether compilers load all inputs of a step before they use one
    static constexpr bool pairs = true;           // whether a broadcast may bring two numbers, to even and odd lanes
    static constexpr int l1 = 32 << 10, l2 = 256 << 10;  // bytes; the least that a processor of this kind has
};

}  // namespace sluice
