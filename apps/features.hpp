// What the accuracy of a keep tuple is predicted from: products of x_g, the share of group g's blocks that is skipped,
// and levels, which let every further block of a group count differently. feature_sets is THE list.
#pragma once

#include <string>
#include <vector>

#include "tuples.hpp"

namespace sluice::tools {

struct FeatureSet {
    const char* name;
    int degree;   // products of 1 to so many x_g
    bool levels;  // for each group of n blocks and k = 2...n, whether it keeps fewer than k

    // "1", "x0", "x1", "x0*x0", "x0*x1", "x1*x1", "k0<2", "k1<2", "k1<3": a constant, products, levels.
    std::vector<std::string> names(const Tuple& blocks) const;
    std::vector<double> values(const Tuple& keep, const Tuple& blocks) const;
};

// From the simplest on: the earlier one wins where two are equally good.
inline constexpr FeatureSet feature_sets[]{
    {"linear", 1, false}, {"quadratic", 2, false}, {"cubic", 3, false}, {"quadratic with levels", 2, true}};

// The factors of every product of 1 to `degree` out of n numbers: {0}, {1}, {0,0}, {0,1}, {1,1}.
inline std::vector<std::vector<std::size_t>> products(std::size_t n, int degree) {
    std::vector<std::vector<std::size_t>> all{{}};
    for (std::size_t p = 0; p < all.size(); ++p) {
        if (static_cast<int>(all[p].size()) == degree) continue;
        for (std::size_t i = all[p].empty() ? 0 : all[p].back(); i < n; ++i) {
            std::vector<std::size_t> longer = all[p];
            longer.push_back(i);
            all.push_back(std::move(longer));
        }
    }
    all.erase(all.begin());  // the empty product
    return all;
}

inline std::vector<std::string> FeatureSet::names(const Tuple& blocks) const {
    std::vector<std::string> all{"1"};
    for (const auto& factors : products(blocks.size(), degree)) {
        std::vector<std::string> words;
        for (std::size_t g : factors) words.push_back("x" + std::to_string(g));
        all.push_back(joined(words, "*"));
    }
    if (levels)
        for (std::size_t g = 0; g < blocks.size(); ++g)
            for (int k = 2; k <= blocks[g]; ++k) all.push_back("k" + std::to_string(g) + "<" + std::to_string(k));
    return all;
}

inline std::vector<double> FeatureSet::values(const Tuple& keep, const Tuple& blocks) const {
    std::vector<double> all{1};
    for (const auto& factors : products(blocks.size(), degree)) {
        double value = 1;
        for (std::size_t g : factors) value *= 1 - static_cast<double>(keep[g]) / blocks[g];
        all.push_back(value);
    }
    if (levels)
        for (std::size_t g = 0; g < blocks.size(); ++g)
            for (int k = 2; k <= blocks[g]; ++k) all.push_back(keep[g] < k ? 1 : 0);
    return all;
}

}  // namespace sluice::tools
