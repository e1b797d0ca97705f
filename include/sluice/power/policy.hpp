// Which level of skipping and which clock: Algorithm 2 of Chan et al., and the search over all pairs beside it.
#pragma once

#include "sluice/power/choice.hpp"

namespace sluice::inline SLUICE_ABI::power {

// Three sentences of the paper can be read in two ways. The first way of each is what makes sense and the default; the
// second is what the words say. docs/power.md quotes them.
struct Reading {
    // "The largest layer skipping ratio": the fewest layers that remain; or the largest ratio r of remaining layers.
    enum class Ratio { least_remaining, largest } ratio = Ratio::least_remaining;
    // a(r) against the threshold: a loss of at most that of the accuracy floor; or of at least it.
    enum class Loss { at_most, at_least } loss = Loss::at_most;
    // tau(f) against the deadline: of the network with this ratio; or of the clock alone, that is of the whole network.
    enum class Time { of_level, of_clock } time = Time::of_level;
};

namespace detail {

struct Admission {
    const Grid& grid;
    const Demand& demand;
    const Reading& reading;

    constexpr bool ratio(int l) const { return grid.level(l).ratio >= demand.ratio_min; }
    constexpr bool accuracy(int l) const {
        const double a = grid.level(l).accuracy;
        return reading.loss == Reading::Loss::at_most ? a >= demand.accuracy_min : a <= demand.accuracy_min;
    }
    constexpr bool level(int l) const { return ratio(l) && accuracy(l); }
    constexpr double tau_s(int l, int c) const {
        return grid.cost(reading.time == Reading::Time::of_level ? l : grid.level_count() - 1, c).tau_s;
    }
    constexpr bool latency(int l, int c) const { return tau_s(l, c) <= demand.deadline_s; }
    constexpr bool pair(int l, int c) const { return latency(l, c) && grid.cost(l, c).energy_j <= demand.energy_max_j; }

    // Why there is no pair among the levels from first to last, those that are not admissible left out.
    constexpr Choice refusal(int first, int last) const {
        double ratio_best = 0, accuracy_best = -1, tau_best = unlimited, energy_best = unlimited;
        bool any_ratio = false, any_level = false;
        for (int l = first; l <= last; ++l) {
            if (grid.level(l).ratio > ratio_best) ratio_best = grid.level(l).ratio;
            if (!ratio(l)) continue;
            any_ratio = true;
            const double a = grid.level(l).accuracy;
            if (accuracy_best < 0 || (reading.loss == Reading::Loss::at_most ? a > accuracy_best : a < accuracy_best))
                accuracy_best = a;
            if (!accuracy(l)) continue;
            any_level = true;
            for (int c = 0; c < grid.clock_count(); ++c) {
                if (tau_s(l, c) < tau_best) tau_best = tau_s(l, c);
                if (latency(l, c) && grid.cost(l, c).energy_j < energy_best) energy_best = grid.cost(l, c).energy_j;
            }
        }
        if (!any_ratio) return infeasible(Limit::ratio, ratio_best, demand.ratio_min);
        if (!any_level) return infeasible(Limit::accuracy, accuracy_best, demand.accuracy_min);
        if (tau_best > demand.deadline_s) return infeasible(Limit::latency, tau_best, demand.deadline_s);
        return infeasible(Limit::energy, energy_best, demand.energy_max_j);
    }
};

constexpr Choice chosen(const Grid& grid, int l, int c) { return {.level = l, .clock = c, .cost = grid.cost(l, c)}; }

}  // namespace detail

// Every pair is looked at: O(levels · clocks). The grid and the demand must have passed check().
constexpr Choice joint_scan(const Grid& grid, const Demand& demand, const Reading& reading = {}) {
    const detail::Admission admits{grid, demand, reading};
    int level = -1, clock = -1;
    for (int l = 0; l < grid.level_count(); ++l)
        for (int c = 0; c < grid.clock_count(); ++c)
            if (admits.level(l) && admits.pair(l, c) &&
                (level < 0 || better(grid, demand.objective, l, c, level, clock)))
                level = l, clock = c;
    return level < 0 ? admits.refusal(0, grid.level_count() - 1) : detail::chosen(grid, level, clock);
}

// First the level, by accuracy alone; then its clock, by the budgets and the objective: O(levels + clocks). The same
// pair as joint_scan()'s if neither time nor energy falls with the ratio at any clock, however the accuracy goes up and
// down. With accuracy as the objective the most accurate level that has a clock within the budgets is taken.
constexpr Choice algorithm2(const Grid& grid, const Demand& demand, const Reading& reading = {}) {
    const detail::Admission admits{grid, demand, reading};
    const auto clock_for = [&](int l) {
        int clock = -1;
        for (int c = 0; c < grid.clock_count(); ++c)
            if (admits.pair(l, c) && (clock < 0 || better(grid, demand.objective, l, c, l, clock))) clock = c;
        return clock;
    };
    int level = -1;
    for (int l = 0; l < grid.level_count(); ++l) {
        if (!admits.level(l)) continue;
        if (demand.objective == Objective::accuracy) {
            const int c = clock_for(l);
            if (c >= 0 && (level < 0 || better(grid, demand.objective, l, c, level, clock_for(level)))) level = l;
        } else if (level < 0 || reading.ratio == Reading::Ratio::largest) {
            level = l;
        }
    }
    if (level < 0) return admits.refusal(0, grid.level_count() - 1);
    const int clock = clock_for(level);
    return clock < 0 ? admits.refusal(level, level) : detail::chosen(grid, level, clock);
}

}  // namespace sluice
