// How fast the machine reads memory that lies in no cache: vectors from one end of a long buffer to the other, nothing
// else. Benchmarks state the rates of layers as a share of what this and the FMA peak allow.
#pragma once

#include <algorithm>
#include <atomic>
#include <limits>

#include "machine.hpp"
#include "sluice/core/executor.hpp"
#include "sluice/host_memory.hpp"
#include "sluice_kernels/direct/unroll.hpp"
#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/map.hpp"
#include "trace.hpp"

namespace sluice::tools {

// Eight loads are under way before the first must have come, and what comes 16 KiB later is asked for, since the
// processor's own prefetching ends with each page of 4 KiB.
inline constexpr int stream_loads = 8;
inline constexpr int stream_ahead = 16 << 10;                                  // bytes
inline constexpr int stream_step = stream_loads * isa::native::Vector::width;  // floats

inline float stream_sum(const float* from, const float* end) {
    using V = isa::native::Vector;
    V sum[stream_loads];
    std::fill_n(sum, stream_loads, V::zero());
    for (; from != end; from += stream_step)
        kernels::unroll<stream_loads>([&](auto i) {
            __builtin_prefetch(reinterpret_cast<const char*>(from + i * V::width) + stream_ahead, 0, 2);
            sum[i] = sum[i] + V::load(from + i * V::width);
        });
    for (int i = 1; i < stream_loads; ++i) sum[0] = sum[0] + sum[i];
    float lanes[V::width];
    sum[0].store(lanes);
    return *std::max_element(lanes, lanes + V::width);
}

// Eight times the last-level cache, so that nothing of it is left there from one pass to the next: of a buffer of four
// times their size, caches that keep what proved useful still serve a part. Not below 64 MiB, since some systems do not say
// how large their caches are. Not above 512 MiB, which others may need more urgently: where the cache is larger than an
// eighth of that, it serves some of what is read.
inline std::size_t stream_bytes(const Machine& m) {
    long long largest = 0;
    for (const Cache& c : m.caches) largest = std::max(largest, c.bytes);
    return static_cast<std::size_t>(std::clamp(8 * largest, 64LL << 20, 512LL << 20));
}

// Bytes per second of all the executor's threads together: the best of ten passes through the buffer, or of those of
// 0.2 s. A whole pass and not the best part of one, since a part may lie in the last-level cache.
inline double read_bandwidth(const Executor& executor, std::size_t bytes) {
    const HostMemory memory({.weights = bytes});  // in such pages as an engine's weights
    auto* const floats = reinterpret_cast<float*>(Memory(memory).weights.data());
    const int steps = static_cast<int>(bytes / sizeof(float) / stream_step);
    const auto at = [&](int part) {
        return floats + std::ptrdiff_t(kernels::share(steps, part, executor.parts)) * stream_step;
    };
    // Pages that nobody has written are all the same page of zeros.
    executor([&](int i) { std::fill(at(i), at(i + 1), 0.0f); });
    std::atomic<float> sink{0};  // keeps the compiler from leaving the work out
    double least = std::numeric_limits<double>::infinity(), all = 0;
    for (int pass = 0; pass < 10 || all < 0.2; ++pass) {
        const auto start = Clock::now();
        executor([&](int i) { sink = stream_sum(at(i), at(i + 1)); });
        const double s = seconds_since(start);
        least = std::min(least, s);
        all += s;
    }
    return static_cast<double>(steps) * stream_step * sizeof(float) / least;
}

}  // namespace sluice::tools
