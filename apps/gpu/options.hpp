// What `sluice bench --device cuda` is asked for, in the backend's own terms.
#pragma once

#include <vector>

#include "commands.hpp"
#include "gpu/engines.hpp"

namespace sluice::tools {

struct GpuSweep {
    std::vector<nvidia::Precision> precisions;
    std::vector<int> batches;
    cuda::ShutGates shut;
    std::size_t workspace;  // bytes
};

// Throws a Failure with Exit::usage, also for options that are the CPU's.
GpuSweep gpu_sweep(const BenchOptions& o);
// The same for the GPU's options where no GPU is asked for.
void check_no_gpu_options(const BenchOptions& o);

}  // namespace sluice::tools
