// devfreq: the clocks of GPUs, memory controllers and other parts of a chip, such as 17000000.gpu on a Jetson Orin.
// https://docs.kernel.org/driver-api/devfreq.html, Documentation/ABI/testing/sysfs-class-devfreq
#pragma once

#include "sluice/power/sysfs_clock.hpp"

namespace sluice::inline SLUICE_ABI::power {

class Devfreq : public SysfsClock {
  public:
    static constexpr std::string_view kind = "devfreq";

    // sink(Devfreq) for each device.
    template <class F>
    static void find(const Host& host, F sink) {
        constexpr std::string_view all = "/sys/class/devfreq";
        host.for_each_entry(all, "",
                            [&](std::string_view name) { sink(Devfreq(host, text<255>(all, "/", name), name)); });
    }

  private:
    static constexpr ClockFiles files{.now = "cur_freq",
                                      .least = "min_freq",
                                      .most = "max_freq",
                                      .hardware_least = "",
                                      .hardware_most = "",
                                      .frequencies = "available_frequencies",
                                      .governor = "governor",
                                      .speed = "userspace/set_freq",
                                      .unit_hz = 1};

    Devfreq(const Host& host, const Path& folder, std::string_view name) : SysfsClock(host, folder, name, files) {}
};

}  // namespace sluice
