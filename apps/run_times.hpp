// time_runs(): how long something takes, from many runs of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "trace.hpp"

namespace sluice::tools {

struct RunTimes {
    std::int64_t median_ns = 0, least_ns = 0;
    std::int64_t spread_ns = 0;  // third quartile less the first

    // Of two moments: whatever else a machine does only ever makes it slower, so the one of the lesser median counts.
    RunTimes quieter(const RunTimes& other) const {
        RunTimes r = median_ns <= other.median_ns ? *this : other;
        r.least_ns = std::min(least_ns, other.least_ns);
        return r;
    }
};

// Seven runs at least, unless they take too long; then as many as fit into the time.
template <class Run>
RunTimes time_runs(Run run) {
    constexpr int fewest_runs = 7, most_runs = 1000;
    constexpr double enough_s = 0.03, too_long_s = 0.75;
    run();  // the code, the maps and the pages are there from now on
    std::vector<std::int64_t> ns;
    const auto begin = Clock::now();
    const auto done = [&](int runs) {
        const double s = seconds_since(begin);
        return runs > 0 && (s >= too_long_s || (runs >= fewest_runs && s >= enough_s));
    };
    for (int i = 0; i < most_runs && !done(i); ++i) {
        const auto start = Clock::now();
        run();
        ns.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
    }
    std::sort(ns.begin(), ns.end());
    const auto at = [&](std::size_t quarters) { return std::max<std::int64_t>(1, ns[(ns.size() - 1) * quarters / 4]); };
    return {at(2), at(0), at(3) - at(1)};
}

}  // namespace sluice::tools
