// The options that choose which blocks run, and the masks they mean for one network.
#pragma once

#include <string>
#include <vector>

#include "network.hpp"

namespace sluice::tools {

struct MaskChoice {
    std::string option, given;  // "keep", "0.8": as the user wrote it
    Gates gates;
    Cost cost;

    std::string asked() const;  // "--keep 0.8", for messages
    std::string bits() const;   // "1101": one digit for each gate
    std::string kept() const;   // "3,8,36,3"
};

struct MaskOptions {
    std::vector<std::string> keep;    // "1.0,0.8,0.5": share of each group's blocks
    std::vector<std::string> groups;  // "0:8,2:5": group 0 keeps 8 blocks, group 2 keeps 5, the others all
    std::vector<std::string> tuples;  // "3,8,36,3": blocks that each group keeps
    std::vector<std::string> bits;    // "1101": one digit for each gate

    // In the order keep, groups, tuple, mask. The whole network if nothing was asked for.
    std::vector<MaskChoice> choices(const AnyNetwork& network) const;
};

}  // namespace sluice::tools
