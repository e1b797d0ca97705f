// Meters: found on trees of documented machines, their joules against what the files were made to say, and counters
// that wrap, stop, jump and fall.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sluice/power/meters.hpp"
#include "support/fake_files.hpp"

using namespace sluice;
using namespace sluice::power;
using support::FakeFiles;

namespace {

Host host_of(FakeFiles& files) { return {.root = "", .nvml = nullptr, .files = files.files()}; }

std::vector<std::string> meters_of(const Host& host) {
    std::vector<std::string> found;
    Meters::find(host, [&](const auto& meter) {
        std::string text = std::string(meter.kind) + " " + meter.what().c_str();
        meter.for_each_file([&](const Path& file) { text += std::string(" ") + file.c_str(); });
        found.push_back(text);
    });
    return found;
}

// Samples the first meter at 0, 0.5, 1 ... s, after change(s) has been called for each.
template <class F>
Result<double> joules_of(FakeFiles& files, double seconds, F change) {
    Result<double> joules = Status::error(Error::argument, "no meter");
    bool first = true;
    Meters::find(host_of(files), [&](auto&& meter) {
        if (!first) return;
        first = false;
        for (double s = 0; s <= seconds; s += 0.5) {
            change(s);
            if (const Status status = meter.sample(s); !status) return joules = status, void();
        }
        joules = meter.joules();
    });
    return joules;
}
std::string said(const Result<double>& r) { return r ? "measured" : r.message(); }

const std::string package = "/sys/class/powercap/intel-rapl:0/energy_uj";
const std::string rail = "/sys/class/hwmon/hwmon1/";

}  // namespace

TEST_CASE("meters of documented machines") {
    const auto found = [](const support::Tree& tree) {
        FakeFiles files(tree);
        auto meters = meters_of(host_of(files));
        CHECK(files.writes == 0);
        return meters;
    };
    using Strings = std::vector<std::string>;
    CHECK(found(support::jetson_orin()) ==
          Strings{"hwmon ina3221 VDD_IN " + rail + "in1_input " + rail + "curr1_input",
                  "hwmon ina3221 VDD_CPU_GPU_CV " + rail + "in2_input " + rail + "curr2_input",
                  "hwmon ina3221 VDD_SOC " + rail + "in3_input " + rail + "curr3_input",
                  "hwmon ina3221 channel 4 " + rail + "in4_input " + rail + "curr4_input"});
    CHECK(found(support::jetson_xavier()) ==
          Strings{"hwmon ina3221x GPU /sys/bus/iio/devices/iio:device0/in_power0_input",
                  "hwmon ina3221x CPU /sys/bus/iio/devices/iio:device0/in_power1_input"});
    CHECK(found(support::raspberry_pi()).empty());
    CHECK(found(support::intel_laptop()) ==
          Strings{"rapl package-0 " + package, "rapl core /sys/class/powercap/intel-rapl:0:0/energy_uj",
                  "battery BAT0, Discharging /sys/class/power_supply/BAT0/voltage_now "
                  "/sys/class/power_supply/BAT0/current_now"});
    CHECK(found(support::amd_desktop()).size() == 2);
    CHECK(found(support::virtual_machine()).empty());
}

TEST_CASE("rails: watts from volts and amperes, joules by their integral") {
    FakeFiles orin(support::jetson_orin());
    const auto constant = joules_of(orin, 10, [](double) {});
    REQUIRE(constant);
    CHECK(*constant == doctest::Approx(5.072 * 0.872 * 10));
    // A ramp of the current from 0 to 1 A in 10 s at 5 V: 25 J.
    orin.tree[rail + "in1_input"] = "5000\n";
    const auto ramp =
        joules_of(orin, 10, [&](double s) { orin.tree[rail + "curr1_input"] = std::to_string(int(s * 100)) + "\n"; });
    REQUIRE(ramp);
    CHECK(*ramp == doctest::Approx(25).epsilon(1e-6));
    FakeFiles xavier(support::jetson_xavier());
    CHECK(*joules_of(xavier, 4, [](double) {}) == doctest::Approx(1.52 * 4));
    FakeFiles laptop(support::intel_laptop());
    laptop.tree.erase(package), laptop.tree.erase("/sys/class/powercap/intel-rapl:0:0/energy_uj");
    CHECK(*joules_of(laptop, 2, [](double) {}) == doctest::Approx(12 * 1.5 * 2));
    CHECK(said(joules_of(laptop, 2,
                         [&](double s) {
                             if (s > 1) laptop.tree["/sys/class/power_supply/BAT0/status"] = "Charging\n";
                         })) ==
          "/sys/class/power_supply/BAT0/status: expected Discharging, found 'Charging': what it delivers is not what "
          "the device takes");
    CHECK(said(joules_of(orin, 2, [&](double s) {
              if (s > 1) orin.read_error[rail + "curr1_input"] = EIO;
          })).find("cannot read it") != std::string::npos);
    orin.read_error = {};
    CHECK(said(joules_of(orin, 2, [&](double) {
              orin.tree[rail + "curr1_input"] = "-3\n";
          })).find("expected watts of 0 or more") != std::string::npos);
    CHECK(said(joules_of(orin, 0, [&](double) { orin.tree[rail + "curr1_input"] = "3\n"; })) ==
          "energy: expected two readings or more, found 1");
}

