// EnergyMeter: one of this machine's meters, whichever can be read; or why there is none.
#pragma once

#include <functional>
#include <string>

#include "sluice/power/host.hpp"

namespace sluice::tools {

class EnergyMeter {
  public:
    // The first meter of power::Meters that can be read and whose kind and name contain `wanted`.
    static EnergyMeter find(const power::Host& host, const std::string& wanted);

    const std::string& name() const { return name_; }  // "rapl package-0"; empty: there is none
    // Between frames, never within one: reading a sensor takes the processor.
    void sample(double now_s);
    // Since the first sample. What cannot be told has a reason.
    Result<double> joules() const;

  private:
    std::string name_, reason_;
    std::function<Status(double)> sample_;
    std::function<Result<double>()> joules_;
};

}  // namespace sluice::tools
