// ProcessorClock: the processors' clocks as one, as far as this machine lets them be set.
#pragma once

#include <string>
#include <vector>

#include "sluice/power/clocks.hpp"

namespace sluice::tools {

class ProcessorClock {
  public:
    // may_set: without it the clock is only looked at. Those that are set go back to what they were with this object.
    ProcessorClock(const power::Host& host, bool may_set);

    bool can_be_set() const { return !held_.empty(); }
    const std::string& reason() const { return reason_; }  // why not
    // That can be chosen from: one, the present or an unknown one, if nothing can be set. Unknown: 1 Hz.
    const std::vector<double>& hz() const { return hz_; }
    bool is_known() const { return known_; }

    // Sets all policies that know these frequencies; nothing if it is the present one. A failure is told once and for
    // all by reason().
    void set(double hz);
    // Empty if the clock runs at what it was set to, or was not set.
    std::string complaint() const;

  private:
    std::vector<power::Held<power::Cpufreq>> held_;
    std::vector<double> hz_{1};
    std::string reason_;
    double now_ = 0;
    bool known_ = false;

    void hold(const power::Host& host);
};

}  // namespace sluice::tools
