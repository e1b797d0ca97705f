#include "evaluation.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <iostream>
#include <thread>

#include "failure.hpp"
#include "guesses.hpp"

namespace sluice::tools {

namespace {

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// Where a thread could not go on.
struct Stop {
    std::size_t image;
    std::exception_ptr why;
};

}  // namespace

std::size_t Answers::right(std::size_t images, std::size_t k) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(std::span(before_labels).first(images), [k](std::size_t before) { return before < k; }));
}

double Answers::top(std::size_t k, std::size_t images) const {
    return 100.0 * static_cast<double>(right(images, k)) / static_cast<double>(images);
}

void check_limit(std::optional<long long> limit) {
    if (limit && *limit < 1) fail(Exit::usage, "--limit: expected at least 1 image, found ", *limit);
}

std::size_t images_to_run(std::optional<long long> limit, const LabelledImages& data) {
    if (!limit) return data.size();
    const auto images = static_cast<std::size_t>(*limit);
    if (images <= data.size()) return images;
    std::cerr << "--limit " << images << ": the data has " << data.size() << " images, all are evaluated\n";
    return data.size();
}

std::vector<Answers> Evaluation::run(std::span<const MaskChoice> masks, std::size_t images, Progress& progress,
                                     std::size_t done_before) const {
    std::vector<Answers> answers(masks.size());
    for (Answers& a : answers) a.predicted.resize(images), a.before_labels.resize(images);
    answers.front().logits.resize(images * kept_logits);
    std::vector<std::vector<double>> frame_s(masks.size(), std::vector<double>(images));

    const auto run_frame = [&](const std::vector<float>& input, std::size_t i, std::size_t m, std::size_t slot) {
        const auto start = Clock::now();
        const auto frame = session.run(input, masks[m].gates,
                                       {.slot = static_cast<int>(slot), .default_statistics = default_statistics});
        frame_s[m][i] = seconds_since(start);
        check(frame.status(), masks[m].asked());
        const std::span<const float> logits = finite(*frame, masks[m].asked());
        Answers& a = answers[m];
        if (!a.logits.empty())
            std::ranges::copy(logits, a.logits.begin() + static_cast<std::ptrdiff_t>(i * kept_logits));
        a.predicted[i] = static_cast<int>(std::ranges::max_element(logits) - logits.begin());
        a.before_labels[i] = classes_before(logits, static_cast<std::size_t>(data.label(i)));
    };
    std::atomic<std::size_t> next{0};
    std::vector<Stop> stops(static_cast<std::size_t>(threads), {images, {}});
    const auto work = [&](std::size_t slot) {
        for (std::size_t i; (i = next.fetch_add(1)) < images;) {
            try {
                const std::vector<float> input = data.input(i, normalisation);
                for (std::size_t m = 0; m < masks.size(); ++m) run_frame(input, i, m, slot);
            } catch (...) {
                stops[slot] = {i, std::current_exception()};
                next = images;  // those before i are all taken, and nobody needs to go on behind it
                return;
            }
            if (slot == 0) progress.at(done_before + i * masks.size());
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::size_t slot = 1; slot < stops.size(); ++slot) others.emplace_back(work, slot);
        work(0);
    }
    const Stop& first = *std::ranges::min_element(stops, {}, &Stop::image);
    if (first.why) std::rethrow_exception(first.why);
    for (std::size_t m = 0; m < masks.size(); ++m) answers[m].median_ms = 1e3 * median(std::move(frame_s[m]));
    return answers;
}

}  // namespace sluice::tools
