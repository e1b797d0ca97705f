// Models from measurements by least squares, with what is left over: cycles and waiting from times, watts from watts.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "sluice/core/status.hpp"
#include "sluice/power/decimal.hpp"
#include "sluice/power/model.hpp"

namespace sluice::inline SLUICE_ABI::power {

struct Sample {
    double f_hz = 0;
    double value = 0;  // seconds or watts
};

// Of the differences between samples and model, in the samples' unit, and the largest as a share of its sample.
struct Residual {
    double rms = 0;
    double largest = 0;
    double largest_share = 0;
};

template <class Model>
struct Fit {
    Model model;
    Residual residual;
};

template <class F>
Residual residual_of(std::span<const Sample> samples, F value_at) {
    Residual r;
    double squares = 0;
    for (const Sample& s : samples) {
        const double off = std::fabs(s.value - value_at(s.f_hz));
        squares += off * off;
        r.largest = std::fmax(r.largest, off);
        r.largest_share = std::fmax(r.largest_share, off / s.value);
    }
    r.rms = std::sqrt(squares / static_cast<double>(samples.size()));
    return r;
}

// Enough samples at enough clocks, all of them numbers above zero. what: "times", "watts"
inline Status check_samples(std::span<const Sample> samples, std::size_t clocks, std::string_view what) {
    std::size_t different = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const Sample& s = samples[i];
        if (!is_finite(s.f_hz) || !is_finite(s.value) || s.f_hz <= 0 || s.value <= 0)
            return Status::error(Error::argument, "fit of ", what, ": sample ", i, " is ", decimal(s.value), " at ",
                                 decimal(s.f_hz), " Hz, expected numbers above 0");
        different += std::ranges::none_of(samples.first(i), [&](const Sample& other) { return other.f_hz == s.f_hz; });
    }
    if (different < clocks)
        return Status::error(Error::argument, "fit of ", what, ": expected samples at ", clocks,
                             " clocks or more, found ", different);
    return {};
}

// value = a + b·g(f), neither of them negative: a model with negative watts or cycles is none.
struct Linear {
    double a = 0, b = 0;
};
template <class G>
Linear line_through(std::span<const Sample> samples, G g) {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, scale = 0;
    for (const Sample& s : samples) scale = std::fmax(scale, g(s.f_hz));
    for (const Sample& s : samples) {
        const double x = g(s.f_hz) / scale;  // clocks cubed are 1e28: sums of their squares would lose all digits
        ++n, sx += x, sy += s.value, sxx += x * x, sxy += x * s.value;
    }
    const double determinant = n * sxx - sx * sx;
    Linear l{(sy * sxx - sx * sxy) / determinant, (n * sxy - sx * sy) / determinant};
    if (l.a < 0) l = {0, sxy / sxx};
    if (l.b < 0) l = {sy / n, 0};
    return {l.a, l.b / scale};
}

// tau = cycles/f + fixed
inline Result<Fit<Work>> fit_time(std::span<const Sample> seconds) {
    if (Status s = check_samples(seconds, 2, "times"); !s) return s;
    const Linear l = line_through(seconds, [](double f_hz) { return 1 / f_hz; });
    const Work work{l.b, l.a};
    return Fit<Work>{work, residual_of(seconds, [&](double f_hz) { return work.tau_s(f_hz); })};
}

// P = static + switched·V(f)²·f for a voltage whose shape is known.
inline Result<Fit<Device>> fit_power(std::span<const Sample> watts, const Voltage& voltage) {
    if (Status s = check_samples(watts, 2, "watts"); !s) return s;
    const Linear l = line_through(watts, [&](double f_hz) { return voltage.at(f_hz) * voltage.at(f_hz) * f_hz; });
    const Device device{l.a, l.b, voltage};
    return Fit<Device>{device, residual_of(watts, [&](double f_hz) { return device.power_w(f_hz); })};
}

// The same with the shape unknown: knee and slope are searched for, the rest follows from them. The floor is 1 V by
// definition: from powers alone only the voltage's shape can be told.
inline Result<Fit<Device>> fit_two_zones(std::span<const Sample> watts) {
    if (Status s = check_samples(watts, 4, "watts in two zones"); !s) return s;
    const double low_hz = std::ranges::min(watts, {}, &Sample::f_hz).f_hz;
    const double high_hz = std::ranges::max(watts, {}, &Sample::f_hz).f_hz;
    Fit<Device> best{{}, {unlimited, unlimited, unlimited}};
    double at_knee = low_hz, at_rise = 1;  // rise: of the voltage from the knee to the highest clock, volts
    double knee_step = (high_hz - low_hz) / 32, rise_step = 1.0 / 16;
    const auto attempt = [&](double knee_hz, double rise_v) {
        if (knee_hz < 0 || knee_hz >= high_hz || rise_v < 0) return;
        const auto fit = fit_power(watts, {1, knee_hz, rise_v / (high_hz - knee_hz)});
        if (fit->residual.rms < best.residual.rms) best = *fit, at_knee = knee_hz, at_rise = rise_v;
    };
    for (int k = 0; k < 32; ++k)  // coarse: the sum of squares has several valleys
        for (int r = 0; r <= 64; ++r) attempt(low_hz + k * knee_step, r * rise_step);
    for (int halved = 0; halved < 48; ++halved, knee_step /= 1.5, rise_step /= 1.5) {
        const double knee = at_knee, rise = at_rise;
        for (int k = -2; k <= 2; ++k)
            for (int r = -2; r <= 2; ++r) attempt(knee + k * knee_step, rise + r * rise_step);
    }
    return best;
}

}  // namespace sluice
