// The real Api: CUDA's runtime, cuDNN, and our own kernels. The one file of the library that nvcc compiles.
#include "sluice_kernels/cuda/convolutions.cuh"
#include "sluice_kernels/cuda/launches.cuh"
#include "sluice_kernels/cuda/recording.cuh"

namespace sluice::nvidia {

extern const Api api = {
    .open = open,
    .close = close,
    .text = text,
    .identify = identify,
    .allocate = allocate,
    .release = release,
    .allocate_pinned = allocate_pinned,
    .release_pinned = release_pinned,
    .copy = copy,
    .wait = wait,
    .begin_recording = begin_recording,
    .end_recording = end_recording,
    .launch = launch,
    .mark = mark,
    .enable = enable,
    .discard = discard,
    .plan_conv = plan_conv,
    .discard_conv = discard_conv,
    .algorithms = algorithms,
    .conv = conv,
    .fused = fused,
    .image = image,
    .result = result,
    .epilogue = epilogue,
    .max_pool = max_pool,
    .average_pool = average_pool,
    .subsample = subsample,
    .pad = pad,
};

}  // namespace sluice::nvidia
