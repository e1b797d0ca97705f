// Every primitive of the list, and Eigen's GEMM beside them, on every layer of a network, as Google Benchmarks.
#pragma once

#include <cstddef>

#include "layers/layer.hpp"
#include "sluice/core/executor.hpp"

namespace sluice::bench {

struct Conditions {
    Executor executor;
    std::size_t ring = 0;  // bytes of weights that runs take turns with; 0: all use the same
    double tolerance = 0;  // of the largest output, for a primitive with the rounding error of the direct convolution
};

// Registers them by the names layer/primitive. Each verifies its result before it is timed, and is an error instead of
// a time if that is wrong. Both arguments must stay until the benchmarks have run.
void register_timings(const NetworkLayers&, const Conditions&);

// How many results were wrong.
int refusals();

}  // namespace sluice::bench
