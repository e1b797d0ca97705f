// The direct convolution's largest tiles, alone: gate_fma.py counts the instructions of their inner loops.
#include "sluice_kernels/direct/blocking.hpp"
#include "sluice_kernels/direct/tile_kernel.hpp"
#include "sluice_kernels/isa/isa.hpp"

using V = sluice::isa::native::Vector;

using sluice::kernels::Float32Storage, sluice::kernels::PairedStorage, sluice::kernels::SlidingStorage;

template <int NR, class Storage = Float32Storage>
constexpr auto* largest =
    &sluice::kernels::direct_tile<
        V, Storage, sluice::kernels::Blocking<sluice::isa::native, Storage::sides, Storage::window>::most_pixels(NR), NR>;

extern void (*const tiles[])(const sluice::kernels::Tile&);
void (*const tiles[])(const sluice::kernels::Tile&) = {largest<1>, largest<2>, largest<3>, largest<4>};

extern void (*const others[])(const sluice::kernels::Tile&);
void (*const others[])(const sluice::kernels::Tile&) = {
#if defined(__AVX2__)
    largest<1, PairedStorage>, largest<2, PairedStorage>, largest<3, PairedStorage>, largest<4, PairedStorage>,
    largest<1, SlidingStorage>,
#else
    nullptr,
#endif
};
