// The model of time, power and energy: its closed forms, what the presets were fitted to and what follows from them,
// and fits that find again what samples were made from.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "sluice/power/fit.hpp"
#include "sluice/power/presets.hpp"

using namespace sluice;
using namespace sluice::power;

namespace {

// The clock of the preset's list at which f(cost of the full network) is least.
template <class F>
double best_hz(const Preset& p, F f) {
    return *std::ranges::min_element(p.clocks_hz, {}, [&](double hz) { return f(cost(p.device, p.whole, hz)); });
}
constexpr auto edp = [](const Cost& c) { return c.edp_js(); };
constexpr auto energy = [](const Cost& c) { return c.energy_j; };

double energy_at(const Preset& p, double mhz) { return cost(p.device, p.whole, mhz * 1e6).energy_j; }

// The slope of log y over log x between two clocks.
template <class F>
double order(F y, double low, double high) {
    return std::log(y(high) / y(low)) / std::log(high / low);
}

std::vector<Sample> samples_of(const Device& d, std::span<const double> clocks, double noise = 0) {
    std::mt19937 random(1);
    std::normal_distribution<double> off(0, noise);
    std::vector<Sample> samples;
    for (double f : clocks) samples.push_back({f, d.power_w(f) * (1 + (noise > 0 ? off(random) : 0))});
    return samples;
}

// Everything the compiler can know, it does.
static_assert(cost(presets::orin_gpu.device, presets::orin_gpu.whole, 612e6).tau_s < 13.2e-3);
static_assert(Voltage{.floor_v = 0.7, .knee_hz = 1e9, .slope_v_per_hz = 1e-10}.at(1e9) == 0.7);

}  // namespace

TEST_CASE("power: linear in the clock in the low zone, cubic where the voltage follows it") {
    const Device low{0, 1e-9, {0.8, unlimited, 0}}, high{0, 1e-9, {0, 0, 1e-9}};
    CHECK(order([&](double f) { return low.dynamic_w(f); }, 3e8, 6e8) == doctest::Approx(1).epsilon(1e-12));
    CHECK(order([&](double f) { return high.dynamic_w(f); }, 3e8, 6e8) == doctest::Approx(3).epsilon(1e-12));
    // Energy above the static part: constant in one, quadratic in the other.
    const Work work{1e6};
    const auto dynamic_j = [&](const Device& d) { return [&](double f) { return d.dynamic_w(f) * work.tau_s(f); }; };
    CHECK(order(dynamic_j(low), 3e8, 6e8) == doctest::Approx(0).epsilon(1e-12));
    CHECK(order(dynamic_j(high), 3e8, 6e8) == doctest::Approx(2).epsilon(1e-12));
    // At the knee both zones meet.
    const Voltage v{0.7, 1e9, 2e-10};
    CHECK(v.at(0.999999e9) == 0.7);
    CHECK(v.at(2e9) == doctest::Approx(0.9));
}

TEST_CASE("cost: closed forms of the least energy and the least energy-delay product") {
    for (double watts : {0.01, 0.0622, 0.5, 2.0}) {
        const Device d{watts, 1e-9, {0, 0, 1e-9}};  // P = watts + (f/GHz)^3
        const double edp_hz = std::cbrt(2 * watts) * 1e9, energy_hz = std::cbrt(watts / 2) * 1e9;
        for (double off : {0.97, 0.99, 1.01, 1.03}) {
            const Work work{1e9};
            CHECK(cost(d, work, edp_hz).edp_js() < cost(d, work, edp_hz * off).edp_js());
            CHECK(cost(d, work, energy_hz).energy_j < cost(d, work, energy_hz * off).energy_j);
        }
        CHECK(energy_hz / edp_hz == doctest::Approx(std::cbrt(0.25)));
    }
    // Low zone: E = W(static/f + k), so both fall with the clock.
    const Device d{0.3, 2e-9, {1, unlimited, 0}};
    const Cost slow = cost(d, {4e6}, 2e8), fast = cost(d, {4e6}, 8e8);
    CHECK(slow.energy_j == doctest::Approx(4e6 * (0.3 / 2e8 + 2e-9)));
    CHECK(fast.energy_j == doctest::Approx(4e6 * (0.3 / 8e8 + 2e-9)));
    CHECK(fast.edp_js() < slow.edp_js());
    // Four cores that are three times as fast; what waits for memory waits.
    const Cost four = cost(d, {4e6, 1e-3}, 2e8, 4, 3);
    CHECK(four.tau_s == doctest::Approx(4e6 / 6e8 + 1e-3));
    CHECK(four.power_w() == doctest::Approx(0.3 + 4 * 2e-9 * 2e8));
}

