// Trace: the least time that each node of a network took, over all frames it was handed to.
#pragma once

#include <chrono>
#include <limits>
#include <vector>

namespace sluice::tools {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Trace {
    std::vector<double> least_s;  // by node; infinite for one that never ran

    explicit Trace(std::size_t nodes) : least_s(nodes, std::numeric_limits<double>::infinity()) {}

    // Engine::run's observer. Two readings of the clock a step, about 50 ns: time whole frames without it.
    template <class Call>
    void operator()(int node, Call&& call) {
        const auto start = Clock::now();
        call();
        const double s = seconds_since(start);
        double& least = least_s[static_cast<std::size_t>(node)];
        if (s < least) least = s;
    }
};

}  // namespace sluice::tools
