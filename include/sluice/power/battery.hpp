// A battery: what the whole device takes from it, while it is not being charged.
// https://docs.kernel.org/power/power_supply_class.html
#pragma once

#include "sluice/power/rail.hpp"

namespace sluice::inline SLUICE_ABI::power {

class Battery : public Rail {
  public:
    static constexpr std::string_view kind = "battery";
    static constexpr bool modelled = false;

    template <class F>
    static void find(const Host& host, F sink) {
        constexpr std::string_view all = "/sys/class/power_supply/";
        host.for_each_entry(all, "", [&](std::string_view supply) {
            const Path at = text<255>(all, supply, "/");
            if (host.line_or_nothing(text<255>(at, "type")).view() != "Battery") return;
            const Line status = host.line_or_nothing(text<255>(at, "status"));
            const Text<80> what = text<80>(supply, ", ", status.empty() ? "status unknown" : status.view());
            // uW; or uV and uA.
            if (const Path power = text<255>(at, "power_now"); host.exists(power))
                sink(Battery(host, what, power, {}, 1e-6, at));
            else
                sink(Battery(host, what, text<255>(at, "voltage_now"), text<255>(at, "current_now"), 1e-12, at));
        });
    }

    Status sample(double now_s) {
        const Line status = host().line_or_nothing(text<255>(folder_, "status"));
        if (status.view() != "Discharging")
            return Status::error(Error::verify, folder_, "status: expected Discharging, found '", status,
                                 "': what it delivers is not what the device takes");
        return Rail::sample(now_s);
    }

  private:
    Path folder_;

    Battery(const Host& host, const Text<80>& what, const Path& a, const Path& b, double unit_w, const Path& folder)
        : Rail(host, what.view(), a, b, unit_w), folder_(folder) {}
};

}  // namespace sluice
