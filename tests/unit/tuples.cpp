// Keep tuples: the grid, drawing from it, and the greedy path through it.
#include "tuples.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "greedy.hpp"

using namespace sluice::tools;
using sluice::Generator;

TEST_CASE("the grid has every tuple once, the last group first") {
    CHECK(grid_of({2, 3}) == std::vector<Tuple>{{1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}});
    CHECK(grid_of({1, 1}) == std::vector<Tuple>{{1, 1}});
    const auto grid = grid_of({3, 8, 36, 3});
    CHECK(grid.size() == 3 * 8 * 36 * 3);
    CHECK(std::set<Tuple>(grid.begin(), grid.end()).size() == grid.size());
    for (const Tuple& t : grid) CHECK_UNARY(t[0] >= 1 && t[0] <= 3 && t[2] >= 1 && t[2] <= 36);
}

TEST_CASE("tuples are drawn without repetition, and more of them begin with the same ones") {
    const auto grid = grid_of({3, 4, 5});
    const auto few = drawn(grid, 10, 1), many = drawn(grid, 30, 1), all = drawn(grid, 1000, 1);
    CHECK(few.size() == 10);
    CHECK(std::equal(few.begin(), few.end(), many.begin()));
    CHECK(std::set<Tuple>(all.begin(), all.end()) == std::set<Tuple>(grid.begin(), grid.end()));
    CHECK(few == drawn({grid.rbegin(), grid.rend()}, 10, 1));
    CHECK(few != drawn(grid, 10, 2));

    auto without = grid;
    std::erase(without, few[3]);
    auto expected = drawn(grid, 11, 1);
    std::erase(expected, few[3]);
    CHECK(drawn(without, 10, 1) == expected);
}

TEST_CASE("every tuple is as likely to be drawn as the others") {
    const auto grid = grid_of({3, 3, 3});
    std::map<Tuple, int> count;
    for (std::uint64_t seed = 0; seed < 3000; ++seed)
        for (const Tuple& t : drawn(grid, 9, seed)) ++count[t];
    // A third of 3,000 draws has a standard deviation of 26: here 5 of them.
    for (const Tuple& t : grid) CHECK_UNARY(count[t] > 870 && count[t] < 1130);
}

namespace {

const Tuple blocks{3, 4, 2};
constexpr std::int64_t macs_of_a_block[]{300, 200, 700};

std::int64_t macs(const Tuple& t) {
    std::int64_t sum = 1000;
    for (std::size_t g = 0; g < t.size(); ++g) sum += t[g] * macs_of_a_block[g];
    return sum;
}

// Any number: accuracy may rise where a block goes.
std::int64_t scattered(const Tuple& t) { return static_cast<std::int64_t>(Generator::fnv1a(text_of(t)) % 1000); }

}  // namespace

TEST_CASE("each step of the greedy path loses the least per multiply-accumulate saved") {
    std::map<Tuple, int> asked;
    const auto path = greedy_path(blocks, {.may_run = [](const Tuple&) { return true; },
                                           .macs = macs,
                                           .right =
                                               [&](const Tuple& t, int step) {
                                                   CHECK(asked.emplace(t, step).second);
                                                   return scattered(t);
                                               }});
    CHECK(path.size() == 1 + 2 + 3 + 1);
    CHECK(path.front() == blocks);
    CHECK(path.back() == Tuple{1, 1, 1});
    std::map<Tuple, int> candidates{{blocks, 0}};
    for (std::size_t step = 1; step < path.size(); ++step) {
        const auto loss = [&](const Tuple& t) {
            return static_cast<double>(scattered(path[step - 1]) - scattered(t)) /
                   static_cast<double>(macs(path[step - 1]) - macs(t));
        };
        bool is_candidate = false;
        for (std::size_t g = 0; g < blocks.size(); ++g) {
            Tuple t = path[step - 1];
            if (t[g]-- == 1) continue;
            candidates[t] = static_cast<int>(step);
            is_candidate = is_candidate || t == path[step];
            CHECK(loss(path[step]) <= loss(t) + 1e-12);
        }
        CHECK(is_candidate);
    }
    CHECK(asked == candidates);
}

TEST_CASE("where nothing is lost the greedy path saves most first, then takes the lower group") {
    const auto path = greedy_path({2, 2, 2}, {.may_run = [](const Tuple&) { return true; },
                                              .macs = [](const Tuple& t) { return 10 * (t[0] + t[1]) + 20 * t[2]; },
                                              .right = [](const Tuple&, int) { return 50; }});
    CHECK(path == std::vector<Tuple>{{2, 2, 2}, {2, 2, 1}, {1, 2, 1}, {1, 1, 1}});
}

TEST_CASE("the greedy path ends where no candidate may run") {
    const Candidates of{.may_run = [](const Tuple& t) { return t[1] >= 3 && t[0] == 3; },
                        .macs = macs,
                        .right =
                            [](const Tuple& t, int) {
                                CHECK_UNARY(t[1] >= 3 && t[0] == 3);
                                return scattered(t);
                            }};
    const auto path = greedy_path(blocks, of);
    CHECK(path.size() == 3);
    CHECK(path.back() == Tuple{3, 3, 1});
}
