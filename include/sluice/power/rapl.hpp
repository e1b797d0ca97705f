// RAPL: the energy counters of processors by Intel and AMD, a zone for each package, its cores, its memory. Root's
// since Linux 5.10, because they tell what other programs compute. https://docs.kernel.org/power/powercap/powercap.html
#pragma once

#include "sluice/power/counter.hpp"
#include "sluice/power/host.hpp"

namespace sluice::inline SLUICE_ABI::power {

class Rapl {
  public:
    static constexpr std::string_view kind = "rapl";
    static constexpr bool modelled = false;

    template <class F>
    static void find(const Host& host, F sink) {
        constexpr std::string_view all = "/sys/class/powercap/";
        host.for_each_entry(all, "", [&](std::string_view zone) {
            const Path folder = text<255>(all, zone);
            if (host.exists(text<255>(folder, "/energy_uj"))) sink(Rapl(host, folder));
        });
    }

    Text<80> what() const { return host_.line_or_nothing(text<255>(folder_, "/name")).view(); }  // "package-0"
    template <class F>
    void for_each_file(F f) const {
        f(text<255>(folder_, "/energy_uj"));
    }

    Status sample(double now_s) {
        const auto uj = host_.number(text<255>(folder_, "/energy_uj"));
        if (!uj) return uj.status();
        return counter_.add(static_cast<double>(*uj) * 1e-6, now_s);
    }
    Result<double> joules() const { return counter_.joules(); }

  private:
    Host host_;
    Path folder_;
    EnergyCounter counter_;

    Rapl(const Host& host, const Path& folder) : host_(host), folder_(folder), counter_({.range_j = range_j()}) {}

    double range_j() const {
        const auto uj = host_.number(text<255>(folder_, "/max_energy_range_uj"));
        return uj ? static_cast<double>(*uj) * 1e-6 : 0;
    }
};

}  // namespace sluice
