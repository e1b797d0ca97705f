// Clocks: who sets them, to what, and whether they may rise above the nominal one. --restore-clocks puts back those
// that a killed program has left set.
#include "doctor.hpp"
#include "failure.hpp"
#include "sluice/power/clocks.hpp"
#include "sysfs.hpp"
#include "table.hpp"

namespace sluice::tools {

namespace {

std::optional<double> mhz(const Result<double>& hz) { return hz ? std::optional(*hz / 1e6) : std::nullopt; }

Report::Json limits_of(const auto& clock) {
    return {{"governor", Report::or_null(clock.governor().c_str())},
            {"now_mhz", Report::or_null(mhz(clock.now_hz()))},
            {"least_mhz", Report::or_null(mhz(clock.least_hz()))},
            {"most_mhz", Report::or_null(mhz(clock.most_hz()))}};
}

// "governor schedutil of tegra194, now 730 of 115 to 1510 MHz"
std::string text_of(const auto& clock, const std::string& driver) {
    const auto text = [](const std::optional<double>& f) { return f ? fixed(*f, 0) : std::string("unknown"); };
    const std::string governor = clock.governor().c_str();
    return (governor.empty() ? "" : "governor " + governor + " of " + driver + ", ") + "now " +
           text(mhz(clock.now_hz())) + " of " + text(mhz(clock.least_hz())) + " to " + text(mhz(clock.most_hz())) +
           " MHz";
}

void report_clock(Report& report, const power::Cpufreq& policy, bool& held) {
    const std::string cpus = policy.cpus().c_str(), driver = policy.driver().c_str();
    Report::Json json{{"cpus", Report::or_null(cpus)}, {"driver", Report::or_null(driver)}};
    json.update(limits_of(policy));
    report.json["clocks"]["policies"].push_back(json);
    report.line("", "CPUs " + (cpus.empty() ? "unknown" : cpus) + ": " +
                        text_of(policy, driver.empty() ? "an unknown driver" : driver));
    held = held || policy.governor().view() == "powersave";
}

void report_clock(Report& report, const auto& device, bool&) {
    const std::string kind(device.kind), name = device.name().c_str();
    Report::Json json{{"kind", kind}, {"name", name}};
    json.update(limits_of(device));
    report.json["clocks"]["devices"].push_back(json);
    report.line("", kind + ' ' + name + ": " + text_of(device, kind));
}

}  // namespace

void examine_clocks(Report& report, const std::string& root) {
    const power::Host host = host_below(root);
    const std::string cpu = root + "/sys/devices/system/cpu/";
    std::string mode = line_of(cpu + "intel_pstate/status");
    if (mode.empty()) mode = line_of(cpu + "amd_pstate/status");
    const auto boost = power::Boost::find(host);
    const bool boosts = boost && *boost->on();
    bool any = false, held = false;
    power::Clocks::find(host, [&](const auto& clock) {
        if (!any) {
            any = true;
            report.json["clocks"] = {{"policies", Report::Json::array()},
                                     {"devices", Report::Json::array()},
                                     {"pstate", Report::or_null(mode)},
                                     {"boost", boost ? Report::Json(boosts) : Report::Json(nullptr)}};
            report.line("clocks", std::string("boost ") +
                                      (!boost   ? "unknown"
                                       : boosts ? "on"
                                                : "off") +
                                      (mode.empty() ? "" : ", P-states " + mode));
        }
        report_clock(report, clock, held);
    });
    for (const std::string& name : entries(root + std::string(power::saved_folder), std::string(power::saved_prefix)))
        report.advice.push_back("the clock " + name.substr(power::saved_prefix.size()) +
                                " is held by a program, or was left so by one that was killed: then `sluice doctor "
                                "--restore-clocks` puts it back");
    if (!any) {
        report.json["clocks"] = nullptr;
        report.line("clocks", "unknown");
        return report.lacks("clocks",
                            "the kernel shows no clock scaling: a virtual machine leaves it to its host, and "
                            "some boards have no cpufreq driver");
    }
    if (!boost)
        report.lacks("clocks",
                     "no switch for boost: neither intel_pstate/no_turbo nor cpufreq/boost is there, so it is "
                     "unknown whether clocks rise with few busy cores");
    if (held)
        report.advice.push_back(
            "the governor 'powersave' may hold the clock down: timings are steadier after "
            "`sudo cpupower frequency-set --governor performance`");
    if (boost && !boosts) report.advice.push_back("boost is off: times are steadier so, but longer");
}

std::vector<std::string> restored_clocks(const std::string& root) {
    std::vector<std::string> names;
    std::string failed;
    power::restore_clocks(host_below(root), [&](std::string_view name, const Status& s) {
        if (s)
            names.emplace_back(name);
        else
            failed += (failed.empty() ? "" : "; ") + std::string(name) + ": " + s.message();
    });
    if (!failed.empty()) fail(Exit::file, "--restore-clocks: ", failed);
    return names;
}

}  // namespace sluice::tools
