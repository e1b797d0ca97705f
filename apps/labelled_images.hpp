// Images whose class is known, wherever they come from: what the accuracy of a network is measured on.
#pragma once

#include <vector>

#include "normalisation.hpp"

namespace sluice::tools {

class LabelledImages {
  public:
    virtual ~LabelledImages() = default;
    virtual std::size_t size() const = 0;
    virtual int label(std::size_t i) const = 0;
    // Image i as the network takes it, [3][H][W]. Several threads may ask at a time. Throws a Failure.
    virtual std::vector<float> input(std::size_t i, const Normalisation& normalisation) const = 0;
};

}  // namespace sluice::tools
