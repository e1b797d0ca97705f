// Where every activation lives: offsets into one arena, known at compile time.
//
// Activations are HWC: the channels of a pixel are neighbours, because channels are the vector lanes of the kernels.
// Around a map lies a halo of zeros as wide as its widest reader's padding, so convolutions have no border cases. A
// convolution with a shortcut writes onto the shortcut's buffer whenever nobody else reads it any more; that makes a
// skipped block a no-op, since its output already is where its input is. The parts of a concatenation share one buffer,
// each with channels of its own. Inside a chain of layers that are computed in strips, maps are rings of a few rows.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "sluice/graph/arena.hpp"
#include "sluice/graph/node.hpp"
#include "sluice/graph/strips.hpp"

namespace sluice::inline SLUICE_ABI::graph {

// One node's output. Distances are in floats. A ring of rows lies in the workspace of each thread, not in the arena.
struct Placement {
    std::int64_t begin = 0, end = 0;               // the buffer within the arena, halo included
    std::int64_t origin = 0;                       // channel 0 of pixel (0, 0) within the arena
    int pixel = 0, row = 0;                        // from one pixel to the next, from one row to the next
    int top = 0, left = 0, bottom = 0, right = 0;  // halo, in pixels
    int buffer = -1;                               // the node that writes this buffer first
};

// 512 channels or more of a round number would put the pixels of a register tile into the same few cache sets (with
// 1,024 channels they are exactly 4 KiB apart, and a 32 KiB L1 has 64 sets of 64 bytes): one line more spreads them
// out.
constexpr int pixel_pitch(int C) { return C >= 512 && C % 512 == 0 ? C + 16 : C; }

template <std::size_t N>
struct MemoryMap {
    std::array<Placement, N> nodes{};
    std::array<Lifetime, N> buffers{};  // by the node that writes the buffer first; no floats: writes no buffer first
    std::int64_t floats = 0;            // size of the arena
};

namespace detail {

// Who writes which buffer first, how long it is needed, how wide its halo is.
template <std::size_t N>
constexpr void assign_buffers(const std::array<Node, N>& nodes, const Strips<N>& strips, MemoryMap<N>& map) {
    const int count = static_cast<int>(N);
    std::array<int, N> last_reader{};
    for (int i = 0; i < count; ++i) {
        if (nodes[i].input >= 0) last_reader[nodes[i].input] = i;
        if (nodes[i].shortcut >= 0) last_reader[nodes[i].shortcut] = i;
    }
    last_reader[N - 1] = count;  // the result outlives the frame

    for (int i = 0; i < count; ++i) {
        const Node& n = nodes[i];
        Placement& p = map.nodes[i];
        // Not onto what the layer itself still reads for other pixels and channels.
        const bool in_place = n.shortcut >= 0 && last_reader[n.shortcut] == i &&
                              map.nodes[n.input].buffer != map.nodes[n.shortcut].buffer;
        if (in_place)
            p.buffer = map.nodes[n.shortcut].buffer;
        else if (p.buffer < 0)
            p.buffer = i;
        // The first part to be written brings the whole concatenation's buffer into being.
        if (n.slice_of >= 0 && map.nodes[n.slice_of].buffer < 0) map.nodes[n.slice_of].buffer = i;
        if (n.slice_of >= 0) p.buffer = map.nodes[n.slice_of].buffer;
        Lifetime& life = map.buffers[p.buffer];
        if (p.buffer == i) life.first = i;
        life.last = std::max({life.last, last_reader[i], i});
        if (n.op != Op::conv) continue;
        Placement& read = map.nodes[map.nodes[n.input].buffer];  // a buffer's halo is gathered at its first writer
        read.top = std::max(read.top, n.window.top);
        read.left = std::max(read.left, n.window.left);
        read.bottom = std::max(read.bottom, n.window.below(n.in.H));
        read.right = std::max(read.right, n.window.beside(n.in.W));
    }
    // What a chain reads is needed until its last layer is done.
    for (int i = 0; i < count; ++i) {
        if (strips.length[i] == 0) continue;
        Lifetime& life = map.buffers[map.nodes[nodes[i].input].buffer];
        life.last = std::max(life.last, i + strips.length[i] - 1);
    }
}

}  // namespace detail

template <std::size_t N>
constexpr MemoryMap<N> memory_map(const std::array<Node, N>& nodes, const Strips<N>& strips = {}) {
    MemoryMap<N> map;
    detail::assign_buffers(nodes, strips, map);
    const auto whole = [&](std::size_t i) -> const Node& {
        return nodes[i].slice_of >= 0 ? nodes[static_cast<std::size_t>(nodes[i].slice_of)] : nodes[i];
    };

    for (std::size_t i = 0; i < N; ++i) {
        Placement& p = map.nodes[i];
        if (p.buffer != static_cast<int>(i)) continue;
        const Shape& s = whole(i).out;
        p.pixel = pixel_pitch(s.C);
        p.row = (p.left + s.W + p.right) * p.pixel;
        if (strips.rows[i] == 0) map.buffers[i].floats = std::int64_t(p.top + s.H + p.bottom) * p.row;
    }
    map.floats = place(map.buffers);

    for (std::size_t i = 0; i < N; ++i) {
        Placement& p = map.nodes[i];
        if (p.buffer == static_cast<int>(i)) {
            // The rings of a chain lie one behind the other.
            const bool ring = strips.rows[i] > 0;
            p.begin = !ring ? map.buffers[i].begin : strips.length[i] > 0 ? 0 : (map.nodes[i - 1].end + 15) / 16 * 16;
            p.end = p.begin + (ring ? std::int64_t(strips.rows[i]) * p.row : map.buffers[i].floats);
            p.origin = p.begin + std::int64_t(p.top) * p.row + p.left * p.pixel + nodes[i].channel;
        } else if (nodes[i].shortcut >= 0 &&
                   map.nodes[static_cast<std::size_t>(nodes[i].shortcut)].buffer == p.buffer) {
            p = map.nodes[static_cast<std::size_t>(nodes[i].shortcut)];
        } else {
            // A slice, or the concatenation itself, of the buffer that the first part has brought into being.
            const auto first = static_cast<std::size_t>(p.buffer);
            p = map.nodes[first];
            p.origin += nodes[i].channel - nodes[first].channel;
        }
    }
    return map;
}

}  // namespace sluice
