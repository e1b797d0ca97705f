// The memory that an engine on a GPU works in: regions of the device, and one of the host that both can reach.
#pragma once

#include "sluice/core/memory.hpp"
#include "sluice_kernels/cuda/handle.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

struct DeviceMemory {
    Memory device;  // addresses on the device: a program never reads or writes them
    std::span<std::byte>
        staging;  // pinned: images and logits of a frame; while loading, an index and weights in pieces
};

// What an engine needs. workspace is the least: convolutions may be faster with more.
struct DeviceSize {
    MemorySize device;
    std::size_t staging = 0;
};

// One allocation on the device and one on the host, for programs that do not lend regions of their own.
class OwnedMemory {
  public:
    // workspace: bytes beyond the least; settings: how many gate settings of a weights file there must be room for.
    static Result<OwnedMemory> allocate(const Session& session, const DeviceSize& size, std::size_t workspace,
                                        std::size_t settings) {
        const Gpu& gpu = session.gpu();
        const MemorySize& need = size.device;
        const std::size_t bytes[4] = {need.weights, need.activations, need.workspace + workspace,
                                      settings * need.setting};
        std::size_t all = 0;
        for (const std::size_t b : bytes) all += aligned(b);
        void *device = nullptr, *pinned = nullptr;
        OwnedMemory own;
        if (Status s = gpu.check(gpu.api->allocate(gpu.session, all, &device), "asking for ", all, " bytes"); !s)
            return s;
        own.device_ = Region(gpu, device);
        if (Status s = gpu.check(gpu.api->allocate_pinned(gpu.session, size.staging, &pinned), "asking for ",
                                 size.staging, " pinned bytes of the host");
            !s)
            return s;
        own.pinned_ = PinnedRegion(gpu, pinned);

        auto* at = static_cast<std::byte*>(device);
        std::span<std::byte>* const pools[4] = {&own.lent_.device.weights, &own.lent_.device.activations,
                                                &own.lent_.device.workspace, &own.lent_.device.settings};
        for (int i = 0; i < 4; ++i) {
            *pools[i] = {at, bytes[i]};
            at += aligned(bytes[i]);
        }
        own.lent_.staging = {static_cast<std::byte*>(pinned), size.staging};
        return own;
    }

    operator DeviceMemory() const { return lent_; }

  private:
    // As cudaMalloc() aligns; cuDNN's widest loads want 16.
    static constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

    Region device_;
    PinnedRegion pinned_;
    DeviceMemory lent_;
};

}  // namespace sluice
