// A plan is a type that says which primitive computes each layer.
#pragma once

#include <string_view>

#include "sluice/graph/node.hpp"

namespace sluice::inline SLUICE_ABI {

// The backend's choice: the first primitive of its list that supports the layer. Legal and good without measurement.
struct DefaultPlan {
    static constexpr std::string_view primitive(int /*node*/, const graph::Node&) { return {}; }
};

// One primitive for all layers: UniformPlan<"reference"> is the yardstick that benchmarks verify against.
template <Text<23> name>
struct UniformPlan {
    static constexpr std::string_view primitive(int, const graph::Node&) { return name.view(); }
};

}  // namespace sluice
