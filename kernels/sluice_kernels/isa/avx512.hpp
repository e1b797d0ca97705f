// The AVX-512 sheet.
#pragma once

#include "sluice_kernels/isa/simd.hpp"

namespace sluice::inline SLUICE_ABI::isa {

struct Avx512 {
    static constexpr const char* name = "avx512";
    using Vector = isa::Vector<xsimd::avx512f>;
    static constexpr int width = 16;            // floats in a vector
    static constexpr int registers = 32;
    static constexpr bool fused = true;           // whether fma() is one instruction and needs no register of its own
    static constexpr bool loads_ahead = false;    // whether compilers load all inputs of a step before they use one
    static constexpr bool pairs = true;           // whether a broadcast may bring two numbers, to even and odd lanes
    static constexpr int l1 = 32 << 10, l2 = 1024 << 10;  // bytes; the least that a processor of this kind has
};

}  // namespace sluice
