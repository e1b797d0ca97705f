// Table: the choices for every budget, worked out ahead. At run time a choice is two binary searches: no allocation, no
// floating-point arithmetic but comparisons. Can be built by the compiler.
#pragma once

#include <algorithm>
#include <array>

#include "sluice/power/policy.hpp"

namespace sluice::inline SLUICE_ABI::power {

// The budget that a table is asked with at every frame; the others are fixed when it is built.
enum class Budget { deadline, energy };

// For grids of at most so many levels and clocks. Of the entries that there could be few are needed, and size() tells
// how many: `constexpr Table<7, 5> all(...); constexpr Table<7, 5, all.size()> table(...);` takes no more room than
// they do.
template <int Levels, int Clocks, int Entries = (Levels * Levels * Clocks)>
class Table {
  public:
    struct Entry {
        double needs = 0;  // the least budget, seconds or joules, for which this pair is the best
        std::int16_t level = 0, clock = 0;
    };

    // grid: one that has passed check(), and no larger than the table; else the program stops, or does not compile. The
    // floor of the demand's accuracy is not fixed: there are entries for each accuracy of the grid.
    constexpr Table(const Grid& grid, const Demand& demand, Budget budget = Budget::deadline) {
        if (grid.level_count() > Levels || grid.clock_count() > Clocks) __builtin_trap();
        for (int l = 0; l < grid.level_count(); ++l) floors_[static_cast<std::size_t>(l)] = grid.level(l).accuracy;
        std::sort(floors_.begin(), floors_.begin() + grid.level_count());
        count_ = static_cast<int>(std::unique(floors_.begin(), floors_.begin() + grid.level_count()) - floors_.begin());
        for (int i = 0; i < count_; ++i) add_frontier(grid, demand, budget, i);
    }

    // The pair for this floor and this budget; null if there is none. O(log levels + log pairs).
    constexpr const Entry* find(double accuracy_min, double budget) const {
        const std::span<const Entry> pairs = of_floor(accuracy_min);
        const auto above =
            std::upper_bound(pairs.begin(), pairs.end(), budget, [](double b, const Entry& e) { return b < e.needs; });
        return above == pairs.begin() ? nullptr : &*(above - 1);
    }

    // The pair that needs least of the budget, for those who must run something: null if nothing keeps the floor.
    constexpr const Entry* least(double accuracy_min) const {
        const std::span<const Entry> pairs = of_floor(accuracy_min);
        return pairs.empty() ? nullptr : &pairs.front();
    }

    constexpr int size() const { return begins_[static_cast<std::size_t>(count_)]; }

  private:
    std::array<double, Levels> floors_{};  // the grid's accuracies, ascending, each once
    std::array<int, Levels + 1> begins_{};
    std::array<Entry, Entries> entries_{};
    int count_ = 0;

    constexpr std::span<const Entry> of_floor(double accuracy_min) const {
        const auto end = floors_.begin() + count_;
        const auto at =
            static_cast<std::size_t>(std::lower_bound(floors_.begin(), end, accuracy_min) - floors_.begin());
        if (at == static_cast<std::size_t>(count_)) return {};
        const auto first = static_cast<std::size_t>(begins_[at]), last = static_cast<std::size_t>(begins_[at + 1]);
        return std::span(entries_).subspan(first, last - first);
    }

    // The pairs that some budget chooses: with more of it, a pair enters only if it is better than all before.
    constexpr void add_frontier(const Grid& grid, const Demand& demand, Budget budget, int floor) {
        std::array<Entry, Levels * Clocks> pairs{};
        int n = 0;
        for (int l = 0; l < grid.level_count(); ++l)
            for (int c = 0; c < grid.clock_count(); ++c) {
                const Cost& k = grid.cost(l, c);
                if (grid.level(l).ratio < demand.ratio_min ||
                    grid.level(l).accuracy < floors_[static_cast<std::size_t>(floor)])
                    continue;
                if (budget == Budget::deadline ? k.energy_j > demand.energy_max_j : k.tau_s > demand.deadline_s)
                    continue;
                pairs[static_cast<std::size_t>(n++)] = {budget == Budget::deadline ? k.tau_s : k.energy_j,
                                                        static_cast<std::int16_t>(l), static_cast<std::int16_t>(c)};
            }
        std::sort(pairs.begin(), pairs.begin() + n, [](const Entry& a, const Entry& b) { return a.needs < b.needs; });
        int end = begins_[static_cast<std::size_t>(floor)];
        const int begin = end;
        for (int i = 0; i < n; ++i) {
            const Entry& p = pairs[static_cast<std::size_t>(i)];
            if (end > begin) {
                const Entry& last = entries_[static_cast<std::size_t>(end - 1)];
                if (!better(grid, demand.objective, p.level, p.clock, last.level, last.clock)) continue;
            }
            if (end == Entries) __builtin_trap();
            entries_[static_cast<std::size_t>(end++)] = p;
        }
        begins_[static_cast<std::size_t>(floor) + 1] = end;
    }
};

}  // namespace sluice
