// Where every activation lives: offsets into one arena, known at compile time.
//
// Activations are HWC: the channels of a pixel are neighbours, because channels are the vector lanes of the kernels.
// Around a map lies a halo of zeros as wide as its widest reader's padding, so convolutions have no border cases. A
// convolution with a shortcut writes onto the shortcut's buffer whenever nobody else reads it any more; that makes a
// skipped block a no-op, since its output already is where its input is.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "sluice/graph/node.hpp"

namespace sluice::inline SLUICE_ABI::graph {

// One node's output. Distances are in floats.
struct Placement {
    std::int64_t begin = 0, end = 0;  // the buffer within the arena, halo included
    std::int64_t origin = 0;          // channel 0 of pixel (0, 0) within the arena
    int pixel = 0, row = 0;           // from one pixel to the next, from one row to the next
    int top = 0, left = 0, bottom = 0, right = 0;  // halo, in pixels
    int buffer = -1;                  // the node that writes this buffer first
};

// 512 channels or more of a round number would put the pixels of a register tile into the same few cache sets (with
// 1,024 channels they are exactly 4 KiB apart, and a 32 KiB L1 has 64 sets of 64 bytes): one line more spreads them out.
constexpr int pixel_pitch(int C) { return C >= 512 && C % 512 == 0 ? C + 16 : C; }

template <std::size_t N>
struct MemoryMap {
    std::array<Placement, N> nodes{};
    std::int64_t floats = 0;  // size of the arena
};

namespace detail {

// Buffers that hold something needed later, ordered by address. Residual networks keep two or three alive.
struct LiveBuffers {
    static constexpr int capacity = 128;
    struct Entry {
        std::int64_t begin = 0, end = 0;
        int last_use = 0;
    };
    std::array<Entry, capacity> entries{};
    int count = 0;

    constexpr void expire(int node) {
        int kept = 0;
        for (int i = 0; i < count; ++i)
            if (entries[i].last_use >= node) entries[kept++] = entries[i];
        count = kept;
    }
    // First fit: the lowest gap that is large enough.
    constexpr std::int64_t place(std::int64_t size, int last_use) {
        std::int64_t at = 0;
        int i = 0;
        while (i < count && entries[i].begin - at < size) at = entries[i++].end;
        for (int j = count; j > i; --j) entries[j] = entries[j - 1];
        entries[i] = {at, at + size, last_use};
        ++count;
        return at;
    }
};

}  // namespace detail

template <std::size_t N>
constexpr MemoryMap<N> memory_map(const std::array<Node, N>& nodes) {
    MemoryMap<N> map;
    const int count = static_cast<int>(N);

    std::array<int, N> last_reader{};
    for (int i = 0; i < count; ++i) {
        if (nodes[i].input >= 0) last_reader[nodes[i].input] = i;
        if (nodes[i].shortcut >= 0) last_reader[nodes[i].shortcut] = i;
    }
    last_reader[N - 1] = count;  // the result outlives the frame

    std::array<int, N> last_use{};  // by buffer
    for (int i = 0; i < count; ++i) {
        const Node& n = nodes[i];
        // Not onto what the layer itself still reads for other pixels and channels.
        const bool in_place = n.shortcut >= 0 && last_reader[n.shortcut] == i &&
                              map.nodes[n.input].buffer != map.nodes[n.shortcut].buffer;
        const int buffer = in_place ? map.nodes[n.shortcut].buffer : i;
        map.nodes[i].buffer = buffer;
        last_use[buffer] = std::max({last_use[buffer], last_reader[i], i});
        if (n.op != Op::conv) continue;
        Placement& read = map.nodes[map.nodes[n.input].buffer];  // a buffer's halo is gathered at its first writer
        read.top = std::max(read.top, n.window.top);
        read.left = std::max(read.left, n.window.left);
        read.bottom = std::max(read.bottom, n.window.below(n.in.H));
        read.right = std::max(read.right, n.window.beside(n.in.W));
    }

    detail::LiveBuffers live;
    for (int i = 0; i < count; ++i) {
        Placement& p = map.nodes[i];
        if (p.buffer != i) {
            p = map.nodes[p.buffer];
            continue;
        }
        const Shape& s = nodes[i].out;
        p.pixel = pixel_pitch(s.C);
        p.row = (p.left + s.W + p.right) * p.pixel;
        const std::int64_t floats = std::int64_t(p.top + s.H + p.bottom) * p.row;
        live.expire(i);
        p.begin = live.place((floats + 15) / 16 * 16, last_use[i]);  // whole cache lines
        p.end = p.begin + floats;
        p.origin = p.begin + std::int64_t(p.top) * p.row + p.left * p.pixel;
        map.floats = std::max(map.floats, (p.end + 15) / 16 * 16);
    }
    return map;
}

}  // namespace sluice
