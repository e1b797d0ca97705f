// The model as a meter, for machines that measure nothing. Whoever shows its joules must say that they are modelled.
#pragma once

#include "sluice/power/counter.hpp"
#include "sluice/power/presets.hpp"

namespace sluice::inline SLUICE_ABI::power {

class Modelled {
  public:
    static constexpr std::string_view kind = "model";
    static constexpr bool modelled = true;

    // Not found on any host: somebody has to choose the device.
    explicit Modelled(const Preset& preset, int cores = 1) : preset_(&preset), cores_(cores) {}

    Text<80> what() const { return text<80>(preset_->name, preset_->relative ? " (relative units)" : ""); }
    template <class F>
    void for_each_file(F) const {}

    // From now on the device computes at this clock; 0: it idles and draws its static power.
    void runs_at(double f_hz) { f_hz_ = f_hz; }
    Status sample(double now_s) {
        if (samples_++ > 0) joules_ += preset_->device.power_w(f_hz_, cores_) * (now_s - last_s_);
        last_s_ = now_s;
        return {};
    }
    Result<double> joules() const {
        if (samples_ < 2)
            return Status::error(Error::argument, "energy: expected two readings or more, found ", samples_);
        return joules_;
    }

  private:
    const Preset* preset_;
    int cores_;
    double f_hz_ = 0, last_s_ = 0, joules_ = 0;
    int samples_ = 0;
};

}  // namespace sluice
