#include "frame_loop.hpp"

#include <iostream>
#include <memory>

#include "failure.hpp"
#include "guesses.hpp"

namespace sluice::tools {

std::size_t FrameLoop::right(const std::vector<std::vector<float>>& images, std::size_t at, const SkipLevel& level) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const auto logits = session_.run(images[i], level.mask.gates, {});
        check(logits.status(), level.mask.asked());
        count +=
            classes_before(finite(*logits, level.mask.asked()), static_cast<std::size_t>(data_.label(at + i))) == 0;
    }
    return count;
}

Outcome FrameLoop::run(const Target& target, EnergyMeter& meter, const Stop& stop,
                       const std::function<void(const Frame&)>& seen) {
    const std::vector<double>& clocks = clock_.hz();
    const double now_hz = clocks.back();  // at which the levels were measured
    std::vector<power::Level> levels;
    std::vector<power::Cost> costs;
    for (const SkipLevel& l : levels_) {
        levels.push_back({l.ratio, l.accuracy});
        const power::Work work{l.frame_s * static_cast<double>(target.images_per_frame) * now_hz};
        for (double hz : clocks) {
            const double tau = work.tau_s(hz);
            costs.push_back({tau, preset_.device.power_w(preset_hz(hz)) * tau});
        }
    }
    const power::Grid grid{levels, clocks, costs};
    check(power::check(grid), "levels");
    if (const Status s = power::check_monotone(grid); !s) std::cerr << s.message() << '\n';
    if (!target.whole)
        if (const auto choice = power::joint_scan(grid, target.demand); !choice)
            fail(Exit::infeasible, power::status(choice, target.demand).message());
    const auto table = std::make_unique<const Table>(grid, target.demand);
    power::Controller controller(*table);
    const auto whole = static_cast<std::int16_t>(levels.size() - 1),
               highest = static_cast<std::int16_t>(clocks.size() - 1);
    const Table::Entry all{grid.cost(whole, highest).tau_s, whole, highest};

    Outcome outcome;
    const auto start = Clock::now();
    double sampled_s = -1;
    for (std::size_t n = 0; n < target.frames && !stop.asked(); ++n) {
        if (const double s = seconds_since(start); s - sampled_s > 0.1) meter.sample(sampled_s = s);
        std::vector<std::vector<float>> images;
        const std::size_t frames = (data_.size() - first_) / target.images_per_frame;
        const std::size_t at = first_ + n % frames * target.images_per_frame;
        for (std::size_t i = 0; i < target.images_per_frame; ++i) images.push_back(data_.input(at + i, normalisation_));

        const auto begin = Clock::now();
        const auto choice = controller.choose(target.demand.accuracy_min, target.demand.deadline_s);
        const Table::Entry& e = target.whole ? all : *choice.entry;
        outcome.policy_s += seconds_since(begin);
        const auto level = static_cast<std::size_t>(e.level), c = static_cast<std::size_t>(e.clock);
        clock_.set(clocks.at(c));
        Frame f{.number = n, .level = level, .clock_hz = clocks[c], .expected_s = grid.cost(e.level, e.clock).tau_s};
        f.right = right(images, at, levels_[level]);
        f.took_s = seconds_since(begin);
        f.late = f.took_s > target.demand.deadline_s;
        f.in_time_expected = choice.in_time;
        const auto again = Clock::now();
        controller.saw(f.expected_s, f.took_s);
        outcome.policy_s += seconds_since(again);
        f.slowdown = controller.slowdown();

        outcome.modelled_j += preset_.device.power_w(preset_hz(f.clock_hz)) * f.took_s;
        if (outcome.clock_complaint.empty() && n % 50 == 49) outcome.clock_complaint = clock_.complaint();
        outcome.frames.push_back(f);
        seen(f);
    }
    meter.sample(seconds_since(start));
    outcome.stopped = stop.asked();
    return outcome;
}

}  // namespace sluice::tools
