// The memory that an engine works in. It belongs to the caller: an array in .bss, a region of a board's RAM, the heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sluice/core/status.hpp"

namespace sluice::inline SLUICE_ABI {

inline constexpr std::size_t memory_alignment = 64;  // bytes: a cache line, and the widest vector

// Bytes of each pool. All are known at compile time.
struct MemorySize {
    std::size_t weights = 0;      // packed weights and default scales and biases; constant after load, shareable
    std::size_t activations = 0;  // one per engine
    std::size_t workspace = 0;    // scratch of the layers, one per engine and part of its executor
    std::size_t setting = 0;      // for each gate setting that a weights file brings; constant after load, shareable

    // The same for an executor of so many parts.
    constexpr MemorySize for_parts(int parts) const {
        MemorySize size = *this;
        size.workspace *= static_cast<std::size_t>(parts);
        return size;
    }
};

struct Memory {
    std::span<std::byte> weights, activations, workspace, settings;

    // Whether the regions suffice: large enough and aligned to a cache line.
    Status fits(const MemorySize& need) const {
        const auto check = [](const char* pool, std::span<std::byte> have, std::size_t bytes) {
            if (have.size() < bytes)
                return Status::error(Error::memory, "the region for ", pool, " has ", have.size(), " bytes, needs ", bytes);
            if (bytes > 0 && reinterpret_cast<std::uintptr_t>(have.data()) % memory_alignment != 0)
                return Status::error(Error::memory, "the region for ", pool, " is not aligned to ", memory_alignment,
                                     " bytes");
            return Status{};
        };
        if (Status s = check("weights", weights, need.weights); !s) return s;
        if (Status s = check("activations", activations, need.activations); !s) return s;
        if (Status s = check("workspace", workspace, need.workspace); !s) return s;
        return check("settings", settings, settings.empty() ? 0 : need.setting);
    }
};

}  // namespace sluice