TEST_CASE("preset of the GPU: what it was fitted to, and what the paper prints besides") {
    const Preset& p = presets::orin_gpu;
    const auto at = [&](const Work& w, double mhz) { return cost(p.device, w, mhz * 1e6); };
    CHECK(at(p.whole, 612).tau_s == doctest::Approx(13e-3).epsilon(0.02));
    CHECK(at(p.whole, 306).tau_s == doctest::Approx(26.5e-3).epsilon(0.02));
    CHECK(at(p.skipped, 612).tau_s == doctest::Approx(4.5e-3).epsilon(0.01));
    CHECK(at(p.skipped, 306).tau_s == doctest::Approx(9e-3).epsilon(0.01));
    for (double hz : p.clocks_hz) CHECK(cost(p.device, p.whole, hz).energy_j == doctest::Approx(35e-3).epsilon(0.02));
    CHECK(at(p.skipped, 612).energy_j == doctest::Approx(11e-3).epsilon(0.12));  // the paper's own 9 %
    CHECK(at(p.whole, 612).edp_js() == doctest::Approx(455e-6).epsilon(0.05));
    CHECK(best_hz(p, edp) == p.clocks_hz.back());
}

TEST_CASE("presets of the CPU: each meets what it was fitted to and misses what it excludes") {
    const Preset &cubic = presets::orin_cpu_cubic, &line = presets::orin_cpu_36, &board = presets::orin_board_rail;
    CHECK(std::ranges::is_sorted(orin_cpu_hz));
    CHECK(best_hz(cubic, edp) == doctest::Approx(499.2e6));
    CHECK(energy_at(cubic, 729.6) / energy_at(cubic, 1510.4) == doctest::Approx(0.266).epsilon(0.002));
    CHECK(energy_at(line, 729.6) / energy_at(line, 1510.4) == doctest::Approx(0.64).epsilon(1e-3));
    CHECK(best_hz(line, edp) == 1510.4e6);
    CHECK(energy_at(board, 729.6) / energy_at(board, 1510.4) == doctest::Approx(0.64).epsilon(2e-3));
    CHECK(best_hz(board, energy) == doctest::Approx(806.4e6));
    CHECK(best_hz(board, edp) == doctest::Approx(1267.2e6));
    // Any static power in this range has its least EDP there, none outside.
    for (const auto& [watts, there] : {std::pair{0.0483, true}, {0.0768, true}, {0.0482, false}, {0.0769, false}}) {
        Preset p = cubic;
        p.device.static_w = watts;
        CHECK((std::fabs(best_hz(p, edp) - 499.2e6) < 1) == there);
    }
    const double expected[][3] = {
        {268.8, .131, 1.509}, {499.2, .161, 1}, {729.6, .266, 1.130}, {1036.8, .489, 1.462}, {1510.4, 1, 2.054}};
    const auto edp_at = [&](double mhz) { return cost(cubic.device, cubic.whole, mhz * 1e6).edp_js(); };
    for (const auto& [mhz, share, product] : expected) {
        CHECK(energy_at(cubic, mhz) / energy_at(cubic, 1510.4) == doctest::Approx(share).epsilon(0.005));
        CHECK(edp_at(mhz) / edp_at(499.2) == doctest::Approx(product).epsilon(0.002));
    }
}

