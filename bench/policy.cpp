// bench_policy: what a choice costs, in nanoseconds: a look-up in a table of 100 levels and 18 clocks, and the two
// searches that it replaces. Each is the least mean of many bursts, with budgets that change from call to call.
#include <chrono>
#include <cstdio>
#include <memory>
#include <vector>

#include "sluice/power/controller.hpp"
#include "sluice/power/presets.hpp"

namespace {

using namespace sluice::power;

// f(deadline): the mean nanoseconds of a call.
template <class F>
double ns(int calls, F f) {
    double least = 1e300;
    volatile int sink = 0;
    for (int burst = 0; burst < 50; ++burst) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < calls; ++i) sink = sink + f(0.1 + 1e-3 * ((i * 7919) % 4000));
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
        if (took.count() / calls < least) least = took.count() / calls;
    }
    return least;
}

}  // namespace

int main() {
    const Preset& p = presets::orin_cpu_cubic;
    std::vector<Level> levels;
    std::vector<Work> works;
    for (int l = 1; l <= 100; ++l)
        levels.push_back({l / 100.0, l / 110.0}), works.push_back({p.whole.cycles * l / 100});
    std::vector<Cost> costs(works.size() * p.clocks_hz.size());
    fill_costs(costs, p.device, works, p.clocks_hz);
    const Grid grid{levels, p.clocks_hz, costs};
    const auto table = std::make_unique<Table<100, 18, 2000>>(grid, Demand{});
    const Controller controller(*table);
    const double look_up = ns(10'000, [&](double s) {
        const auto* e = controller.choose(0.3 + 0.1 * s, s).entry;
        return e == nullptr ? 0 : e->clock;
    });
    const double sequential =
        ns(1'000, [&](double s) { return algorithm2(grid, {.accuracy_min = 0.5, .deadline_s = s}).clock; });
    const double joint =
        ns(100, [&](double s) { return joint_scan(grid, {.accuracy_min = 0.5, .deadline_s = s}).clock; });
    std::printf(
        "{\"levels\":100,\"clocks\":18,\"entries\":%d,\"table_bytes\":%zu,\"look_up_ns\":%.1f,\"algorithm2_ns\":%.1f,"
        "\"joint_scan_ns\":%.1f}\n",
        table->size(), sizeof *table, look_up, sequential, joint);
    return look_up < 1000 ? 0 : 1;
}
