// Capture: what each node of a network yields, copied right after its step or strip. Later ones reuse the memory, and a
// block writes its result onto its input.
#pragma once

#include <vector>

#include "sluice/core/shape.hpp"
#include "sluice/core/work.hpp"

namespace sluice::tools {

struct Capture {
    std::vector<std::vector<float>> maps;  // by node, dense [C][H][W]; empty for one that did not run

    explicit Capture(std::size_t nodes) : maps(nodes) {}

    // work: just done; s: the shape of the node's whole map.
    void take(const Work& work, const Shape& s) {
        std::vector<float>& map = maps[static_cast<std::size_t>(work.node)];
        map.resize(static_cast<std::size_t>(s.size()));
        for (int c = 0; c < s.C; ++c)
            for (int h = 0; h < work.rows; ++h)
                for (int w = 0; w < s.W; ++w)
                    map[static_cast<std::size_t>((std::int64_t(c) * s.H + work.row + h) * s.W + w)] =
                        work.out[std::int64_t(h) * work.row_pitch + std::int64_t(w) * work.pixel_pitch + c];
    }
};

}  // namespace sluice::tools
