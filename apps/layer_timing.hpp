// time_layer(): what each primitive takes for one layer, by itself, in the state that a frame finds it in: maps in the
// caches, weights not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "run_times.hpp"
#include "sluice/core/executor.hpp"
#include "sluice/graph/memory_map.hpp"

namespace sluice::tools {

// A layer, and where its maps lie in its network's arena: distances between pixels are part of its time.
struct LayerPlace {
    graph::Node node;
    graph::Placement in, out, add;
    bool clears_halo = false;  // writes its buffer first, and that has one
};

// One primitive's, or of a layer without weights the operation's.
struct LayerCost {
    std::string primitive;
    std::string read, written;  // layouts
    RunTimes time = {};
    std::int64_t workspace_bytes = 0;   // of all parts
    std::int64_t persistent_bytes = 0;  // packed weights
    double error = 0;                   // largest difference from the reference, as a share of the largest output
};

// The engine's primitives, or the textbook's (and the engine's where a textbook has no other).
enum class PrimitiveSet { all, textbook };

// By every primitive of the set that supports the layer, in its order. ring: memory that is filled with copies of the
// weights, of which each run uses the next. Throws a Failure if a result is wrong; then nothing is timed.
std::vector<LayerCost> time_layer(const LayerPlace& layer, PrimitiveSet set, const Executor& executor,
                                  std::span<std::byte> ring);

}  // namespace sluice::tools
