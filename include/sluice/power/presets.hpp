// Devices as far as the paper (Chan et al.) tells them: numbers, and where each comes from. docs/power.md says which
// printed figure each preset meets, and which of the figures exclude each other.
#pragma once

#include <array>
#include <span>

#include "sluice/power/model.hpp"

namespace sluice::inline SLUICE_ABI::power {

// `whole` and `skipped` are the paper's two frames: the full network, and the one with 20 % of its layers.
// Relative presets have no absolute scale in the paper: one watt, joule or cycle is whatever makes the clock of 1 GHz
// draw a dynamic 1 W and take 1 s.
struct Preset {
    const char* name;
    const char* source;
    Device device;
    std::span<const double> clocks_hz;  // ascending
    Work whole, skipped;
    bool relative = false;
};

// 306, 612 and 624.75 MHz are printed; those between are the usual steps of such a GPU.
inline constexpr std::array<double, 5> orin_gpu_hz{306e6, 408e6, 510e6, 612e6, 624.75e6};

// 268.8 + 76.8·i MHz and the printed top of 1510.4. Printed are 268.8, 499.2, 729(.6) and 1510(.4).
inline constexpr std::array<double, 18> orin_cpu_hz = [] {
    std::array<double, 18> f{};
    for (int i = 0; i < 17; ++i) f[static_cast<std::size_t>(i)] = 268.8e6 + 76.8e6 * i;
    f[17] = 1510.4e6;
    return f;
}();

namespace presets {

// Fitted to: 35 mJ for the full network, 13 ms at 612 and 26.5 ms at 306 MHz, 4.5 and 9.0 ms for the skipped one.
// 35 mJ / (13 ms · 612 MHz) = 4.40 nJ a cycle; 8.03 Mcycle is between 13 ms · 612 and 26.5 ms · 306 MHz; static power
// comes out as zero within rounding.
inline constexpr Preset orin_gpu{.name = "orin-gpu",
                                 .source = "Chan et al., Fig. 4: the low zone, 306 to 624.75 MHz",
                                 .device = {.static_w = 0,
                                            .switched_f = 4.40e-9,
                                            .voltage = {.floor_v = 1, .knee_hz = unlimited, .slope_v_per_hz = 0}},
                                 .clocks_hz = orin_gpu_hz,
                                 .whole = {8.03e6},
                                 .skipped = {2.754e6}};

inline constexpr Work one_gigacycle{1e9};
// 12 of 50 blocks by 0.2237 ms a block and 1.82 ms besides, which the GPU's two times give.
inline constexpr Work skipped_share{1e9 * 2.754 / 8.03};

// Fitted to: the least EDP at 499.2 MHz, which any static power from 0.0483 to 0.0768 gives; 0.0622 W puts the
// continuous optimum (2·static/k)^(1/3) there.
inline constexpr Preset orin_cpu_cubic{
    .name = "orin-cpu-cubic",
    .source = "Chan et al., Figs. 5b-d, 6b, 6d: the high zone, V proportional to f",
    .device = {.static_w = 0.0622, .switched_f = 1e-9, .voltage = {.floor_v = 0, .knee_hz = 0, .slope_v_per_hz = 1e-9}},
    .clocks_hz = orin_cpu_hz,
    .whole = one_gigacycle,
    .skipped = skipped_share,
    .relative = true};

// Fitted to: 36 % less energy at 729.6 than at 1510.4 MHz with times inversely proportional to the clock: V = 0.8 there
// and 1 at the top, on one line.
inline constexpr Preset orin_cpu_36{
    .name = "orin-cpu-36",
    .source = "Chan et al., Fig. 5a: -36 % from 1.51 GHz to 729 MHz",
    .device = {.static_w = 0,
               .switched_f = 1e-9,
               .voltage = {.floor_v = 0.8 - 0.256 * 0.7296, .knee_hz = 0, .slope_v_per_hz = 0.256e-9}},
    .clocks_hz = orin_cpu_hz,
    .whole = one_gigacycle,
    .skipped = skipped_share,
    .relative = true};

// Two rails, each for the figure it is fitted to: EDP of the processor's own, energy of the whole board's, whose static
// power is 0.980 W.
inline constexpr Preset orin_cpu_rail = [] {
    Preset p = orin_cpu_cubic;
    p.name = "orin-cpu-rail";
    p.source = "Chan et al., Fig. 6d, if it shows the processor's rail";
    return p;
}();
inline constexpr Preset orin_board_rail = [] {
    Preset p = orin_cpu_cubic;
    p.name = "orin-board-rail";
    p.source = "Chan et al., Fig. 5a, if it shows the board's rail";
    p.device.static_w = 0.980;
    return p;
}();

}  // namespace presets

// THE list.
inline constexpr std::array<const Preset*, 5> all_presets{&presets::orin_gpu, &presets::orin_cpu_cubic,
                                                          &presets::orin_cpu_36, &presets::orin_cpu_rail,
                                                          &presets::orin_board_rail};

}  // namespace sluice
