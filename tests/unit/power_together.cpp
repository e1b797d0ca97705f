// All headers of power/ in one translation unit: no name means two things. What there is depends on the machine, so
// only that everything found has a name is checked here.
#include <doctest/doctest.h>

#include "sluice/power/clocks.hpp"
#include "sluice/power/controller.hpp"
#include "sluice/power/fit.hpp"
#include "sluice/power/meters.hpp"

TEST_CASE("this machine's clocks and meters have names, and looking changes nothing") {
    const sluice::power::Host host;
    int found = 0;
    const auto named = [&](const auto& name) {
        ++found;
        CHECK_FALSE(name.empty());
    };
    sluice::power::Clocks::find(host, [&](const auto& clock) { named(clock.name()); });
    sluice::power::Meters::find(host, [&](const auto& meter) { named(meter.what()); });
    MESSAGE(found << " found");
}
