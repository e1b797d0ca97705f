// Runs many images through a network with some masks: engines that share one set of weights, one on each thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "labelled_images.hpp"
#include "masks.hpp"
#include "progress.hpp"

namespace sluice::tools {

// What a network said with one mask.
struct Answers {
    std::vector<int> predicted;              // class with the largest logit, by image
    std::vector<std::size_t> before_labels;  // how many classes it found likelier than the label, by image
    std::vector<float> logits;               // [images][classes], or empty
    double median_ms = 0;                    // of a frame on one engine, while the others ran too

    // How many of the first `images` have their label among the first k classes, and how many per cent of them.
    std::size_t right(std::size_t images, std::size_t k = 1) const;
    double top(std::size_t k, std::size_t images) const;
};

// --limit: at least one image if it is given, and never more than the data have.
void check_limit(std::optional<long long> limit);
std::size_t images_to_run(std::optional<long long> limit, const LabelledImages& data);

struct Evaluation {
    const LabelledImages& data;
    const Normalisation& normalisation;
    Session& session;  // with a slot for every thread
    int threads = 1;
    bool default_statistics = false;
    std::size_t kept_logits = 0;  // of each image with the first mask: all its classes, or none

    // Every image is made ready once and runs with every mask; only the engine is timed. Throws a Failure if the
    // engine refuses a mask, an image cannot be read, or a logit is no number: that of the first such image, however
    // many threads there are.
    std::vector<Answers> run(std::span<const MaskChoice> masks, std::size_t images, Progress& progress,
                             std::size_t done_before = 0) const;
};

}  // namespace sluice::tools
