// Mask<Net>: one bit per block that can be skipped. A plain value; a program may hand the engine another one with every
// frame.
#pragma once

#include <array>
#include <cstdint>

#include "sluice/core/status.hpp"
#include "sluice/graph/graph.hpp"

namespace sluice::inline SLUICE_ABI::gate {

template <Network Net>
class Mask {
    static constexpr auto& net = graph_of<Net>;
    static constexpr int words = net.gates / 64 + 1;
    std::array<std::uint64_t, words> shut_{};  // bit g: gate g is shut

  public:
    static constexpr int gates = net.gates;

    constexpr Mask() = default;  // every gate open: the whole network

    constexpr bool open(int gate) const { return (shut_[gate / 64] >> (gate % 64) & 1) == 0; }
    constexpr void set(int gate, bool open) {
        const std::uint64_t bit = std::uint64_t(1) << (gate % 64);
        shut_[gate / 64] = open ? shut_[gate / 64] & ~bit : shut_[gate / 64] | bit;
    }

    // Whether the block (numbered through the whole network) is executed.
    constexpr bool runs(int block) const {
        const int gate = net.blocks[block].gate;
        return gate < 0 || open(gate);
    }

    // Opens or shuts block `index` of `group` (torchvision's layer<group + 1>.<index>).
    Status set_block(int group, int index, bool open) {
        for (const graph::Block& b : net.blocks) {
            if (b.group != group || b.index != index) continue;
            if (b.gate >= 0) return set(b.gate, open), Status{};
            if (open) return {};
            const Shape in = net.nodes[b.input].out, out = net.nodes[b.last].out;
            if (in != out)
                return Status::error(Error::argument, "block ", index, " of group ", group,
                                     " cannot be skipped: it turns ", in.text(), " into ", out.text(),
                                     ", and the blocks after it need that shape");
            return Status::error(Error::argument, "block ", index, " of group ", group,
                                 " cannot be skipped: every group keeps its first block");
        }
        return Status::error(Error::argument, Net::name, " has no block ", index, " in group ", group);
    }

    // Executed blocks per group. Only for the tail-skipping masks of PLS does this tell the whole mask.
    constexpr auto kept() const {
        std::array<int, net.groups> k{};
        for (int b = 0; b < static_cast<int>(net.blocks.size()); ++b) k[net.blocks[b].group] += runs(b);
        return k;
    }

    friend constexpr bool operator==(const Mask&, const Mask&) = default;
};

}  // namespace sluice
