// A chain of steps, computed a strip of rows at a time: see sluice/graph/strips.hpp.
//
// Each strip of the last step's output pulls the rows that it needs out of the step before, and so on. A map inside the
// chain is a ring: rows that nobody needs any more go, the others move to its beginning. They are few, the overlap of
// neighbouring windows, and lie in a cache. Threads share the last map's rows; each has rings of its own, and they
// compute twice only what both need at the border.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "sluice/core/work.hpp"
#include "sluice_kernels/step.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// What an observer is told: the rows that a step is about to write.
inline Work work_of(const Step& s, int node, int row, const Frame& f) {
    return {.node = node,
            .row = row,
            .rows = s.conv.P,
            .out = f.out + s.out.origin,
            .pixel_pitch = s.out.pixel,
            .row_pitch = s.out.row};
}

// How far a step has come. Rows of its map, from -top on where there is a halo.
struct Progress {
    int begin = 0;  // the row in the ring's first place
    int done = 0;   // the next row to be computed
    int end = 0;    // this strip goes up to here
};

// The part of a step that computes output rows [from, to) into and out of maps whose first places hold rows `in_begin`
// and `out_begin`.
constexpr Step rows_of(const Step& s, int from, int to, int in_begin, int out_begin) {
    Step part = s;
    const int window = from * s.window.stride - s.window.top, first = std::max(0, window);
    part.conv.P = to - from;
    part.conv.H = s.conv.H - first;
    part.conv.top = part.window.top = first - window;
    part.in.origin += std::int64_t(first - in_begin - s.in.top) * s.in.row;
    part.out.origin += std::int64_t(from - out_begin - s.out.top) * s.out.row;
    part.add.origin += std::int64_t(from) * s.add.row;
    return part;
}

constexpr std::size_t row_bytes(const Step& s, int rows) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(s.out.row) * sizeof(float);
}

// Moves the rows from `begin` on to the first place of a step's ring.
inline void drop_rows(const Step& s, Progress& p, int begin, float* rings) {
    if (begin <= p.begin) return;
    const int present = p.done == s.conv.P ? p.done + s.out.bottom : p.done;
    float* const ring = rings + s.out.begin;
    if (present > begin)
        std::memmove(ring, ring + std::ptrdiff_t(begin - p.begin) * s.out.row, row_bytes(s, present - begin));
    p.begin = begin;
}

// One of `parts` shares. `node`: that of the first step. Only part 0 is observed.
template <class Observer>
void run_strips(std::span<const Step> chain, int node, const Frame& f, int part, int parts, Observer& observe) {
    const int last = static_cast<int>(chain.size()) - 1;
    auto* const rings = reinterpret_cast<float*>(f.workspace + part * chain[0].rings);
    std::array<Progress, graph::Strips<1>::longest> progress;
    const int P = chain[last].conv.P, end = share(P, part + 1, parts);
    progress[last] = {-chain[last].out.top, share(P, part, parts), 0};
    for (int i = last; i-- > 0;) {
        const graph::Window& w = chain[i + 1].window;
        const int first = std::max(progress[i + 1].done * w.stride - w.top, -chain[i].out.top);
        progress[i] = {first, std::max(first, 0), 0};
        const graph::Placement& ring = chain[i].out;
        std::fill(rings + ring.begin, rings + ring.end, 0.0f);
    }
    if (part == 0 && chain[last].clear_halo) clear_halo(chain[last].out, P, f.arena);

    while (progress[last].done < end) {
        progress[last].end = std::min(progress[last].done + chain[0].height, end);
        for (int i = last; i-- > 0;) {
            const graph::Window& w = chain[i + 1].window;
            const int needed = (progress[i + 1].end - 1) * w.stride - w.top + w.R;
            progress[i].end = std::max(progress[i].done, std::min(needed, chain[i].conv.P));
        }
        for (int i = 0; i <= last; ++i) {
            const Step& s = chain[i];
            Progress& p = progress[i];
            if (i < last) {
                const graph::Window& w = chain[i + 1].window;
                drop_rows(s, p, progress[i + 1].done * w.stride - w.top, rings);
            }
            if (p.done == p.end) continue;
            const Step strip = rows_of(s, p.done, p.end, i == 0 ? -s.in.top : progress[i - 1].begin, p.begin);
            Frame maps = f;
            if (i > 0) maps.in = rings;
            if (i < last) maps.out = rings;
            const auto run = [&] { s.run(strip, maps, 0, 1); };
            if (part == 0)
                observe(work_of(strip, node + i, p.done, maps), run);
            else
                run();
            p.done = p.end;
            // The halo below the map.
            if (i < last && p.done == s.conv.P && s.out.bottom > 0)
                std::memset(maps.out + strip.out.origin + std::ptrdiff_t(strip.conv.P) * s.out.row -
                                std::ptrdiff_t(s.out.left) * s.out.pixel,
                            0, row_bytes(s, s.out.bottom));
        }
    }
}

}  // namespace sluice
