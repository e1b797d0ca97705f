// FrameLoop: images one frame after the other through the engine, each with the gates and the clock that a controller
// chooses, until there are no more or somebody stops it.
#pragma once

#include <functional>
#include <optional>

#include "energy_meter.hpp"
#include "levels.hpp"
#include "processor_clock.hpp"
#include "sluice/power/controller.hpp"
#include "sluice/power/presets.hpp"
#include "stop.hpp"

namespace sluice::tools {

// What a table can be asked for.
struct Target {
    power::Demand demand;
    std::size_t images_per_frame = 1;
    std::size_t frames = 0;
    bool whole = false;  // no choice: the whole network at the highest clock
};

struct Frame {
    std::size_t number = 0;
    std::size_t level = 0;
    double clock_hz = 0;
    double expected_s = 0, took_s = 0;
    std::size_t right = 0;  // images
    bool late = false, in_time_expected = false;
    double slowdown = 1;
};

struct Outcome {
    std::vector<Frame> frames;
    double policy_s = 0;          // spent on choosing, all frames together
    double modelled_j = 0;        // by the preset, at the times that frames took
    std::string clock_complaint;  // the first one
    bool stopped = false;
};

class FrameLoop {
  public:
    static constexpr int most_levels = 10, most_clocks = power::Frequencies::most;
    using Table = power::Table<most_levels, most_clocks, 8 * most_clocks * most_levels>;

    // first: the images before it were used to measure the levels. seen(frame) is called after each frame.
    FrameLoop(const Cifar10& data, std::size_t first, const Normalisation& normalisation, Session& session,
              const std::vector<SkipLevel>& levels, ProcessorClock& clock, const power::Preset& preset)
        : data_(data),
          first_(first),
          normalisation_(normalisation),
          session_(session),
          levels_(levels),
          clock_(clock),
          preset_(preset) {}

    // Throws a Failure with Exit::infeasible if nothing would meet the target even on an idle machine.
    Outcome run(const Target& target, EnergyMeter& meter, const Stop& stop,
                const std::function<void(const Frame&)>& seen);

  private:
    const Cifar10& data_;
    std::size_t first_;
    const Normalisation& normalisation_;
    Session& session_;
    const std::vector<SkipLevel>& levels_;
    ProcessorClock& clock_;
    const power::Preset& preset_;

    // A clock of this machine as one of the preset's: both highest ones stand for each other.
    double preset_hz(double hz) const { return hz / clock_.hz().back() * preset_.clocks_hz.back(); }
    std::size_t right(const std::vector<std::vector<float>>& images, std::size_t at, const SkipLevel& level);
};

}  // namespace sluice::tools
