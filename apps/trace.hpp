// Trace: the least time that each node of a network took, over all frames it was handed to.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include "sluice/core/work.hpp"

namespace sluice::tools {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Trace {
    std::vector<double> least_s;  // by node; infinite for one that never ran

    explicit Trace(std::size_t nodes) : least_s(nodes, std::numeric_limits<double>::infinity()), frame_s_(nodes) {}

    // Engine::run's observer. Two readings of the clock a step or strip, about 50 ns: time whole frames without it.
    template <class Call>
    void operator()(const Work& work, Call&& call) {
        const auto start = Clock::now();
        call();
        frame_s_[static_cast<std::size_t>(work.node)] += seconds_since(start);
    }

    void end_frame() {
        for (std::size_t i = 0; i < least_s.size(); ++i)
            if (const double s = std::exchange(frame_s_[i], 0.0); s > 0) least_s[i] = std::min(least_s[i], s);
    }

  private:
    std::vector<double> frame_s_;  // of this frame so far
};

}  // namespace sluice::tools
