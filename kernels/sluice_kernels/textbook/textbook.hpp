// THE list of the textbook's primitives: how convolutions are computed where nobody has written kernels for them. They
// are measured (`sluice profile --set textbook`) so that the planner can be compared with what is published about such
// primitives; an engine does not use them. Maps are dense, in CHW, HCW or HWC, and the map to add is never the
// output's.
#pragma once

#include "sluice_kernels/primitives.hpp"
#include "sluice_kernels/textbook/direct.hpp"
#include "sluice_kernels/textbook/im2.hpp"
#include "sluice_kernels/textbook/kn2.hpp"
#include "sluice_kernels/textbook/mec.hpp"
#include "sluice_kernels/textbook/pointwise.hpp"
#include "sluice_kernels/textbook/winograd_rows.hpp"

namespace sluice::inline SLUICE_ABI::kernels::textbook {

// As Primitive, of dense maps; the workspace is that of all parts together.
template <class P>
concept Primitive = requires(const Conv& c, const ConvArgs& a, const float* source, float* packed) {
    { P::name } -> std::convertible_to<std::string_view>;
    { P::read } -> std::convertible_to<Layout>;
    { P::written } -> std::convertible_to<Layout>;
    { P::supports(c) } -> std::same_as<bool>;
    { P::packed_floats(c) } -> std::same_as<std::int64_t>;
    { P::workspace_bytes(c) } -> std::same_as<std::int64_t>;
    P::pack(c, source, packed);
    P::run(c, a);
};

template <Primitive... P>
struct List {};

template <class Isa>
using primitives = List<Direct<Layout::CHW>, Direct<Layout::HWC>, Im2Row<Isa, Layout::HWC>, Im2Row<Isa, Layout::CHW>,
                        Im2Col<Isa, Layout::CHW>, Im2Col<Isa, Layout::HWC>, Mec<Isa>, MecOfRows<Isa, Layout::HCW>,
                        MecOfRows<Isa, Layout::HWC>, Kn2<Isa, Layout::CHW>, Kn2<Isa, Layout::HWC>, WinogradRows<Isa, 2>,
                        WinogradRows<Isa, 4>, Pointwise<Isa, Layout::CHW, Layout::CHW>,
                        Pointwise<Isa, Layout::CHW, Layout::HWC>, Pointwise<Isa, Layout::HWC, Layout::HWC>>;

// Of the engine's list, what a textbook has as well, and what nothing of the above computes.
template <class Isa>
using shared = PrimitiveList<Depthwise<Isa>, Grouped<Isa>, Winograd<Isa, 2>, Winograd<Isa, 4>, Winograd<Isa, 6>,
                             Winograd<Isa, 2, 5>>;

}  // namespace sluice
