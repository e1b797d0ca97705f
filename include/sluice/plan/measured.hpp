// What a plan that `./run plan` wrote says of itself, to be held against the engine that uses it.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

#include "sluice/plan/fingerprint.hpp"

namespace sluice::inline SLUICE_ABI {

template <class Plan>
concept MeasuredPlan = requires {
    { Plan::network } -> std::convertible_to<std::string_view>;
    { Plan::isa } -> std::convertible_to<std::string_view>;
    { Plan::fingerprint } -> std::convertible_to<std::uint64_t>;
    { Plan::threads } -> std::convertible_to<int>;
    { Plan::workspace_bytes } -> std::convertible_to<std::size_t>;
    { Plan::persistent_bytes } -> std::convertible_to<std::size_t>;
};

// Whether a plan was made for this network. Plans that were not measured are for every one.
template <class Plan>
constexpr bool is_plan_of(const graph::View& net) {
    if constexpr (MeasuredPlan<Plan>)
        return Plan::fingerprint == fingerprint(net);
    else
        return true;
}

// Whether a program has the bytes that its plan promised: scratch of one part of the executor, and packed weights. Both
// depend on the length of vectors, so a plan promises them for its own instruction set only; it runs on every other
// one.
template <class Plan>
constexpr bool keeps_to_plan(std::string_view isa, std::size_t workspace, std::size_t packed_weights) {
    if constexpr (MeasuredPlan<Plan>)
        return isa != Plan::isa ||
               (workspace * Plan::threads == Plan::workspace_bytes && packed_weights == Plan::persistent_bytes);
    else
        return true;
}

}  // namespace sluice
