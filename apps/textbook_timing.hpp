// What the textbook's primitives take for a layer, and turning maps from one layout into another.
#pragma once

#include "layer_timing.hpp"

namespace sluice::tools {

// By each of the textbook's list that supports the layer; maps are dense. As time_layer().
std::vector<LayerCost> time_textbook(const graph::Node& layer, const Executor& executor, std::span<std::byte> ring);

// The image as it comes, CHW, copied.
LayerCost time_image(const Shape& image, const Executor& executor);

// Turning such a map from each layout into each other one: `primitive` is empty, the workspace is the copy.
std::vector<LayerCost> time_turns(const Shape& map, const Executor& executor);

}  // namespace sluice::tools
