// Runs many images through a network with one mask: engines that share one set of weights, one on each thread.
#pragma once

#include <vector>

#include "cifar10.hpp"
#include "masks.hpp"
#include "normalisation.hpp"
#include "progress.hpp"

namespace sluice::tools {

struct Answers {
    std::vector<int> predicted;  // class with the largest logit, by image
    std::vector<float> logits;   // [images][classes]
    double median_ms = 0;        // of a frame on one engine, while the others ran too

    // Per cent of the first `images` whose prediction is the label.
    double top1(const Cifar10& data, std::size_t images) const;
};

struct Evaluation {
    const Cifar10& data;
    const Normalisation& normalisation;
    Session& session;  // with a slot for every thread
    int threads = 1;
    bool default_statistics = false;

    // Throws a Failure if the engine refuses the mask.
    Answers run(const MaskChoice& mask, std::size_t images, Progress& progress, std::size_t done_before) const;
};

}  // namespace sluice::tools
