// Frequencies that a clock can be set to, and whether it runs at the one it was set to.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "sluice/power/grid.hpp"

namespace sluice::inline SLUICE_ABI::power {

struct Frequencies {
    static constexpr int most = 160;  // an H100 lists 119
    std::array<double, most> hz{};    // ascending
    int count = 0;
    bool stepless = false;  // the driver takes any; these are some of them

    std::span<const double> view() const { return std::span(hz).first(static_cast<std::size_t>(count)); }

    // Put in order, each once.
    void tidy() {
        std::sort(hz.begin(), hz.begin() + count);
        count = static_cast<int>(std::unique(hz.begin(), hz.begin() + count) - hz.begin());
    }
};

// Drivers round to steps of their own.
inline bool is_near(double a_hz, double b_hz) { return std::fabs(a_hz - b_hz) <= 0.02 * b_hz; }

// A clock takes some milliseconds to follow, and a hot chip may never do so.
inline Status check_follows(const Text<63>& name, double set_hz, const Result<double>& now_hz) {
    if (!now_hz) return now_hz.status();
    if (is_near(*now_hz, set_hz)) return {};
    return Status::error(Error::verify, name, ": set to ", decimal(set_hz / 1e6), " MHz, but it runs at ",
                         decimal(*now_hz / 1e6), " MHz: the chip may be too hot, or another program sets it too");
}

}  // namespace sluice
