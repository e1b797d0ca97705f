// What a primitive is: one way to compute a convolution.
//
// A convolution is described by a Conv, all of it known at compile time, and computed on ConvArgs, pointers known at run
// time. Letters as everywhere: C input channels, K output channels, H W input, P Q output, R S kernel.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/graph/memory_map.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// Shapes, and distances in floats from pixel to pixel and from row to row of the three maps involved.
struct Conv {
    int C = 0, H = 0, W = 0;
    int K = 0, P = 0, Q = 0;
    int R = 1, S = 1, stride = 1, top = 0, left = 0;
    int groups = 1;
    bool add = false;
    bool strips = false;  // computed a few rows at a time: no tile may reach from one row to the next
    graph::Activation act = graph::Activation::none;
    int in_pixel = 0, in_row = 0;
    int out_pixel = 0, out_row = 0;
    int add_pixel = 0, add_row = 0;

    constexpr std::int64_t weights() const { return std::int64_t(K) * (C / groups) * R * S; }
};

// out[p][q][k] = act(scale[k] * sum + bias[k] + add[p][q][k]); add may be out itself.
// `in` has a zero halo as wide as the padding. 16 channels behind the last can be read of scale and bias.
struct ConvArgs {
    const float* in = nullptr;   // pixel (0, 0) of an H x W x C map
    float* out = nullptr;        // pixel (0, 0) of a P x Q x K map
    const float* add = nullptr;  // pixel (0, 0) of a P x Q x K map, read if Conv::add
    const float* weights = nullptr;  // as the primitive's pack() wrote them
    const float* scale = nullptr;
    const float* bias = nullptr;
    std::byte* workspace = nullptr;  // this part's own
    int part = 0, parts = 1;     // this call does share `part` of `parts` equal ones
};

// What weights cost. With one image they are read once a frame, and a network's are larger than any cache: a core gets
// this many bytes of them in the time of one multiply-add of vectors. The ratio differs less between processors than
// either side of it, since memory is built to fit arithmetic; `sluice bench --layers` prints both.
inline constexpr double bytes_per_multiply = 2.5;
constexpr double reading_cost(std::int64_t floats) { return double(floats) * 4 / bytes_per_multiply; }

// variants() tells which instances of its inner kernels a shape needs, as a set of bits; run<bits>() contains only those,
// so a program carries no tile that none of its layers uses.
template <class P>
concept Primitive = requires(const Conv& c, const ConvArgs& a, const float* source, float* packed) {
    { P::name } -> std::convertible_to<std::string_view>;
    { P::supports(c) } -> std::same_as<bool>;
    { P::error_growth } -> std::convertible_to<double>;       // rounding error, in those of the direct convolution
    { P::cost(c) } -> std::same_as<double>;                   // time, in multiply-adds of vectors: for comparisons
    { P::packed_floats(c) } -> std::same_as<std::int64_t>;    // persistent memory, per layer
    { P::packing(c) } -> std::same_as<std::uint64_t>;         // equal numbers: pack() keeps to the same order
    { P::workspace_bytes(c) } -> std::same_as<std::int64_t>;  // scratch of one part, whole cache lines
    { P::variants(c) } -> std::same_as<std::uint64_t>;
    P::pack(c, source, packed);  // source[i]: [K][C / groups][R][S], a pointer or anything indexed like one
    P::template run<~std::uint64_t(0)>(c, a);
};

}  // namespace sluice
