// EnergyCounter: joules from a counter that only ever rises, until it wraps; and PowerIntegral: joules from watts that
// are looked at now and then. Both would rather have no answer than a wrong one.
#pragma once

#include "sluice/core/status.hpp"
#include "sluice/power/decimal.hpp"
#include "sluice/power/model.hpp"

namespace sluice::inline SLUICE_ABI::power {

class EnergyCounter {
  public:
    struct Nature {
        double range_j = 0;     // where it begins at zero again; 0: it never does
        double most_w = 1000;   // more than this cannot be
        double period_s = 0.1;  // at most so long it stands still, and then makes up for it
        double still_s = 2;     // a counter that moves no more in this time has stopped
    };

    explicit EnergyCounter(const Nature& nature) : nature_(nature) {}

    // The counter as it stands at a time, of any steady clock.
    Status add(double counted_j, double now_s) {
        if (!status_) return status_;
        if (samples_++ == 0) return last_j_ = counted_j, last_s_ = moved_s_ = now_s, Status{};
        const double passed = now_s - last_s_;
        double rise = counted_j - last_j_;
        if (rise < 0 && nature_.range_j <= 0)
            return fail("the counter fell from ", last_j_, " J to ", counted_j, " J, and it does not wrap");
        if (nature_.range_j > 0 && passed * nature_.most_w >= nature_.range_j)
            return fail("the counter wraps at ", nature_.range_j,
                        " J, maybe more than once between two readings, which were ", passed, " s apart");
        if (rise < 0) rise += nature_.range_j;
        if (rise > nature_.most_w * (passed + nature_.period_s))
            return fail("the counter jumped by ", rise, " J in a time in s of ", passed, "");
        if (rise > 0) moved_s_ = now_s;
        if (now_s - moved_s_ > nature_.still_s)
            return fail("the counter has stopped: it is ", counted_j, " J and has not moved for a time in s of ",
                        now_s - moved_s_, "");
        joules_ += rise, last_j_ = counted_j, last_s_ = now_s;
        return {};
    }

    // Between the first reading and the last one.
    Result<double> joules() const {
        if (!status_) return status_;
        if (samples_ < 2)
            return Status::error(Error::argument, "energy: expected two readings or more, found ", samples_);
        if (!(joules_ > 0))  // no computer runs on nothing: it is updated less often than it was read
            return Status::error(Error::verify, "energy: the counter has not moved in the ", samples_, " readings");
        return joules_;
    }

  private:
    Nature nature_;
    double last_j_ = 0, last_s_ = 0, moved_s_ = 0, joules_ = 0;
    int samples_ = 0;
    Status status_;

    Status fail(std::string_view a, double x, std::string_view b, double y, std::string_view c) {
        return status_ = Status::error(Error::verify, a, decimal(x), b, decimal(y), c);
    }
};

class PowerIntegral {
  public:
    explicit PowerIntegral(double longest_gap_s = 2) : longest_gap_s_(longest_gap_s) {}

    // Between two readings power is taken for a straight line.
    Status add(double watts, double now_s) {
        if (!status_) return status_;
        if (!is_finite(watts) || watts < 0)
            return status_ = Status::error(Error::verify, "expected watts of 0 or more, found ", decimal(watts));
        if (samples_++ > 0) {
            const double passed = now_s - last_s_;
            if (passed > longest_gap_s_)
                return status_ = Status::error(Error::verify, "power was read ", decimal(passed),
                                               " s apart, expected at most ", decimal(longest_gap_s_),
                                               " s: what it was between is unknown");
            joules_ += 0.5 * (watts + last_w_) * passed;
        }
        last_w_ = watts, last_s_ = now_s;
        return {};
    }
    Result<double> joules() const {
        if (!status_) return status_;
        if (samples_ < 2)
            return Status::error(Error::argument, "energy: expected two readings or more, found ", samples_);
        if (!(joules_ > 0)) return Status::error(Error::verify, "energy: all of the ", samples_, " readings were 0 W");
        return joules_;
    }

  private:
    double longest_gap_s_, last_w_ = 0, last_s_ = 0, joules_ = 0;
    int samples_ = 0;
    Status status_;
};

}  // namespace sluice
