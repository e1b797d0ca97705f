// Sheets of machines other than the compiler's: enough of them to pack weights for a board on the machine at one's desk.
#pragma once

#include "sluice_kernels/isa/avx2.hpp"
#include "sluice_kernels/isa/avx512.hpp"
#include "sluice_kernels/isa/neon.hpp"
#include "sluice_kernels/isa/neon64.hpp"
#include "sluice_kernels/isa/scalar.hpp"
#include "sluice_kernels/isa/sse.hpp"

namespace sluice::inline SLUICE_ABI::isa {

// The order of packed weights follows from a sheet's numbers alone; its vectors need not exist here.
template <class Sheet>
struct Foreign : Sheet {
    static constexpr bool foreign = true;
    struct Vector {
        static constexpr int width = Sheet::width;
    };
};

template <class... Sheet>
struct Sheets {};
using all = Sheets<Scalar, Sse, Avx2, Avx512, Neon, Neon64>;

}  // namespace sluice
