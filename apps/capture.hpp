// Capture: what each node of a network yields, copied right after its step. Later steps reuse the memory, and a block
// writes its result onto its input.
#pragma once

#include <vector>

#include "sluice/graph/memory_map.hpp"

namespace sluice::tools {

struct Capture {
    std::vector<std::vector<float>> maps;  // by node, dense [C][H][W]; empty for one that did not run

    explicit Capture(std::size_t nodes) : maps(nodes) {}

    // arena: of the engine that has just run the node, where its map lies as HWC with a halo.
    void take(int node, const Shape& s, const graph::Placement& p, const float* arena) {
        std::vector<float>& map = maps[static_cast<std::size_t>(node)];
        map.clear();
        map.reserve(static_cast<std::size_t>(s.size()));
        for (int c = 0; c < s.C; ++c)
            for (int h = 0; h < s.H; ++h)
                for (int w = 0; w < s.W; ++w)
                    map.push_back(arena[p.origin + std::int64_t(h) * p.row + std::int64_t(w) * p.pixel + c]);
    }
};

}  // namespace sluice::tools
