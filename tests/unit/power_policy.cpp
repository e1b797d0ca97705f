// Choosing a level and a clock: Algorithm 2 against the search over all pairs, both against a naive one that is written
// here, tables against both; the literal readings; and what is said when there is no choice.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "sluice/power/controller.hpp"
#include "sluice/power/policy.hpp"
#include "sluice/power/presets.hpp"
#include "sluice/power/table.hpp"
#include "support/allocations.hpp"

using namespace sluice;
using namespace sluice::power;

namespace {

struct Owned {
    std::vector<Level> levels;
    std::vector<double> clocks;
    std::vector<Cost> costs;
    operator Grid() const { return {levels, clocks, costs}; }
};

// ResNet-152's Table 1 on the paper's GPU: time follows the blocks.
const Level table1[] = {{0.10, .5565}, {0.30, .6905}, {0.50, .7787}, {0.70, .8118},
                        {0.80, .8396}, {0.90, .8616}, {1, .8764}};
const double kept[] = {5, 13, 23, 38, 42, 47, 50};

Owned paper(const Preset& p) {
    Owned o{{std::begin(table1), std::end(table1)}, {p.clocks_hz.begin(), p.clocks_hz.end()}, {}};
    std::vector<Work> works;
    for (double k : kept) works.push_back({p.whole.cycles * k / 50});
    o.costs.resize(works.size() * o.clocks.size());
    fill_costs(o.costs, p.device, works, o.clocks);
    return o;
}

// monotone: times and energies that never fall with the ratio.
Owned made_up(std::mt19937& random, bool monotone) {
    std::uniform_real_distribution<double> share(0.01, 1);
    std::uniform_int_distribution<int> count(1, 6);
    Owned o;
    const int levels = count(random), clocks = count(random);
    for (int l = 0; l < levels; ++l) o.levels.push_back({(l + 1.0) / levels, std::round(share(random) * 8) / 8});
    for (int c = 0; c < clocks; ++c) o.clocks.push_back(1e8 * (c + 1));
    for (int l = 0; l < levels; ++l)
        for (int c = 0; c < clocks; ++c) {
            Cost k{std::ceil(share(random) * 10), std::ceil(share(random) * 10)};  // few values: many ties
            if (monotone && l > 0) {
                const Cost& before = o.costs[o.costs.size() - static_cast<std::size_t>(clocks)];
                k = {std::max(k.tau_s, before.tau_s), std::max(k.energy_j, before.energy_j)};
            }
            o.costs.push_back(k);
        }
    return o;
}

double value(const Grid& g, Objective o, int l, int c) {
    const Cost& k = g.cost(l, c);
    return o == Objective::edp       ? k.energy_j * k.tau_s
           : o == Objective::energy  ? k.energy_j
           : o == Objective::latency ? k.tau_s
                                     : -g.level(l).accuracy;
}

// The least value of the objective over all pairs that keep the limits, if there is one.
std::optional<double> brute_force(const Grid& g, const Demand& d) {
    std::optional<double> least;
    for (int l = 0; l < g.level_count(); ++l)
        for (int c = 0; c < g.clock_count(); ++c)
            if (g.level(l).accuracy >= d.accuracy_min && g.level(l).ratio >= d.ratio_min &&
                g.cost(l, c).tau_s <= d.deadline_s && g.cost(l, c).energy_j <= d.energy_max_j)
                least = std::min(least.value_or(INFINITY), value(g, d.objective, l, c));
    return least;
}

Demand some_demand(std::mt19937& random) {
    std::uniform_int_distribution<int> of_ten(1, 11), of_eight(0, 8), objective(0, 3);
    return {.objective = static_cast<Objective>(objective(random)),
            .accuracy_min = of_eight(random) / 8.0,
            .deadline_s = of_ten(random) * 1.0,
            .energy_max_j = of_ten(random) < 6 ? unlimited : of_ten(random) * 1.0,
            .ratio_min = of_eight(random) / 16.0};
}

// A table that the compiler has built: the choice for a deadline of 20 ms and 80 % is a constant.
constexpr std::array<Level, 2> two{{{0.5, 0.8}, {1, 0.9}}};
constexpr std::array<Work, 2> two_works{{{4e6}, {8e6}}};
constexpr auto two_costs = [] {
    std::array<Cost, 10> costs{};
    fill_costs(costs, presets::orin_gpu.device, two_works, orin_gpu_hz);
    return costs;
}();
constexpr Grid two_grid{two, orin_gpu_hz, two_costs};
constexpr Table<2, 5> built(two_grid, {.objective = Objective::edp});
constexpr Table<2, 5, built.size()> exact(two_grid, {.objective = Objective::edp});
static_assert(exact.find(0.85, 20e-3)->level == 1 && sizeof exact < sizeof built / 2);
static_assert(built.find(0.8, 20e-3)->level == 0 && built.find(0.8, 20e-3)->clock == 4);
static_assert(built.find(0.85, 20e-3)->level == 1 && built.find(0.85, 10e-3) == nullptr);
static_assert(joint_scan(two_grid, {.accuracy_min = 0.85, .deadline_s = 20e-3}).level == 1);

}  // namespace

