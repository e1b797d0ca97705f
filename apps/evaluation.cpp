#include "evaluation.hpp"

#include <algorithm>
#include <atomic>
#include <iostream>
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

std::size_t Answers::right(const Cifar10& data, std::size_t images) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < images; ++i) count += predicted[i] == data.label(i) ? 1 : 0;
    return count;
}

double Answers::top1(const Cifar10& data, std::size_t images) const {
    return 100.0 * static_cast<double>(right(data, images)) / static_cast<double>(images);
}

void check_images(const AnyNetwork& network) {
    const Shape cifar{Cifar10::channels, Cifar10::side, Cifar10::side};
    const AnyNetwork::Facts& f = network.facts;
    if (f.input != cifar || f.classes != Cifar10::classes)
        fail(Exit::usage, "--net ", f.name, ": expected a network for CIFAR-10, ", cifar.text().c_str(),
             " images and 10 classes; this one has ", f.input.text().c_str(), " and ", f.classes);
}

void check_limit(std::optional<long long> limit) {
    if (limit && *limit < 1) fail(Exit::usage, "--limit: expected at least 1 image, found ", *limit);
}

std::size_t images_to_run(std::optional<long long> limit, const Cifar10& data) {
    if (!limit) return data.size();
    const auto images = static_cast<std::size_t>(*limit);
    if (images <= data.size()) return images;
    std::cerr << "--limit " << images << ": the data has " << data.size() << " images, all are evaluated\n";
    return data.size();
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
