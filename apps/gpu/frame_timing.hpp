// Verify, then time, on a GPU: a frame of a mask, its first one, and one that follows another mask's.
#pragma once

#include <string>
#include <vector>

#include "gpu/engines.hpp"

namespace sluice::tools {

struct GpuTiming {
    double relative_difference = 0;  // largest of all images, from what was expected, of the largest logit
    int frames = 0;
    double least_ms = 0, median_ms = 0;  // a frame: images to the GPU, one launch, logits back
    double first_ms = 0;                 // the mask's first frame, kernel by kernel and recorded
    double switched_ms = 0;  // least, of a frame after another mask's: beside least_ms, what a change of gates takes
};

struct GpuFrame {
    std::string name;  // for messages
    nvidia::Precision precision = nvidia::Precision::float32;
    std::vector<float> images, expected;  // of the whole batch
    Gates gates;
};

// Throws a Failure with Exit::verification, and times nothing, if any logit is off by more than the precision's
// tolerance.
GpuTiming time_gpu_frames(GpuSession& session, const GpuFrame& frame);

}  // namespace sluice::tools
