// What `sluice bench --device cuda` measures: networks, precisions, batches and masks, each verified before it is
// timed.
#pragma once

#include "failure.hpp"
#include "gpu/options.hpp"
#include "gpu/frame_timing.hpp"
#include "masks.hpp"
#include "sluice_kernels/cuda/handle.hpp"

namespace sluice::tools {

struct GpuRow {
    std::string network;
    nvidia::Precision precision = nvidia::Precision::float32;
    int batch = 1;
    MaskChoice mask;
    MemorySize memory;
    GpuTiming timing;
};

// What gave no time, and why.
struct GpuGap {
    std::string network;
    nvidia::Precision precision = nvidia::Precision::float32;
    int batch = 1;
    Exit code = Exit::failure;
    std::string reason;
};

struct GpuReport {
    nvidia::Identity gpu;
    cuda::ShutGates shut = cuda::ShutGates::left_out;
    std::vector<GpuRow> rows;
    std::vector<GpuGap> gaps;
};

// What goes wrong with one engine leaves a gap if there are others; its sentence goes to stderr.
GpuReport measure_on_gpu(const cuda::Session& session, const BenchOptions& o);

std::string json_text(const GpuReport& report);

}  // namespace sluice::tools
