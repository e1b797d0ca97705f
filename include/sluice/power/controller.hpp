// Controller: keeps a deadline on a machine that others use too. It asks a table with the deadline that is left when
// everything takes as much longer as the last frames did.
#pragma once

#include "sluice/power/table.hpp"

namespace sluice::inline SLUICE_ABI::power {

template <class Table>
class Controller {
  public:
    using Entry = typename Table::Entry;

    struct Choice {
        const Entry* entry = nullptr;  // null: no level is accurate enough
        bool in_time = false;          // false: not even the fastest one is expected to be
    };

    // table: built for deadlines; it must outlive the controller.
    explicit constexpr Controller(const Table& table) : table_(table) {}

    constexpr Choice choose(double accuracy_min, double deadline_s) const {
        if (const Entry* e = table_.find(accuracy_min, deadline_s * usable / slowdown_)) return {e, true};
        return {table_.least(accuracy_min), false};
    }

    // How long a frame took that the table expected to take so long.
    constexpr void saw(double expected_s, double measured_s) {
        if (!(expected_s > 0) || !(measured_s > 0)) return;
        const double ratio = measured_s / expected_s;
        slowdown_ += (ratio > slowdown_ ? rising : falling) * (ratio - slowdown_);
    }
    constexpr double slowdown() const { return slowdown_; }

  private:
    // A tenth is kept for what a frame's time varies by. A slow frame counts at once, since the next one is likely to
    // be slow too; trust comes back within some tens of frames, so that a load that comes and goes does not make every
    // first frame late.
    static constexpr double usable = 0.9, rising = 0.5, falling = 0.03;

    const Table& table_;
    double slowdown_ = 1;
};

}  // namespace sluice
