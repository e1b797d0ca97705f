#include "processor_clock.hpp"

#include <algorithm>

namespace sluice::tools {

ProcessorClock::ProcessorClock(const power::Host& host, bool may_set) {
    reason_ = "the kernel shows no clock scaling";
    power::Cpufreq::find(host, [&](const power::Cpufreq& policy) {
        if (known_) return;
        const auto now = policy.now_hz();
        if (now) hz_ = {*now}, known_ = true;
        reason_ = "clocks are only looked at without --set-clocks";
    });
    if (may_set && known_) hold(host);
}

void ProcessorClock::hold(const power::Host& host) {
    std::vector<double> first;
    reason_.clear();
    power::Cpufreq::find(host, [&](const power::Cpufreq& policy) {
        const auto f = policy.frequencies();
        const std::vector<double> hz = f ? std::vector(f->view().begin(), f->view().end()) : std::vector<double>{};
        if (!reason_.empty() || (f && !first.empty() && hz != first)) return;  // other cores with clocks of their own
        if (!f) return void(reason_ = f.message());
        auto held = power::Held<power::Cpufreq>::hold(policy);
        if (!held) return void(reason_ = held.message());
        first = hz;
        held_.push_back(held.take());
    });
    if (!reason_.empty()) return held_.clear();
    const std::vector<double> present = hz_;
    hz_ = first;
    set(hz_.back());  // shows whether it may be set at all
    if (!can_be_set()) hz_ = present;
}

void ProcessorClock::set(double hz) {
    if (hz == now_) return;
    now_ = hz;
    for (const auto& clock : held_)
        if (const Status s = clock.clock().set(hz); !s) reason_ = s.message();
    if (!reason_.empty()) held_.clear();  // restores what was set before one failed
}

std::string ProcessorClock::complaint() const {
    for (const auto& clock : held_)
        if (const Status s = clock.clock().follows(now_); !s) return s.message();
    return {};
}

}  // namespace sluice::tools
