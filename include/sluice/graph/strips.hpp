// Which layers are computed together, a strip of rows at a time.
//
// Where one layer's map is larger than the caches and only the next layer reads it, the map need not exist: a strip of
// its rows is computed, read while it is still in the cache, and overwritten by the next strip. That saves the time of
// sending the map to memory and back, and the memory. Maps inside a chain of such layers are rings of rows.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "sluice/graph/node.hpp"

namespace sluice::inline SLUICE_ABI::graph {

template <std::size_t N>
struct Strips {
    static constexpr int longest = 8;  // layers in a chain

    std::array<short, N> length{};  // of the chain that begins at this node; 0: none does
    std::array<short, N> rows{};    // of the ring for this node's output, halo included; 0: a whole map
    std::array<short, N> height{};  // by the first node of a chain: rows of the last one's output in a strip
    std::array<bool, N> inside{};   // part of a chain
};

// The rings of a chain share L2, of which every processor that this pays on has at least twice as much.
inline constexpr std::int64_t most_ring_bytes = 256 << 10;
// Maps below this size stay in L2 anyway, or do not cost much to fetch.
inline constexpr std::int64_t least_map_bytes = 512 << 10;
// Every strip reads all weights, so they must be few.
inline constexpr std::int64_t most_strip_weights = 128 << 10;

// Whether a layer's rows can be computed a few at a time. Winograd's convolution takes whole maps.
constexpr bool by_rows(const Node& n) {
    const Window& w = n.window;
    const bool winograd = n.groups == 1 && w.stride == 1 && w.R == w.S && (w.R == 3 || w.R == 5);
    return n.op == Op::max_pool || (n.op == Op::conv && !winograd && n.weights() * 4 <= most_strip_weights);
}

template <int N, int B>
constexpr auto strips(const Graph<N, B>& graph) {
    Strips<static_cast<std::size_t>(N)> s;
    const auto& nodes = graph.nodes;
    std::array<short, static_cast<std::size_t>(N)> readers{};
    for (const Node& n : nodes) {
        if (n.input >= 0) ++readers[n.input];
        if (n.shortcut >= 0) ++readers[n.shortcut];
    }
    // Blocks that can be skipped are skipped as a whole.
    const auto skipped_with = [&](const Node& n) {
        return n.block >= 0 && graph.blocks[n.block].gate >= 0 ? n.block : -1;
    };
    // Whether node i's map can be a ring: the next layer is its only reader and reads all of its rows.
    const auto linked = [&](int i) {
        const Node& n = nodes[i];
        const Node& next = nodes[i + 1];
        return by_rows(n) && by_rows(next) && next.input == i && readers[i] == 1 &&
               next.window.R >= next.window.stride && next.window.below(n.out.H) >= 0 && n.shortcut < 0 &&
               n.slice_of < 0 && !n.overwritten && skipped_with(n) == skipped_with(next) &&
               n.out.size() * 4 >= least_map_bytes;
    };
    // Rows of each ring, from the last layer's to the first one's; the bytes of all.
    const auto set_rows = [&](int first, int last, int height) {
        std::int64_t bytes = 0;
        for (int i = last - 1, rows = height; i >= first; --i) {
            const Window& w = nodes[i + 1].window;
            rows = (rows - 1) * w.stride + w.R;
            s.rows[i] = static_cast<short>(rows);
            bytes += std::int64_t(rows) * (nodes[i].out.W + w.S - 1) * nodes[i].out.C * 4;
        }
        return bytes;
    };
    for (int first = 0; first + 1 < N; ++first) {
        int last = first;
        while (last + 1 < N && last - first + 1 < s.longest && linked(last)) ++last;
        // A sum may be written onto the chain's own input, where threads would still read for their rows.
        if (nodes[last].shortcut >= 0) --last;
        if (last <= first) continue;
        int height = nodes[last].out.H;
        while (height > 1 && set_rows(first, last, height) > most_ring_bytes) --height;
        if (set_rows(first, last, height) > 2 * most_ring_bytes) {
            for (int i = first; i < last; ++i) s.rows[i] = 0;
            continue;
        }
        s.length[first] = static_cast<short>(last - first + 1);
        s.height[first] = static_cast<short>(height);
        for (int i = first; i <= last; ++i) s.inside[i] = true;
        first = last;
    }
    return s;
}

}  // namespace sluice
