// Keep tuples as values: how many blocks each group keeps, from 1 to all of them. Together they are a network's grid.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sluice/core/generator.hpp"
#include "split.hpp"

namespace sluice::tools {

using Tuple = std::vector<int>;

inline std::string text_of(const Tuple& tuple) { return joined(tuple, ","); }  // "3,8,36,3"

// Every tuple, the last group's number changing first: {1,1}, {1,2}, {2,1}, {2,2} of {2,2}.
inline std::vector<Tuple> grid_of(const Tuple& blocks) {
    std::vector<Tuple> grid{Tuple(blocks.size(), 1)};
    for (;;) {
        Tuple next = grid.back();
        std::size_t g = next.size();
        while (g > 0 && next[g - 1] == blocks[g - 1]) next[--g] = 1;
        if (g == 0) return grid;
        ++next[g - 1];
        grid.push_back(std::move(next));
    }
}

// `count` of the tuples, all if there are fewer, drawn without repetition: those with the least hash of the seed and
// themselves, in its order. So a greater count goes on where a smaller one ended, and a tuple that is missing from the
// list changes nothing about the others.
inline std::vector<Tuple> drawn(const std::vector<Tuple>& from, std::size_t count, std::uint64_t seed) {
    std::vector<std::pair<std::uint64_t, Tuple>> hashed;
    for (const Tuple& t : from)
        hashed.emplace_back(Generator::mix(Generator::fnv1a(text_of(t)) ^ Generator::mix(seed)), t);
    std::ranges::sort(hashed);
    std::vector<Tuple> tuples;
    for (std::size_t i = 0; i < std::min(count, hashed.size()); ++i) tuples.push_back(std::move(hashed[i].second));
    return tuples;
}

}  // namespace sluice::tools
