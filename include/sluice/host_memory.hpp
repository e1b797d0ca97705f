// host_memory<Engine>(): an engine's regions from the heap, for programs that have one. Not part of the core.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <memory>
#include <new>

#include "sluice/core/memory.hpp"

namespace sluice::inline SLUICE_ABI {

class HostMemory {
  public:
    // settings: how many gate settings of a weights file there must be room for.
    explicit HostMemory(const MemorySize& size, std::size_t settings = 0)
        : weights_(allocate(size.weights)),
          activations_(allocate(size.activations)),
          workspace_(allocate(size.workspace)),
          settings_(allocate(settings * size.setting)),
          memory_{{weights_.get(), size.weights},
                  {activations_.get(), size.activations},
                  {workspace_.get(), size.workspace},
                  {settings_.get(), settings * size.setting}} {}

    operator Memory() const { return memory_; }

  private:
    // Weights are read once a frame and are larger than any cache: with pages of 2 MiB instead of 4 KiB the processor looks
    // up fewer addresses and its prefetchers run on. Linux gives them where it has them; elsewhere nothing is lost.
    static constexpr std::size_t huge_page = std::size_t(2) << 20;
    static constexpr std::size_t alignment(std::size_t bytes) { return bytes < huge_page ? memory_alignment : huge_page; }

    struct Free {
        std::size_t bytes = 0;
        void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t(alignment(bytes))); }
    };
    using Region = std::unique_ptr<std::byte[], Free>;
    static Region allocate(std::size_t bytes) {
        if (bytes == 0) return Region(nullptr, Free{});
        Region region(new (std::align_val_t(alignment(bytes))) std::byte[bytes], Free{bytes});
#if defined(__linux__)
        if (bytes >= huge_page) ::madvise(region.get(), bytes / huge_page * huge_page, MADV_HUGEPAGE);
#endif
        return region;
    }

    Region weights_, activations_, workspace_, settings_;
    Memory memory_;
};

// parts: of the executor that frames will run with.
template <class Engine>
HostMemory host_memory(std::size_t settings = 0, int parts = 1) {
    return HostMemory(Engine::memory_for(settings).for_parts(parts), settings);
}

// For an engine that shares another one's weights: activations and workspace alone.
template <class Engine>
HostMemory frame_memory(int parts = 1) {
    return HostMemory(Engine::frame_memory.for_parts(parts));
}

}  // namespace sluice
