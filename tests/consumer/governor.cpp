// The part of the firmware that chooses gates and clock: a table that the compiler has built, and whatever clocks and
// meters this machine has. No heap, no exceptions, no RTTI.
#include "governor.hpp"

#include <sluice/power/clocks.hpp>
#include <sluice/power/controller.hpp>
#include <sluice/power/meters.hpp>

namespace {

namespace power = sluice::power;

constexpr std::array<power::Level, 3> levels{{{0.3, 0.8}, {0.6, 0.88}, {1, 0.92}}};
constexpr std::array<power::Work, 3> works{{{3e6}, {5e6}, {8e6}}};
constexpr auto costs = [] {
    std::array<power::Cost, levels.size() * power::orin_gpu_hz.size()> c{};
    power::fill_costs(c, power::presets::orin_gpu.device, works, power::orin_gpu_hz);
    return c;
}();
constexpr power::Table<3, 5> table({levels, power::orin_gpu_hz, costs}, {.objective = power::Objective::energy});
static_assert(table.find(0.85, 20e-3)->level == 1);

}  // namespace

int level_for(double accuracy_min, double deadline_s) {
    const auto* entry = table.find(accuracy_min, deadline_s);
    return entry == nullptr ? -1 : entry->level;
}

Found look_around() {
    Found found{};
    const power::Host host;
    power::Clocks::find(host, [&](const auto& clock) { found.clocks += bool(clock.now_hz()); });
    power::Meters::find(host, [&](auto&& meter) { found.meters += bool(meter.sample(0)); });
    return found;
}

bool hold_first_clock(double hz) {
    bool held = false;
    power::Cpufreq::find(power::Host{}, [&](const power::Cpufreq& clock) {
        if (held) return;
        const auto hold = power::Held<power::Cpufreq>::hold(clock);
        held = hold && hold->clock().set(hz);
    });
    return held;
}
