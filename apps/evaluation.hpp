// Runs many images through a network with one mask: engines that share one set of weights, one on each thread.
#pragma once

#include <optional>
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

    // How many of the first `images` have the prediction that is their label, and how many per cent of them.
    std::size_t right(const Cifar10& data, std::size_t images) const;
    double top1(const Cifar10& data, std::size_t images) const;
};

// Throws a Failure unless the network is one for CIFAR-10.
void check_images(const AnyNetwork& network);

// --limit: at least one image if it is given, and never more than the data have.
void check_limit(std::optional<long long> limit);
std::size_t images_to_run(std::optional<long long> limit, const Cifar10& data);

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
