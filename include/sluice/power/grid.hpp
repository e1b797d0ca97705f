// Grid: everything there is to choose from. Levels of skipping, clocks, and what a frame costs at each pair of them.
#pragma once

#include <cstddef>
#include <span>

#include "sluice/core/status.hpp"
#include "sluice/power/decimal.hpp"
#include "sluice/power/model.hpp"

namespace sluice::inline SLUICE_ABI::power {

// One setting of the gates.
struct Level {
    double ratio = 1;     // of the layers that remain
    double accuracy = 0;  // share of right answers, 0 to 1
};

struct Grid {
    std::span<const Level> levels;      // ratio ascending
    std::span<const double> clocks_hz;  // ascending
    std::span<const Cost> costs;        // [level][clock]

    constexpr int level_count() const { return static_cast<int>(levels.size()); }
    constexpr int clock_count() const { return static_cast<int>(clocks_hz.size()); }
    constexpr const Level& level(int l) const { return levels[static_cast<std::size_t>(l)]; }
    constexpr double clock_hz(int c) const { return clocks_hz[static_cast<std::size_t>(c)]; }
    constexpr const Cost& cost(int l, int c) const {
        return costs[static_cast<std::size_t>(l) * clocks_hz.size() + static_cast<std::size_t>(c)];
    }
};

// What the model says that each pair costs. costs: as many as works times clocks.
constexpr void fill_costs(std::span<Cost> costs, const Device& device, std::span<const Work> works,
                          std::span<const double> clocks_hz) {
    std::size_t i = 0;
    for (const Work& work : works)
        for (const double f_hz : clocks_hz) costs[i++] = cost(device, work, f_hz);
}

// Clocks that can be chosen from: at least one, above zero, ascending.
inline Status check_clocks(std::span<const double> clocks_hz) {
    if (clocks_hz.empty()) return Status::error(Error::argument, "clocks: expected at least one frequency, found none");
    for (std::size_t i = 0; i < clocks_hz.size(); ++i) {
        if (!is_finite(clocks_hz[i]) || clocks_hz[i] <= 0)
            return Status::error(Error::argument, "clocks: frequency ", i, " is ", decimal(clocks_hz[i]),
                                 " Hz, expected a number above 0");
        if (i > 0 && clocks_hz[i] <= clocks_hz[i - 1])
            return Status::error(Error::argument, "clocks: expected ascending frequencies, found ",
                                 decimal(clocks_hz[i]), " Hz behind ", decimal(clocks_hz[i - 1]), " Hz");
    }
    return {};
}

inline Status check(const Grid& grid) {
    if (Status s = check_clocks(grid.clocks_hz); !s) return s;
    if (grid.levels.empty()) return Status::error(Error::argument, "levels: expected at least one, found none");
    if (grid.costs.size() != grid.levels.size() * grid.clocks_hz.size())
        return Status::error(Error::argument, "costs: expected ", grid.levels.size() * grid.clocks_hz.size(), " for ",
                             grid.levels.size(), " levels and ", grid.clocks_hz.size(), " clocks, found ",
                             grid.costs.size());
    for (int l = 0; l < grid.level_count(); ++l) {
        const Level& level = grid.level(l);
        if (!(level.ratio > 0 && level.ratio <= 1) || (l > 0 && level.ratio <= grid.level(l - 1).ratio))
            return Status::error(Error::argument, "levels: expected ascending ratios above 0 and up to 1, found ",
                                 decimal(level.ratio), " as number ", l);
        if (!(level.accuracy >= 0 && level.accuracy <= 1))
            return Status::error(Error::argument, "levels: the accuracy at ratio ", decimal(level.ratio), " is ",
                                 decimal(level.accuracy), ", expected 0 to 1");
        for (int c = 0; c < grid.clock_count(); ++c)
            if (const Cost& k = grid.cost(l, c);
                !is_finite(k.tau_s) || !is_finite(k.energy_j) || k.tau_s <= 0 || k.energy_j < 0)
                return Status::error(Error::argument, "costs: ", decimal(k.tau_s), " s and ", decimal(k.energy_j),
                                     " J at ratio ", decimal(level.ratio), " and ", decimal(grid.clock_hz(c)),
                                     " Hz, expected a time above 0 and an energy");
    }
    return {};
}

// Whether more layers are never less accurate. Where they are, a choice remains right, but a level that another one
// beats in everything is worth a look at its weights.
inline Status check_monotone(const Grid& grid) {
    for (int l = 1; l < grid.level_count(); ++l)
        if (grid.level(l).accuracy < grid.level(l - 1).accuracy)
            return Status::error(Error::argument, "accuracy is not monotone: ratio ", decimal(grid.level(l).ratio),
                                 " has ", decimal(grid.level(l).accuracy), ", and ", decimal(grid.level(l - 1).ratio),
                                 " with fewer layers ", decimal(grid.level(l - 1).accuracy));
    return {};
}

}  // namespace sluice
