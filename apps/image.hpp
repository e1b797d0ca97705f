// The one image that a command runs, [C][H][W] as a network takes it: made up from a seed, or read from an .npy file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/core/shape.hpp"

namespace sluice::tools {

std::vector<float> generated_image(const Shape& shape, std::uint64_t seed);

// Throws a Failure that names the file: float32 of this very shape, as numpy.save writes it.
std::vector<float> image_from_npy(const std::string& path, const Shape& shape);

}  // namespace sluice::tools