TEST_CASE("RAPL: joules across the wrap, and none that are not sure") {
    FakeFiles files(support::intel_laptop());
    const auto uj = [&](double joules) { files.tree[package] = std::to_string(std::int64_t(joules * 1e6)) + "\n"; };
    CHECK(*joules_of(files, 10, [&](double s) { uj(100 + 15 * s); }) == doctest::Approx(150));
    const double range = 262143.328850;
    CHECK(*joules_of(files, 10, [&](double s) { uj(s < 5 ? range - 75 + 15 * s : 15 * (s - 5)); }) ==
          doctest::Approx(150));

    CHECK(said(joules_of(files, 10, [&](double s) { uj(s < 5 ? 15 * s : 75); })).find("has stopped") !=
          std::string::npos);
    CHECK(said(joules_of(files, 10, [&](double s) { uj(s < 5 ? 15 * s : 90000 + 15 * s); })).find("jumped by") !=
          std::string::npos);
    // A fall that is no wrap shows as a jump of almost the whole range.
    CHECK(said(joules_of(files, 10, [&](double s) { uj(s < 5 ? 1000 + 15 * s : 15 * s); })).find("jumped by") !=
          std::string::npos);
    // A small range that could wrap twice between two samples.
    files.tree["/sys/class/powercap/intel-rapl:0/max_energy_range_uj"] = "400000000\n";
    CHECK(said(joules_of(files, 10, [&](double s) { uj(15 * s); })) ==
          "the counter wraps at 400 J, maybe more than once between two readings, which were 0.5 s apart");
    files.tree.erase("/sys/class/powercap/intel-rapl:0/max_energy_range_uj");
    CHECK(said(joules_of(files, 10, [&](double s) { uj(s < 5 ? 100 + 15 * s : 15 * s); })) ==
          "the counter fell from 167.5 J to 75 J, and it does not wrap");
    files.read_error[package] = EACCES;
    CHECK(said(joules_of(files, 10, [](double) {})) == package + ": this user may not read it");
    files.read_error = {};
    CHECK(said(joules_of(files, 1, [&](double) { files.tree[package] = "many\n"; })) ==
          package + ": expected a whole number, found 'many'");
}

TEST_CASE("an error of a counter stays: half a sum is no sum") {
    EnergyCounter counter({.range_j = 0});
    CHECK(counter.add(10, 0));
    CHECK(counter.add(20, 1));
    CHECK_FALSE(counter.add(5, 2));
    CHECK_FALSE(counter.add(30, 3));
    CHECK_FALSE(counter.joules());
    EnergyCounter still({.range_j = 0});
    CHECK(still.add(10, 0));
    CHECK(still.add(10, 0.5));
    CHECK(std::string(still.joules().message()) == "energy: the counter has not moved in the 2 readings");
    PowerIntegral power(1);
    CHECK(power.add(10, 0));
    CHECK(power.add(10, 1));
    CHECK(*power.joules() == 10);
    CHECK_FALSE(power.add(10, 3));
    CHECK(std::string(power.joules().message()) ==
          "power was read 2 s apart, expected at most 1 s: what it was between is unknown");
    PowerIntegral off(1);
    CHECK(off.add(0, 0));
    CHECK(off.add(0, 1));
    CHECK(std::string(off.joules().message()) == "energy: all of the 2 readings were 0 W");
}

TEST_CASE("readable: what the doctor tells") {
    FakeFiles files(support::intel_laptop());
    files.read_error[package] = EACCES;
    std::vector<std::string> why;
    Meters::find(host_of(files), [&](const auto& meter) { why.push_back(readable(meter, host_of(files)).message()); });
    CHECK(why == std::vector<std::string>{package + ": this user may not read it", "", ""});
}

TEST_CASE("the model as a meter says so, and follows the preset") {
    static_assert(Modelled::modelled && !Rapl::modelled && !Hwmon::modelled);
    Modelled meter(presets::orin_gpu);
    CHECK_FALSE(meter.joules());
    meter.runs_at(612e6);
    CHECK(meter.sample(0));
    CHECK(meter.sample(0.5));
    meter.runs_at(0);
    CHECK(meter.sample(2));
    CHECK(*meter.joules() == doctest::Approx(4.40e-9 * 612e6 * 0.5));
    CHECK(std::string(Modelled(presets::orin_cpu_cubic).what().c_str()) == "orin-cpu-cubic (relative units)");
}
