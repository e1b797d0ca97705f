#include "energy_meter.hpp"

#include <memory>

#include "sluice/power/meters.hpp"

namespace sluice::tools {

EnergyMeter EnergyMeter::find(const power::Host& host, const std::string& wanted) {
    EnergyMeter found;
    power::Meters::find(host, [&]<class Meter>(Meter&& meter) {
        const std::string name = std::string(meter.kind) + " " + meter.what().c_str();
        if (!found.name_.empty() || name.find(wanted) == name.npos) return;
        if (const Status s = power::readable(meter, host); !s) {
            if (found.reason_.empty()) found.reason_ = s.message();
            return;
        }
        auto kept = std::make_shared<std::remove_cvref_t<Meter>>(std::forward<Meter>(meter));
        found.name_ = name;
        found.sample_ = [kept](double now_s) { return kept->sample(now_s); };
        found.joules_ = [kept] { return kept->joules(); };
    });
    if (!found.name_.empty())
        found.reason_.clear();
    else if (found.reason_.empty())
        found.reason_ =
            wanted.empty() ? "this machine has no energy meter" : "no energy meter is called '" + wanted + "'";
    return found;
}

void EnergyMeter::sample(double now_s) {
    if (name_.empty() || !reason_.empty()) return;
    if (const Status s = sample_(now_s); !s) reason_ = s.message();
}

Result<double> EnergyMeter::joules() const {
    if (!reason_.empty()) return Status::error(Error::verify, reason_);
    return joules_();
}

}  // namespace sluice::tools
