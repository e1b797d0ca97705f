// What a frame costs at a clock: seconds, watts, joules. Units are in the names: _hz, _s, _v, _w, _j, _js.
//
// Equations are those of Chan et al.: dynamic power alpha·C·V²·f with a supply voltage that is constant in the low zone
// and follows the clock in the high one, static power on top, and E = P·tau, EDP = E·tau for a frame of tau seconds.
#pragma once

#include <limits>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI::power {

inline constexpr double unlimited = std::numeric_limits<double>::infinity();

constexpr bool is_finite(double x) { return x - x == 0; }  // std::isfinite is not constexpr in C++20

// The two zones: floor_v up to the knee, a straight line above it. No knee (infinity): constant voltage everywhere,
// power linear in the clock. Floor and knee 0: V = slope·f, dynamic power cubic in it.
struct Voltage {
    double floor_v = 1;
    double knee_hz = unlimited;
    double slope_v_per_hz = 0;

    constexpr double at(double f_hz) const {
        return f_hz <= knee_hz ? floor_v : floor_v + slope_v_per_hz * (f_hz - knee_hz);
    }
};

struct Device {
    double static_w = 0;
    double switched_f = 0;  // alpha·C of one core: the farads that a cycle charges on average
    Voltage voltage;

    constexpr double dynamic_w(double f_hz, int cores = 1) const {
        const double v = voltage.at(f_hz);
        return cores * switched_f * v * v * f_hz;
    }
    constexpr double power_w(double f_hz, int cores = 1) const { return static_w + dynamic_w(f_hz, cores); }
};

// A frame's work. What waits for memory takes its time at any clock; the paper has none of it.
struct Work {
    double cycles = 0;  // on one core
    double fixed_s = 0;

    constexpr double tau_s(double f_hz, double speed_up = 1) const { return cycles / (f_hz * speed_up) + fixed_s; }
};

// Of one frame.
struct Cost {
    double tau_s = 0;
    double energy_j = 0;

    constexpr double edp_js() const { return energy_j * tau_s; }
    constexpr double power_w() const { return energy_j / tau_s; }
    friend constexpr bool operator==(const Cost&, const Cost&) = default;
};

// speed_up: how much faster `cores` cores are than one.
constexpr Cost cost(const Device& device, const Work& work, double f_hz, int cores = 1, double speed_up = 1) {
    const double tau = work.tau_s(f_hz, speed_up);
    return {tau, device.power_w(f_hz, cores) * tau};
}

}  // namespace sluice