TEST_CASE("the joint scan finds what brute force finds") {
    std::mt19937 random(1);
    int feasible = 0;
    for (int i = 0; i < 20'000; ++i) {
        const Owned o = made_up(random, i % 2 == 0);
        const Demand d = some_demand(random);
        REQUIRE(check(Grid(o)));
        const auto least = brute_force(o, d);
        const Choice c = joint_scan(o, d);
        REQUIRE(bool(c) == least.has_value());
        if (!c) continue;
        ++feasible;
        CHECK(value(o, d.objective, c.level, c.clock) == *least);
        CHECK(c.cost == Grid(o).cost(c.level, c.clock));
    }
    CHECK(feasible > 4'000);
    CHECK(feasible < 18'000);
}

TEST_CASE("Algorithm 2 is exact where costs do not fall with the ratio, and an upper bound elsewhere") {
    std::mt19937 random(2);
    int worse = 0;
    for (int i = 0; i < 20'000; ++i) {
        const bool monotone = i % 2 == 0;
        const Owned o = made_up(random, monotone);
        const Demand d = some_demand(random);
        const Choice sequential = algorithm2(o, d), joint = joint_scan(o, d);
        if (monotone) REQUIRE(bool(sequential) == bool(joint));
        if (!sequential) continue;
        REQUIRE(joint);
        const double s = value(o, d.objective, sequential.level, sequential.clock),
                     j = value(o, d.objective, joint.level, joint.clock);
        if (monotone)
            CHECK(s == j);
        else
            CHECK(s >= j);
        worse += s > j;
    }
    CHECK(worse > 100);  // measured times can make it so
}

TEST_CASE("a table answers as the joint scan does, for every floor and every budget") {
    std::mt19937 random(3);
    for (int i = 0; i < 2'000; ++i) {
        const Owned o = made_up(random, i % 2 == 0);
        Demand d = some_demand(random);
        const bool by_energy = i % 3 == 0;
        const Table<6, 6> table(o, d, by_energy ? Budget::energy : Budget::deadline);
        for (int floor = 0; floor <= 16; ++floor)
            for (double budget = 0.5; budget < 11; budget += 0.5) {
                (by_energy ? d.energy_max_j : d.deadline_s) = budget;
                d.accuracy_min = floor / 16.0;
                const Choice joint = joint_scan(o, d);
                const auto* entry = table.find(d.accuracy_min, budget);
                REQUIRE((entry != nullptr) == bool(joint));
                if (!joint) continue;
                REQUIRE(entry->level == joint.level);
                REQUIRE(entry->clock == joint.clock);
            }
    }
}

TEST_CASE("a table: nothing is allocated, and the least entry is for those who are late anyway") {
    const Owned o = paper(presets::orin_gpu);
    const Table<8, 8> table(o, {});
    const auto before = support::allocations();
    const auto* late = table.least(0.85);
    CHECK(table.find(0.85, 1e-6) == nullptr);
    CHECK(support::allocations() == before);
    REQUIRE(late != nullptr);
    CHECK(o.levels[static_cast<std::size_t>(late->level)].ratio == 0.9);
    CHECK(late->clock == 4);
    CHECK(table.least(0.99) == nullptr);
}

TEST_CASE("the paper's GPU: fewest layers, highest clock") {
    const Owned o = paper(presets::orin_gpu);
    for (const Level& l : table1) {
        const Choice c = algorithm2(o, {.accuracy_min = l.accuracy, .deadline_s = 30e-3});
        REQUIRE(c);
        CHECK(o.levels[static_cast<std::size_t>(c.level)].ratio == l.ratio);
        CHECK(o.clocks[static_cast<std::size_t>(c.clock)] == 624.75e6);
    }
}

TEST_CASE("the literal readings of Algorithm 2") {
    const Owned o = paper(presets::orin_gpu);
    const Demand d{.accuracy_min = 0.80, .deadline_s = 11e-3};
    const auto ratio_of = [&](const Reading& reading) {
        const Choice c = algorithm2(o, d, reading);
        return c ? o.levels[static_cast<std::size_t>(c.level)].ratio : -1;
    };
    CHECK(ratio_of({}) == 0.7);
    // "Largest ratio" with r the share that remains: nothing is ever skipped, and 11 ms are not enough for it.
    CHECK(ratio_of({.ratio = Reading::Ratio::largest}) == -1);
    CHECK(algorithm2(o, d, {.ratio = Reading::Ratio::largest}).limit == Limit::latency);
    // "Loss over the threshold": a bound from below, which the most damaged network meets best.
    CHECK(ratio_of({.loss = Reading::Loss::at_least}) == 0.1);
    // tau(f) without r: the whole network's time decides, which no clock of this GPU brings under 11 ms.
    const Choice whole = algorithm2(o, d, {.time = Reading::Time::of_clock});
    CHECK(whole.limit == Limit::latency);
    CHECK(whole.best == doctest::Approx(8.03e6 / 624.75e6));
    CHECK(joint_scan(o, d, {.time = Reading::Time::of_clock}).limit == Limit::latency);
}

TEST_CASE("objectives") {
    const Owned o = paper(presets::orin_cpu_cubic);  // seconds and joules of one gigacycle
    const auto mhz_for = [&](Objective objective, double deadline_s) {
        const Choice c = joint_scan(o, {.objective = objective, .accuracy_min = 0.87, .deadline_s = deadline_s});
        REQUIRE(c);
        return o.clocks[static_cast<std::size_t>(c.clock)] / 1e6;
    };
    CHECK(mhz_for(Objective::edp, 10) == doctest::Approx(499.2));
    CHECK(mhz_for(Objective::energy, 10) == doctest::Approx(345.6));  // (P_s/2k)^(1/3) = 314 MHz
    CHECK(mhz_for(Objective::latency, 10) == doctest::Approx(1510.4));
    CHECK(mhz_for(Objective::edp, 1 / 0.8) == doctest::Approx(806.4));  // the deadline forbids less
    // The most accurate network within an energy budget, and within a deadline too.
    const Choice best = joint_scan(o, {.objective = Objective::accuracy, .energy_max_j = 0.2});
    REQUIRE(best);
    CHECK(o.levels[static_cast<std::size_t>(best.level)].ratio == 0.5);
    const Choice quick = joint_scan(o, {.objective = Objective::accuracy, .deadline_s = 0.2, .energy_max_j = 0.2});
    REQUIRE(quick);
    CHECK(o.levels[static_cast<std::size_t>(quick.level)].ratio == 0.1);
}

TEST_CASE("infeasible: the reason, and how much is lacking") {
    const Owned o = paper(presets::orin_gpu);
    const auto said = [&](const Demand& d) {
        const Choice c = joint_scan(o, d);
        CHECK(!c);
        return std::string(status(c, d).message());
    };
    CHECK(said({.accuracy_min = 0.9}) ==
          "infeasible: asked for an accuracy of at least 0.9, the best level has 0.8764: 0.0236 amiss");
    CHECK(said({.accuracy_min = 0.8, .deadline_s = 5e-3}) ==
          "infeasible: asked for a frame within 0.005 s, the fastest admissible one takes 0.00976839 s: 0.00476839 s "
          "amiss");
    CHECK(
        said({.accuracy_min = 0.8, .deadline_s = 1, .energy_max_j = 20e-3}) ==
        "infeasible: asked for a frame with at most 0.02 J, the least within the deadline is 0.0268523 J: 0.00685232 J "
        "amiss");
    Owned small = o;
    small.levels.pop_back(), small.costs.resize(6 * 5);
    const Demand d{.ratio_min = 0.95};
    CHECK(joint_scan(small, d).limit == Limit::ratio);
    CHECK(joint_scan(small, d).lacks == doctest::Approx(0.05));
    // Each limit can be met, but not both together.
    const Demand both{.objective = Objective::energy, .deadline_s = 0.7, .energy_max_j = 0.31};
    Owned whole = paper(presets::orin_cpu_cubic);
    whole.levels.erase(whole.levels.begin(), whole.levels.end() - 1);
    whole.costs.erase(whole.costs.begin(), whole.costs.end() - 18);
    CHECK(joint_scan(whole, {.deadline_s = 0.7}));
    CHECK(joint_scan(whole, {.energy_max_j = 0.31}));
    CHECK(joint_scan(whole, both).limit == Limit::energy);
}

TEST_CASE("grids and demands that mean nothing are refused") {
    const Owned good = paper(presets::orin_gpu);
    const auto said = [&](auto change) {
        Owned o = good;
        change(o);
        return std::string(check(Grid(o)).message());
    };
    CHECK(said([](Owned&) {}).empty());
    CHECK(said([](Owned& o) { o.clocks.clear(); }) == "clocks: expected at least one frequency, found none");
    CHECK(said([](Owned& o) { std::swap(o.clocks[0], o.clocks[1]); }) ==
          "clocks: expected ascending frequencies, found 3.06e+08 Hz behind 4.08e+08 Hz");
    CHECK(said([](Owned& o) { o.clocks[1] = o.clocks[0]; }).find("ascending") != std::string::npos);
    CHECK(said([](Owned& o) { o.clocks[2] = NAN; }) == "clocks: frequency 2 is nan Hz, expected a number above 0");
    CHECK(said([](Owned& o) { o.clocks[0] = 0; }).find("frequency 0 is 0 Hz") != std::string::npos);
    CHECK(said([](Owned& o) { o.levels.clear(); }) == "levels: expected at least one, found none");
    CHECK(said([](Owned& o) { o.costs.pop_back(); }) == "costs: expected 35 for 7 levels and 5 clocks, found 34");
    CHECK(said([](Owned& o) { o.levels[3].accuracy = NAN; }) ==
          "levels: the accuracy at ratio 0.7 is nan, expected 0 to 1");
    CHECK(said([](Owned& o) { o.levels[3].accuracy = 81.2; }).find("81.2, expected 0 to 1") != std::string::npos);
    CHECK(said([](Owned& o) { std::swap(o.levels[0], o.levels[1]); }).find("ascending ratios") != std::string::npos);
    CHECK(said([](Owned& o) { o.costs[7].tau_s = -1; }).find("expected a time above 0") != std::string::npos);
    CHECK(said([](Owned& o) { o.costs[7].energy_j = NAN; }).find("nan J") != std::string::npos);

    CHECK(check_monotone(good));
    Owned odd = good;
    odd.levels[4].accuracy = 0.5;
    CHECK(check(Grid(odd)));
    CHECK(std::string(check_monotone(odd).message()) ==
          "accuracy is not monotone: ratio 0.8 has 0.5, and 0.7 with fewer layers 0.8118");

    const auto demand = [](const Demand& d) { return std::string(check(d).message()); };
    CHECK(demand({}).empty());
    CHECK(demand({.deadline_s = 0}) == "deadline: expected seconds above 0, found 0");
    CHECK(demand({.deadline_s = -1}).find("found -1") != std::string::npos);
    CHECK(demand({.deadline_s = NAN}).find("found nan") != std::string::npos);
    CHECK(demand({.energy_max_j = 0}) == "energy budget: expected joules above 0, found 0");
    CHECK(demand({.accuracy_min = 85}) == "least accuracy: expected a share from 0 to 1, found 85");
    CHECK(demand({.accuracy_min = NAN}).find("found nan") != std::string::npos);
    CHECK(demand({.ratio_min = -0.1}).find("least ratio") != std::string::npos);
}

TEST_CASE("the controller keeps a deadline while somebody else takes half of the machine") {
    const Owned o = paper(presets::orin_gpu);
    const Table<8, 8> table(o, {});
    Controller controller(table);
    const double deadline = 14e-3;  // the whole network takes 12.9 ms
    const auto ratio = [&] {
        return o.levels[static_cast<std::size_t>(controller.choose(0.6, deadline).entry->level)].ratio;
    };
    const auto frames = [&](int count, double slowdown) {
        int late = 0;
        for (int i = 0; i < count; ++i) {
            const auto choice = controller.choose(0.6, deadline);
            const double took = choice.entry->needs * slowdown;
            late += took > deadline;
            controller.saw(choice.entry->needs, took);
        }
        return late;
    };
    CHECK(frames(50, 1) == 0);
    const double undisturbed = ratio();
    CHECK(undisturbed == 0.3);  // EDP asks for the fewest layers that are accurate enough
    CHECK(frames(50, 2) == 0);
    CHECK(frames(100, 10) > 90);  // what cannot be kept at this accuracy is not
    CHECK_FALSE(controller.choose(0.6, deadline).in_time);
    CHECK(frames(300, 1) < 5);
    CHECK(controller.slowdown() < 1.1);
    CHECK(controller.choose(0.99, deadline).entry == nullptr);

    // With accuracy as the objective the load decides how many layers there are.
    const Table<8, 8> accurate(o, {.objective = Objective::accuracy});
    Controller second(accurate);
    const auto late_of = [&](int count, double slowdown) {
        int late = 0;
        for (int i = 0; i < count; ++i) {
            const auto* e = second.choose(0, 15e-3).entry;
            late += e->needs * slowdown > 15e-3;
            second.saw(e->needs, e->needs * slowdown);
        }
        return late;
    };
    CHECK(late_of(20, 1) == 0);
    CHECK(second.choose(0, 15e-3).entry->level == 6);
    CHECK(late_of(100, 2) <= 4);
    CHECK(second.choose(0, 15e-3).entry->level == 2);
    CHECK(late_of(200, 1) == 0);
    CHECK(second.choose(0, 15e-3).entry->level == 6);
    second.saw(0, 1), second.saw(1, NAN);
    CHECK(second.slowdown() < 1.05);
}
