// Rail: a power supply that a sensor watches, as watts or as volts and amperes. hwmon, the older IIO driver of the
// Jetsons and batteries all come down to it.
#pragma once

#include "sluice/power/counter.hpp"
#include "sluice/power/host.hpp"

namespace sluice::inline SLUICE_ABI::power {

class Rail {
  public:
    // One file of watts, or two whose product is watts.
    Rail(const Host& host, std::string_view what, const Path& first, const Path& second, double unit_w)
        : host_(host), what_(what), first_(first), second_(second), unit_w_(unit_w) {}

    const Text<80>& what() const { return what_; }
    template <class F>
    void for_each_file(F f) const {
        f(first_);
        if (!second_.empty()) f(second_);
    }

    Result<double> watts() const {
        const auto a = host_.number(first_);
        if (!a) return a.status();
        if (second_.empty()) return static_cast<double>(*a) * unit_w_;
        const auto b = host_.number(second_);
        if (!b) return b.status();
        return static_cast<double>(*a) * static_cast<double>(*b) * unit_w_;
    }
    Status sample(double now_s) {
        const auto w = watts();
        if (!w) return w.status();
        const Status s = energy_.add(*w, now_s);
        return s ? s : Status::error(s.kind(), first_, ": ", s.message());
    }
    Result<double> joules() const { return energy_.joules(); }

  protected:
    const Host& host() const { return host_; }

  private:
    Host host_;
    Text<80> what_;
    Path first_, second_;
    double unit_w_;
    PowerIntegral energy_;
};

}  // namespace sluice
