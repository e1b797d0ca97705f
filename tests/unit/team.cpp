// The thread team: every part of every task is done once, whoever comes to do it, and done when the call returns.
#include "sluice/threads/team.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <set>

using sluice::Team;

TEST_CASE("every part of a task is done once, with more threads than any machine has cores, at work or asleep") {
    constexpr int threads = 24;
    Team team(threads);
    REQUIRE(team.size() == threads);
    std::array<int, threads> done{};  // plain integers: a part that two did at a time would be a race
    for (int round = 1; round <= 2000; ++round) {
        if (round % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // all are asleep by then
        team.executor()([&](int part) { ++done[static_cast<std::size_t>(part)]; });
        for (int times : done) REQUIRE(times == round);
    }
}

TEST_CASE("a part belongs to the thread of its number, part 0 to the caller") {
    Team team(2);
    std::set<std::thread::id> of_part[2];
    for (int round = 0; round < 1000; ++round) {
        std::thread::id ran[2];
        team.executor()([&](int part) { ran[part] = std::this_thread::get_id(); });
        for (int part : {0, 1}) of_part[part].insert(ran[part]);
    }
    CHECK(of_part[0] == std::set{std::this_thread::get_id()});
    CHECK(of_part[1].size() <= 2);  // its thread, or the caller where that one did not come
}

TEST_CASE("teams that never worked, and a team of one") {
    for (int threads : {1, 2, 5}) Team idle(threads);
    Team alone(1);
    int parts = 0;
    alone.executor()([&](int) { ++parts; });
    CHECK(parts == 1);
}
