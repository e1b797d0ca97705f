// Boost: whether a processor may exceed its nominal clock. Intel's driver has a switch that turns it off, the others
// one that turns it on.
#pragma once

#include <optional>

#include "sluice/power/saved.hpp"

namespace sluice::inline SLUICE_ABI::power {

class Boost {
  public:
    // Nothing where the kernel has no switch.
    static std::optional<Boost> find(const Host& host) {
        for (const bool off : {true, false})
            if (const Boost b(host, off); host.number(b.path_)) return b;
        return std::nullopt;
    }

    const Path& path() const { return path_; }
    Result<bool> on() const {
        const auto number = host_.number(path_);
        if (!number) return number.status();
        return (*number != 0) != turns_off_;
    }
    Status set(bool wanted) const {
        if (Status s = host_.write(path_, wanted != turns_off_ ? "1" : "0"); !s) return s;
        const auto now = on();
        if (!now) return now.status();
        if (*now == wanted) return {};
        return Status::error(Error::verify, path_, ": boost stays ", *now ? "on" : "off",
                             "; the firmware may have the last word");
    }
    Result<Saved> save() const {
        const auto value = host_.line(path_);
        if (!value) return value.status();
        Saved saved;
        saved.add(path_, value->view());
        return saved;
    }
    Text<63> name() const { return "boost"; }
    const Host& host() const { return host_; }

  private:
    Host host_;
    Path path_;
    bool turns_off_;

    Boost(const Host& host, bool off)
        : host_(host),
          path_(off ? "/sys/devices/system/cpu/intel_pstate/no_turbo" : "/sys/devices/system/cpu/cpufreq/boost"),
          turns_off_(off) {}
};

}  // namespace sluice
