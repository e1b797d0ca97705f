// The direct convolution's largest tiles, alone: gate_fma.py counts the instructions of their inner loops.
#include "sluice_kernels/direct/blocking.hpp"
#include "sluice_kernels/direct/tile.hpp"
#include "sluice_kernels/isa/isa.hpp"

using V = sluice::isa::native::Vector;

using sluice::kernels::Float32Storage, sluice::kernels::PairedStorage;

template <int NR, class Storage = Float32Storage>
constexpr auto* largest =
    &sluice::kernels::direct_tile<V, Storage, sluice::kernels::Blocking<sluice::isa::native>::most_pixels(NR), NR>;

extern void (*const tiles[])(const sluice::kernels::Tile&);
void (*const tiles[])(const sluice::kernels::Tile&) = {largest<1>, largest<2>, largest<3>, largest<4>};

extern void (*const paired[])(const sluice::kernels::Tile&);
void (*const paired[])(const sluice::kernels::Tile&) = {
#if defined(__AVX2__)
    largest<1, PairedStorage>, largest<2, PairedStorage>, largest<3, PairedStorage>, largest<4, PairedStorage>,
#else
    nullptr,
#endif
};
