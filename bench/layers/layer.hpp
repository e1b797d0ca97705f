// Layer: a convolution as a network has it, with the maps lying as they do in that network's arena.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice_kernels/primitive.hpp"

namespace sluice::bench {

struct Layer {
    std::string name;   // of the first one in the network with this shape
    std::string shape;  // for people, and what layers are told apart by
    int count = 1;      // how many layers have it
    kernels::Conv conv;
    std::int64_t macs = 0;
    std::int64_t in = 0, out = 0, add = 0;  // pixel (0, 0) of each map, in floats from the start of the arena
};

struct NetworkLayers {
    std::string name;
    std::int64_t arena = 0;     // floats
    std::vector<Layer> layers;  // in network order, each shape once
};

// Of the network that the program was made for: network.cpp.
NetworkLayers network_layers();

}  // namespace sluice::bench
