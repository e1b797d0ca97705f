// The classes that a network finds most likely.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "failure.hpp"

namespace sluice::tools {

struct Guess {
    std::size_t index = 0;  // of the class
    double probability = 0;
    float logit = 0;
};

// The logits, of which every one must be a number; else a Failure. about: whose they are.
inline std::span<const float> finite(std::span<const float> logits, const std::string& about) {
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (!std::isfinite(logits[i]))
            fail(Exit::verification, about, ": the logit of class ", i, " is no finite number");
    return logits;
}

// The likeliest first; of equals the lower class. The logits must be finite. Probabilities are softmax's: they sum to 1
// over all classes.
inline std::vector<Guess> guesses(std::span<const float> logits, std::size_t count) {
    std::vector<std::size_t> order(logits.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
    // Relative to the largest, so that no power overflows.
    const auto power = [&](std::size_t i) { return std::exp(double(logits[i]) - double(logits[order.front()])); };
    double sum = 0;
    for (std::size_t i : order) sum += power(i);
    std::vector<Guess> best;
    for (std::size_t i : std::span(order).first(count)) best.push_back({i, power(i) / sum, logits[i]});
    return best;
}

// How many classes come before this one in that order.
inline std::size_t classes_before(std::span<const float> logits, std::size_t index) {
    std::size_t before = 0;
    for (std::size_t i = 0; i < logits.size(); ++i)
        before += logits[i] > logits[index] || (logits[i] == logits[index] && i < index) ? 1 : 0;
    return before;
}

}  // namespace sluice::tools
