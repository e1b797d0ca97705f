// cpufreq: the clocks of processors. A policy is a set of CPUs whose clock is set together.
// https://docs.kernel.org/admin-guide/pm/cpufreq.html
#pragma once

#include "sluice/power/sysfs_clock.hpp"

namespace sluice::inline SLUICE_ABI::power {

class Cpufreq : public SysfsClock {
  public:
    static constexpr std::string_view kind = "cpufreq";
    static constexpr std::string_view cpu = "/sys/devices/system/cpu/";

    // sink(Cpufreq) for each policy.
    template <class F>
    static void find(const Host& host, F sink) {
        bool any = false;
        const auto give = [&](const Path& folder, std::string_view name) {
            if (!host.line(text<255>(folder, "/scaling_governor"))) return;
            any = true;
            sink(Cpufreq(host, folder, name));
        };
        host.for_each_entry(text<255>(cpu, "cpufreq"), "policy",
                            [&](std::string_view name) { give(text<255>(cpu, "cpufreq/", name), name); });
        if (!any) give(text<255>(cpu, "cpu0/cpufreq"), "cpu0");  // all that old kernels have
    }

    Line driver() const { return host().line_or_nothing(path("scaling_driver")); }
    Line cpus() const { return host().line_or_nothing(path("affected_cpus")); }

  private:
    static constexpr ClockFiles files{.now = "scaling_cur_freq",
                                      .least = "scaling_min_freq",
                                      .most = "scaling_max_freq",
                                      .hardware_least = "cpuinfo_min_freq",
                                      .hardware_most = "cpuinfo_max_freq",
                                      .frequencies = "scaling_available_frequencies",
                                      .governor = "scaling_governor",
                                      .speed = "scaling_setspeed",
                                      .unit_hz = 1e3};

    Cpufreq(const Host& host, const Path& folder, std::string_view name) : SysfsClock(host, folder, name, files) {}
};

}  // namespace sluice
