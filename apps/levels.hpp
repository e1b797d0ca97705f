// The levels of skipping that a network and its weights offer, what each takes and how often it is right.
#pragma once

#include <vector>

#include "cifar10.hpp"
#include "masks.hpp"
#include "stop.hpp"
#include "weights.hpp"

namespace sluice::tools {

struct SkipLevel {
    MaskChoice mask;
    double ratio = 1;     // the largest share of blocks that keeps this tuple, of those tried
    double accuracy = 0;  // 0 to 1
    double frame_s = 0;   // of one image, alone on the machine, at the clock that it has now
};

// Shares of 10, 20 ... 100 %, each tuple once, without those for which the weights bring no statistics. Times are
// medians over the first `images`; accuracies too, unless a file of `sluice profile-accuracy` tells them.
std::vector<SkipLevel> measured_levels(const AnyNetwork& network, const Weights& weights, Session& session,
                                       const Cifar10& data, std::size_t images, const std::string& profile,
                                       const Stop& stop);

}  // namespace sluice::tools