TEST_CASE("-36 % and times inversely proportional to the clock exclude an optimum at 499 MHz, whatever the model") {
    // EDP(1510)/EDP(729) follows from the two alone.
    CHECK(1 / 0.64 * (729.6 / 1510.4) == doctest::Approx(0.7548).epsilon(1e-4));
    const Preset& line = presets::orin_cpu_36;
    CHECK(cost(line.device, line.whole, 1510.4e6).edp_js() / cost(line.device, line.whole, 729.6e6).edp_js() ==
          doctest::Approx(0.7548).epsilon(1e-3));
}

TEST_CASE("fits find what the samples were made from") {
    std::vector<Sample> times;
    const Work work{8e6, 2e-3};
    for (double f : orin_cpu_hz) times.push_back({f, work.tau_s(f)});
    const auto time = fit_time(times);
    REQUIRE(time);
    CHECK(time->model.cycles == doctest::Approx(8e6));
    CHECK(time->model.fixed_s == doctest::Approx(2e-3));
    CHECK(time->residual.rms < 1e-9);

    const Device cubic = presets::orin_cpu_cubic.device;
    const auto power = fit_power(samples_of(cubic, orin_cpu_hz), cubic.voltage);
    REQUIRE(power);
    CHECK(power->model.static_w == doctest::Approx(cubic.static_w));
    CHECK(power->model.switched_f == doctest::Approx(cubic.switched_f));

    const Device two{0.4, 1.5e-9, {1, 900e6, 0.9e-9}};
    const auto zones = fit_two_zones(samples_of(two, orin_cpu_hz));
    REQUIRE(zones);
    CHECK(zones->residual.largest_share < 1e-3);
    CHECK(zones->model.voltage.knee_hz == doctest::Approx(900e6).epsilon(0.02));
    for (double f : orin_cpu_hz) CHECK(zones->model.power_w(f) == doctest::Approx(two.power_w(f)).epsilon(1e-3));
}

TEST_CASE("fits: the residual is what noise left, and least squares are least") {
    const Device d{0.5, 2e-9, {1, unlimited, 0}};
    const std::vector<Sample> noisy = samples_of(d, orin_cpu_hz, 0.05);
    const auto fit = fit_power(noisy, d.voltage);
    REQUIRE(fit);
    CHECK(fit->residual.largest_share > 0.01);
    CHECK(fit->residual.rms <= fit->residual.largest);
    for (double a : {0.98, 1.02})
        for (double b : {0.98, 1.0, 1.02}) {
            const Device other{fit->model.static_w * a, fit->model.switched_f * b, d.voltage};
            CHECK(residual_of(noisy, [&](double f) { return other.power_w(f); }).rms > fit->residual.rms);
        }
    // A line through the origin where the free one would have negative watts.
    const std::vector<Sample> steep{{1e9, 1}, {2e9, 3}, {3e9, 5}};
    const auto through = fit_power(steep, d.voltage);
    REQUIRE(through);
    CHECK(through->model.static_w == 0);
    CHECK(through->model.switched_f == doctest::Approx(22.0 / 14 * 1e-9));
}

TEST_CASE("fits refuse samples that tell nothing") {
    const auto said = [](const std::vector<Sample>& s) { return std::string(fit_time(s).message()); };
    CHECK(said({}) == "fit of times: expected samples at 2 clocks or more, found 0");
    CHECK(said({{1e9, 1}, {1e9, 2}}) == "fit of times: expected samples at 2 clocks or more, found 1");
    CHECK(said({{1e9, 1}, {2e9, NAN}}) == "fit of times: sample 1 is nan at 2e+09 Hz, expected numbers above 0");
    CHECK(said({{0, 1}, {2e9, 1}}).find("sample 0 is 1 at 0 Hz") != std::string::npos);
    CHECK(said({{1e9, -1}, {2e9, 1}}).find("-1") != std::string::npos);
    CHECK(std::string(fit_two_zones(std::vector<Sample>{{1e9, 1}, {2e9, 2}, {3e9, 3}}).message()).find("4 clocks") !=
          std::string::npos);
}
