// Sensors on a board, such as the INA3221 on the supply rails of a Jetson: channel n measures power, or voltage and
// current, and its label is the rail's name.
// https://docs.kernel.org/hwmon/sysfs-interface.html, hwmon/ina3221.html. NVIDIA's older driver ina3221x is an IIO
// device with names of its own: L4T 32's documentation, "Software-Based Power Consumption Modeling".
#pragma once

#include "sluice/power/rail.hpp"

namespace sluice::inline SLUICE_ABI::power {

class Hwmon : public Rail {
  public:
    static constexpr std::string_view kind = "hwmon";
    static constexpr bool modelled = false;

    template <class F>
    static void find(const Host& host, F sink) {
        host.for_each_entry("/sys/class/hwmon", "hwmon",
                            [&](std::string_view d) { rails_of(host, text<255>("/sys/class/hwmon/", d), sink); });
        host.for_each_entry("/sys/bus/iio/devices", "iio:device", [&](std::string_view d) {
            iio_rails_of(host, text<255>("/sys/bus/iio/devices/", d), sink);
        });
    }

  private:
    using Rail::Rail;
    static constexpr int channels = 16;

    static Text<80> label(const Host& host, const Path& device, const Path& file, int channel) {
        const Line chip = host.line_or_nothing(text<255>(device, "/name")), rail = host.line_or_nothing(file);
        return rail.empty() ? text<80>(chip, " channel ", channel) : text<80>(chip, " ", rail);
    }

    // Watts in uW; volts in mV and amperes in mA. The INA3221's channels 4 to 7 are shunts and sums without a current
    // or a voltage of their own.
    template <class F>
    static void rails_of(const Host& host, const Path& device, F sink) {
        for (int n = 1; n <= channels; ++n) {
            const Path volts = text<255>(device, "/in", n), amperes = text<255>(device, "/curr", n, "_input"),
                       power = text<255>(device, "/power", n);
            Path name = text<255>(volts, "_label");
            if (!host.exists(name)) name = text<255>(power, "_label");
            const auto give = [&](const Path& a, const Path& b, double w) {
                sink(Hwmon(host, label(host, device, name, n).view(), a, b, w));
            };
            if (const Path now = text<255>(power, "_input"); host.exists(now))
                give(now, {}, 1e-6);
            else if (const Path mean = text<255>(power, "_average"); host.exists(mean))
                give(mean, {}, 1e-6);
            else if (const Path v = text<255>(volts, "_input"); host.exists(v) && host.exists(amperes))
                give(v, amperes, 1e-6);
        }
    }

    // Watts in mW.
    template <class F>
    static void iio_rails_of(const Host& host, const Path& device, F sink) {
        for (int n = 0; n < channels; ++n)
            if (const Path power = text<255>(device, "/in_power", n, "_input"); host.exists(power))
                sink(Hwmon(host, label(host, device, text<255>(device, "/rail_name_", n), n).view(), power, {}, 1e-3));
    }
};

}  // namespace sluice
