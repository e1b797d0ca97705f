// GpuNetwork and GpuSession: one network of those that were compiled for a GPU, in a precision and a batch chosen at
// run time; as network.hpp for the CPU. engines_impl.hpp holds the other side.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "network.hpp"
#include "sluice_kernels/cuda/memory.hpp"
#include "sluice_kernels/cuda/recorded.hpp"

namespace sluice::tools {

// THE list of batches: each is an engine more to compile, in each precision.
inline constexpr std::array gpu_batches = {1, 8, 64, 256};

struct GpuOptions {
    nvidia::Precision precision = nvidia::Precision::float32;
    int batch = 1;
    cuda::ShutGates shut = cuda::ShutGates::left_out;
    std::size_t workspace = 0;  // bytes for cuDNN
    int settings = 0;           // of the weights file
};

// Weights on a GPU and one engine that uses them.
class GpuSession {
  public:
    virtual ~GpuSession() = default;
    virtual Status load(std::span<const std::byte> weights) = 0;
    virtual Status tune() = 0;
    // The algorithms as text, and from a text of an earlier start.
    virtual Result<std::string> choices() const = 0;
    virtual Status recall(std::string_view choices) = 0;
    // As many images as the batch has; masks without a setting run with the default statistics. The logits stay valid
    // until the next frame.
    virtual Result<std::span<const float>> run(std::span<const float> images, const Gates&) = 0;
    virtual MemorySize memory() const = 0;
};

class GpuNetwork {
  public:
    virtual ~GpuNetwork() = default;
    virtual Result<std::unique_ptr<GpuSession>> session(const cuda::Session&, const GpuOptions&) const = 0;
};

// Called by each network's translation unit before main().
void enlist_gpu(std::string_view name, const GpuNetwork& network);
// A Failure if there is none of that name, which lists those that there are.
const GpuNetwork& gpu_network_named(const std::string& name);
std::string gpu_network_names();

}  // namespace sluice::tools
