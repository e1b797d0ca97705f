// place(buffers): where in one arena each of many buffers lies, so that no two that are alive at the same time overlap.
//
// Buffers are placed one after the other, each in the lowest gap between those that it meets. What matters is the
// order: first those that live through the fullest moment, the longest-lived ahead; if the arena is then larger than
// that moment asks for, once more with the largest first (Pisarchyk and Lee 2020, greedy by size). docs/memory.md
// compares the results with the optimum.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI::graph {

// A buffer is alive from the node that first writes it to the node that last reads it. Sizes and places are in floats.
struct Lifetime {
    int first = 0, last = 0;
    std::int64_t floats = 0, begin = 0;

    constexpr std::int64_t size() const { return (floats + 15) / 16 * 16; }  // whole cache lines
};

// Who meets whom. Comparing all pairs would exceed the compilers' default limits for constant expressions at some 200
// buffers. A buffer meets those that were alive when it came, few at any time, and those that came while it lived,
// whose numbers follow its own.
template <std::size_t N>
struct Meetings {
    static constexpr int most = 48;  // alive at a time; a network that needs more does not compile
    std::array<std::array<short, most>, N> elder{};
    std::array<short, N> elders{};
    std::array<short, N> buffers{};         // those that there are
    std::array<std::int64_t, N> fullest{};  // by buffer: the most floats alive at any time of its life
    int count = 0;
    std::int64_t bound = 0;  // no arena can be smaller

    constexpr explicit Meetings(const std::array<Lifetime, N>& all) {
        std::array<std::int64_t, N> alive{};
        for (std::size_t i = 0, before = 0; i < N; ++i) {
            if (all[i].floats == 0) continue;
            alive[i] = all[i].size();
            // Of those that the last newcomer met, and itself, some live on.
            for (int j = 0; count > 0 && j <= elders[before]; ++j) {
                const short other = j < elders[before] ? elder[before][j] : static_cast<short>(before);
                if (all[other].last < static_cast<int>(i)) continue;
                elder[i][elders[i]++] = other;
                alive[i] += all[other].size();
            }
            buffers[count++] = static_cast<short>(i);
            before = i;
        }
        for (int o = 0; o < count; ++o)
            for (int i = buffers[o]; i <= all[buffers[o]].last && i < static_cast<int>(N); ++i)
                fullest[buffers[o]] = std::max(fullest[buffers[o]], alive[i]);
        for (std::int64_t floats : alive) bound = std::max(bound, floats);
    }
};

// Places the buffers in the order of before(a, b); returns the size of the arena.
template <std::size_t N, class Before>
constexpr std::int64_t place_by(std::array<Lifetime, N>& all, const Meetings<N>& meetings, Before before) {
    std::array<short, N> order = meetings.buffers;
    std::sort(order.begin(), order.begin() + meetings.count, before);
    std::array<bool, N> placed{};
    std::int64_t size = 0;
    for (int o = 0; o < meetings.count; ++o) {
        Lifetime& b = all[order[o]];
        std::array<short, 4 * Meetings<N>::most> around{};  // those in the way, by address
        int n = 0;
        const auto meet = [&](short other) {
            if (!placed[other]) return;
            int j = n++;
            for (; j > 0 && all[around[j - 1]].begin > all[other].begin; --j) around[j] = around[j - 1];
            around[j] = other;
        };
        for (int j = 0; j < meetings.elders[order[o]]; ++j) meet(meetings.elder[order[o]][j]);
        for (int i = b.first + 1; i <= b.last && i < static_cast<int>(N); ++i) meet(static_cast<short>(i));
        b.begin = 0;
        for (int j = 0; j < n && all[around[j]].begin - b.begin < b.size(); ++j)
            b.begin = std::max(b.begin, all[around[j]].begin + all[around[j]].size());
        placed[order[o]] = true;
        size = std::max(size, b.begin + b.size());
    }
    return size;
}

// all[i] begins its life at node i, or has no floats.
template <std::size_t N>
constexpr std::int64_t place(std::array<Lifetime, N>& all) {
    const Meetings<N> meetings(all);
    const auto by_size = [&](short a, short b) {
        return all[a].floats != all[b].floats ? all[a].floats > all[b].floats : a < b;
    };
    const auto by_fullness = [&](short a, short b) {
        const int life_a = all[a].last - all[a].first, life_b = all[b].last - all[b].first;
        if (meetings.fullest[a] != meetings.fullest[b]) return meetings.fullest[a] > meetings.fullest[b];
        return life_a != life_b ? life_a > life_b : by_size(a, b);
    };
    const std::int64_t first = place_by(all, meetings, by_fullness);
    if (first == meetings.bound) return first;
    std::array<Lifetime, N> again = all;
    const std::int64_t second = place_by(again, meetings, by_size);
    if (second < first) all = again;
    return std::min(first, second);
}

}  // namespace sluice
