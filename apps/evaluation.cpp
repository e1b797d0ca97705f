#include "evaluation.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "failure.hpp"

namespace sluice::tools {

namespace {

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

double Answers::top1(const Cifar10& data, std::size_t images) const {
    std::size_t right = 0;
    for (std::size_t i = 0; i < images; ++i) right += predicted[i] == data.label(i) ? 1 : 0;
    return 100.0 * static_cast<double>(right) / static_cast<double>(images);
}

Answers Evaluation::run(const MaskChoice& mask, std::size_t images, Progress& progress, std::size_t done_before) const {
    constexpr std::size_t classes = Cifar10::classes, floats = Cifar10::channels * Cifar10::pixels;
    Answers a{std::vector<int>(images), std::vector<float>(images * classes)};
    std::vector<double> frame_s(images);
    std::vector<Status> status(static_cast<std::size_t>(threads));
    // All memory is there before the threads start: nothing in them throws.
    std::vector<std::vector<float>> input(status.size(), std::vector<float>(floats));
    std::atomic<std::size_t> next{0};

    const auto work = [&](std::size_t slot) {
        for (std::size_t i; (i = next.fetch_add(1)) < images;) {
            normalisation(data.planes(i), Cifar10::pixels, input[slot].data());
            const auto start = Clock::now();
            const auto logits = session.run(input[slot], mask.gates,
                                            {.slot = static_cast<int>(slot), .default_statistics = default_statistics});
            frame_s[i] = seconds_since(start);
            if (!logits) {
                status[slot] = logits.status();
                next = images;  // nobody needs to go on
                return;
            }
            std::copy(logits->begin(), logits->end(), a.logits.begin() + static_cast<std::ptrdiff_t>(i * classes));
            a.predicted[i] = static_cast<int>(std::max_element(logits->begin(), logits->end()) - logits->begin());
            if (slot == 0) progress.at(done_before + i);
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::size_t slot = 1; slot < status.size(); ++slot) others.emplace_back(work, slot);
        work(0);
    }
    for (const Status& s : status) check(s, "--" + mask.option + " " + mask.given);
    a.median_ms = 1e3 * median(std::move(frame_s));
    return a;
}

}  // namespace sluice::tools
