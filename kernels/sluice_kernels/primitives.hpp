// THE list of primitives. A layer gets the first that supports it, unless choice.hpp finds a faster one; tests,
// benchmarks and planner follow.
#pragma once

#include "sluice_kernels/depthwise/depthwise.hpp"
#include "sluice_kernels/direct/direct.hpp"
#include "sluice_kernels/grouped/grouped.hpp"
#include "sluice_kernels/reference/reference.hpp"
#include "sluice_kernels/winograd/winograd.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

template <Primitive... P>
struct PrimitiveList {};

template <class Isa>
using primitives = PrimitiveList<Direct<Isa, SlidingStorage>, Direct<Isa, PairedStorage>, Direct<Isa>,
                                 Direct<Isa, Bf16Storage>, Depthwise<Isa>, Grouped<Isa>, Winograd<Isa, 2>, Winograd<Isa, 4>,
                                 Winograd<Isa, 6>, Winograd<Isa, 2, 5>, Reference>;

}  // namespace sluice
