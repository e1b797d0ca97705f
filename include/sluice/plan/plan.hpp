// A plan is a type that says which primitive computes each layer. It derives from DefaultPlan and hides what it wants
// otherwise.
#pragma once

#include <limits>
#include <string_view>

#include "sluice/graph/node.hpp"

namespace sluice::inline SLUICE_ABI {

// The backend's choice: legal and good without measurement. Faster primitives may take more room for the weights than a
// checkpoint's float32 values do, but no more than `most_weights` times as much in all.
struct DefaultPlan {
    static constexpr double most_weights = 1.5;
    // The rounding error that a layer may have, in those of the direct convolution: 1 allows nothing else, 2 Winograd's
    // F(2x2, 3x3), 10 also F(4x4, 3x3) and F(2x2, 5x5), 25 also F(6x6, 3x3). Each primitive declares its own.
    static constexpr double most_error = 10;
    // Whether large maps that only the next layer reads come into being a strip of rows at a time: graph/strips.hpp.
    static constexpr bool strips = true;
    static constexpr std::string_view primitive(int /*node*/, const graph::Node&) { return {}; }
};

// Asked for speed: the backend's choice wherever it saves time, whatever room the weights take. F(6x6, 3x3) belongs here:
// it saves a fifth of F(4x4)'s time on large maps, for more than twice the rounding error and 25 KiB more of code.
struct FastPlan : DefaultPlan {
    static constexpr double most_error = 25;
    static constexpr double most_weights = std::numeric_limits<double>::infinity();
};

// Asked for less to read: layers whose time goes into reading weights have theirs in half the room, as bfloat16. Logits
// are then off by thousandths, not millionths.
struct Bf16Plan : DefaultPlan {
    static constexpr double most_error = std::numeric_limits<double>::infinity();
};

// One primitive for all layers, each map as a whole: UniformPlan<"reference"> is the yardstick that benchmarks verify against.
template <Text<23> name>
struct UniformPlan : DefaultPlan {
    static constexpr bool strips = false;
    static constexpr std::string_view primitive(int, const graph::Node&) { return name.view(); }
};

}  // namespace sluice
