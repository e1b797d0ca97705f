// The sheet for 32-bit ARM with NEON and VFPv4, which brought the fused multiply-add.
#pragma once

#include "sluice_kernels/isa/simd.hpp"

namespace sluice::inline SLUICE_ABI::isa {

struct Neon {
    static constexpr const char* name = "neon";
    using Vector = isa::Vector<xsimd::neon>;
    static constexpr int width = 4;                // floats in a vector
    static constexpr int registers = 16;          // of 128 bits
    static constexpr bool fused = true;           // whether fma() is one instruction and needs no register of its own
    static constexpr bool loads_ahead = true;     // whether compilers load all inputs of a step before they use one
    static constexpr bool pairs = false;          // whether a broadcast may bring two numbers, to even and odd lanes
    static constexpr int l1 = 32 << 10, l2 = 512 << 10;  // bytes; the least of the boards in docs/boards.md
};

}  // namespace sluice
