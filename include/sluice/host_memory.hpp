// host_memory<Engine>(): an engine's regions from the heap, for programs that have one. Not part of the core.
#pragma once

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
    struct Free {
        void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t(memory_alignment)); }
    };
    using Region = std::unique_ptr<std::byte[], Free>;
    static Region allocate(std::size_t bytes) {
        return Region(bytes == 0 ? nullptr : new (std::align_val_t(memory_alignment)) std::byte[bytes]);
    }

    Region weights_, activations_, workspace_, settings_;
    Memory memory_;
};

template <class Engine>
HostMemory host_memory(std::size_t settings = 0) {
    return HostMemory(Engine::memory, settings);
}

// For an engine that shares another one's weights: activations and workspace alone.
template <class Engine>
HostMemory frame_memory() {
    MemorySize size = Engine::memory;
    size.weights = 0;
    return HostMemory(size);
}

}  // namespace sluice
