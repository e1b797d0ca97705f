// Clocks: who sets them, to what, and whether they may rise above the nominal one.
#include "doctor.hpp"
#include "sysfs.hpp"
#include "table.hpp"

namespace sluice::tools {

namespace {

// CPUs whose clock is set together.
struct Policy {
    std::string cpus, driver, governor;  // "0-3", "intel_pstate", "powersave"
    std::optional<double> now_mhz, least_mhz, most_mhz;
};

std::optional<double> mhz_in(const std::string& path) {
    const auto khz = number_in(path);
    if (!khz || *khz <= 0) return std::nullopt;
    return *khz / 1e3;
}

std::vector<Policy> policies_in(const std::string& cpu) {
    std::vector<std::string> folders;
    for (const std::string& name : entries(cpu + "cpufreq", "policy")) folders.push_back(cpu + "cpufreq/" + name);
    if (folders.empty()) folders.push_back(cpu + "cpu0/cpufreq");  // all that old kernels have
    std::vector<Policy> policies;
    for (const std::string& at : folders)
        if (const std::string governor = line_of(at + "/scaling_governor"); !governor.empty())
            policies.push_back({line_of(at + "/affected_cpus"), line_of(at + "/scaling_driver"), governor,
                                mhz_in(at + "/scaling_cur_freq"), mhz_in(at + "/scaling_min_freq"),
                                mhz_in(at + "/scaling_max_freq")});
    return policies;
}

// Intel's driver has a switch that turns it off, the others one that turns it on.
std::optional<bool> boost_in(const std::string& cpu) {
    if (const auto off = number_in(cpu + "intel_pstate/no_turbo")) return *off == 0;
    if (const auto on = number_in(cpu + "cpufreq/boost")) return *on != 0;
    return std::nullopt;
}

Report::Json json_of(const Policy& p) {
    return {{"cpus", Report::or_null(p.cpus)},
            {"driver", Report::or_null(p.driver)},
            {"governor", p.governor},
            {"now_mhz", Report::or_null(p.now_mhz)},
            {"least_mhz", Report::or_null(p.least_mhz)},
            {"most_mhz", Report::or_null(p.most_mhz)}};
}

std::string text_of(const Policy& p) {
    const auto mhz = [](const std::optional<double>& f) { return f ? fixed(*f, 0) : std::string("unknown"); };
    return "CPUs " + (p.cpus.empty() ? "unknown" : p.cpus) + ": governor " + p.governor + " of " +
           (p.driver.empty() ? "an unknown driver" : p.driver) + ", now " + mhz(p.now_mhz) + " of " + mhz(p.least_mhz) +
           " to " + mhz(p.most_mhz) + " MHz";
}

}  // namespace

void examine_clocks(Report& report, const std::string& root) {
    const std::string cpu = root + "/sys/devices/system/cpu/";
    const std::vector<Policy> policies = policies_in(cpu);
    if (policies.empty()) {
        report.json["clocks"] = nullptr;
        report.line("clocks", "unknown");
        return report.lacks("clocks",
                            "the kernel shows no clock scaling: a virtual machine leaves it to its host, and "
                            "some boards have no cpufreq driver");
    }
    std::string mode = line_of(cpu + "intel_pstate/status");
    if (mode.empty()) mode = line_of(cpu + "amd_pstate/status");
    const std::optional<bool> boost = boost_in(cpu);
    report.json["clocks"] = {{"policies", Report::Json::array()},
                             {"pstate", Report::or_null(mode)},
                             {"boost", boost ? Report::Json(*boost) : Report::Json(nullptr)}};
    report.line("clocks", std::string("boost ") +
                              (!boost   ? "unknown"
                               : *boost ? "on"
                                        : "off") +
                              (mode.empty() ? "" : ", P-states " + mode));
    bool held = false;
    for (const Policy& p : policies) {
        report.json["clocks"]["policies"].push_back(json_of(p));
        report.line("", text_of(p));
        held = held || p.governor == "powersave";
    }
    if (!boost)
        report.lacks("clocks",
                     "no switch for boost: neither intel_pstate/no_turbo nor cpufreq/boost is there, so it is "
                     "unknown whether clocks rise with few busy cores");
    if (held)
        report.advice.push_back(
            "the governor 'powersave' may hold the clock down: timings are steadier after "
            "`sudo cpupower frequency-set --governor performance`");
    if (boost && !*boost) report.advice.push_back("boost is off: times are steadier so, but longer");
}

}  // namespace sluice::tools
