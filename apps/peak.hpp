// The most floating-point operations a second that the compiled instruction set does on this machine: multiply-adds
// from registers to registers, nothing else. Benchmarks state their rates as a share of it.
#pragma once

#include <algorithm>
#include <atomic>
#include <utility>

#include "sluice/core/executor.hpp"
#include "sluice_kernels/isa/isa.hpp"
#include "trace.hpp"

namespace sluice::tools {

// Twelve chains: latency 4 times 2 units needs eight of them, and with 16 registers twelve do not spill.
inline constexpr std::size_t fma_chains = 12;
inline constexpr double flops_per_step = 2.0 * fma_chains * isa::native::Vector::width;

// Every chain begins with a number of its own that the compiler cannot know, else it might compute one for all; each
// keeps it, since the product is too small to count: no infinities, no subnormal numbers. The result takes the addend's
// place, as in kernels: ARM has no multiply-add that overwrites a factor.
template <std::size_t... chain>
float fma_steps(long steps, std::index_sequence<chain...>) {
    using V = isa::native::Vector;
    volatile float factor = 0x1p-30f, begin = 0.5f;
    const V a = V::broadcast(factor);
    V sum[] = {V::broadcast(begin + static_cast<float>(chain))...};
    for (long i = 0; i < steps; ++i) ((sum[chain] = fma(sum[chain], a, sum[chain])), ...);
    V total = V::zero();
    ((total = total + sum[chain]), ...);
    float lanes[V::width];
    total.store(lanes);
    return *std::max_element(lanes, lanes + V::width);
}

// Operations per second of all the executor's threads together. Takes about 0.1 s: the best of many short bursts, since
// whatever else the machine does only ever makes one slower.
inline double fma_peak(const Executor& executor = {}) {
    std::atomic<float> sink{0};  // keeps the compiler from leaving the work out
    const auto burst_s = [&](long steps) {
        const auto start = Clock::now();
        executor([&](int) { sink = fma_steps(steps, std::make_index_sequence<fma_chains>()); });
        return seconds_since(start);
    };
    long steps = 1000;
    while (burst_s(steps) < 2e-3) steps *= 2;
    double least = burst_s(steps);
    for (int i = 0; i < 40; ++i) least = std::min(least, burst_s(steps));
    return flops_per_step * static_cast<double>(steps) * executor.parts / least;
}

}  // namespace sluice::tools
