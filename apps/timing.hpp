// Verify, then time: how long a frame takes, and only if its logits are right.
#pragma once

#include "masks.hpp"
#include "weights.hpp"

namespace sluice::tools {

struct Timing {
    double relative_difference = 0;  // largest, from the reference primitive's logits, of the largest logit
    int frames = 0;
    double least_ms = 0, median_ms = 0;
    std::vector<double> layer_s;  // least, by node; empty unless asked for, infinite for a node that did not run
};

// Throws a Failure with Exit::verification, and times nothing, if any logit is off by more than 1e-4 of the largest.
Timing time_frames(const AnyNetwork& network, const Weights& weights, Primitives primitives, const MaskChoice& mask,
                   const Executor& executor, bool layers);

}  // namespace sluice::tools
