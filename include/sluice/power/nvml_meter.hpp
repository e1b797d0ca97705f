// The energy of an NVIDIA card: its own counter, or power integrated where a card has none. A Jetson's library has
// neither; there hwmon measures the rails.
#pragma once

#include "sluice/power/counter.hpp"
#include "sluice/power/nvml.hpp"

namespace sluice::inline SLUICE_ABI::power {

class NvmlMeter {
  public:
    static constexpr std::string_view kind = "nvml";
    static constexpr bool modelled = false;

    template <class F>
    static void find(const Host& host, F sink) {
        if (host.nvml == nullptr) return;
        Nvml::for_each_device(host.nvml, [&](Nvml&& library, Nvml::Device device, unsigned index) {
            sink(NvmlMeter(std::move(library), device, index));
        });
    }

    Text<80> what() const {
        char name[96] = {};
        const bool known = bool(library_.call("asking for the name", "nvmlDeviceGetName", device_, &name[0], 96u));
        return text<80>("GPU ", index_, known ? " " : "", std::string_view(name));
    }
    template <class F>
    void for_each_file(F) const {}

    Status sample(double now_s) {
        unsigned long long mj = 0;
        unsigned mw = 0;
        if (has_counter_) {
            if (Status s = library_.call("reading energy", "nvmlDeviceGetTotalEnergyConsumption", device_, &mj); !s)
                return s;
            return counter_.add(static_cast<double>(mj) * 1e-3, now_s);
        }
        if (Status s = library_.call("reading power", "nvmlDeviceGetPowerUsage", device_, &mw); !s) return s;
        return power_.add(mw * 1e-3, now_s);
    }
    Result<double> joules() const { return has_counter_ ? counter_.joules() : power_.joules(); }

  private:
    Nvml library_;
    Nvml::Device device_;
    unsigned index_;
    bool has_counter_;
    EnergyCounter counter_{{.most_w = 2000, .period_s = 0.5}};
    PowerIntegral power_;

    NvmlMeter(Nvml&& library, Nvml::Device device, unsigned index)
        : library_(std::move(library)), device_(device), index_(index) {
        unsigned long long mj = 0;
        has_counter_ = bool(library_.call("reading energy", "nvmlDeviceGetTotalEnergyConsumption", device_, &mj));
    }
};

}  // namespace sluice
