// What a network for classification sees of a photograph: its centre, at the size the network was made for. The pixels
// are those of torchvision's Resize (bilinear, antialiased) and CenterCrop on a Pillow image, bit for bit.
#pragma once

#include "picture.hpp"

namespace sluice::tools {

struct Preprocessing {
    std::size_t shorter_side = 0;       // resize to this first, keeping the proportions; 0: the size stays as it is
    std::size_t width = 0, height = 0;  // then cut this out of the centre, with black around what is smaller
};

Picture preprocess(const Picture& picture, const Preprocessing& o);

}  // namespace sluice::tools
