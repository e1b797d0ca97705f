// The direct convolution's largest tiles, alone: gate_fma.py counts the instructions of their inner loops.
#include "sluice_kernels/direct/blocking.hpp"
#include "sluice_kernels/direct/tile.hpp"
#include "sluice_kernels/isa/isa.hpp"

using V = sluice::isa::native::Vector;

template <int NR>
constexpr auto* largest = &sluice::kernels::direct_tile<V, sluice::kernels::Float32Storage,
                                                        sluice::kernels::Blocking<sluice::isa::native>::most_pixels(NR), NR>;

extern void (*const tiles[])(const sluice::kernels::Tile&);
void (*const tiles[])(const sluice::kernels::Tile&) = {largest<1>, largest<2>, largest<3>, largest<4>};
