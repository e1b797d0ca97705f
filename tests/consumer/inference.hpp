// What the rest of the firmware sees of the network: no template, no sluice header.
#pragma once

#include <cstddef>
#include <span>

struct Footprint {
    std::size_t weights, activations, workspace;
};
extern const Footprint footprint;

// Null, or what is wrong with the weights file.
const char* load(std::span<const std::byte> file);

// The class of a normalised 3x32x32 image, or -1.
int classify(std::span<const float> image);
