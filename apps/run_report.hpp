// What sluice run prints and logs: keys are listed in docs/cli.md.
#pragma once

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "frame_loop.hpp"

namespace sluice::tools {

using RunJson = nlohmann::ordered_json;

// A line of the log.
RunJson json_of(const Frame& f, const std::vector<SkipLevel>& levels, const ProcessorClock& clock);

RunJson summary(const RunOptions& o, const Target& target, const std::vector<SkipLevel>& levels,
                const ProcessorClock& clock, const EnergyMeter& meter, const power::Preset& preset,
                const Outcome& outcome);
// The same for people.
void print_summary(const RunJson& summary);

}  // namespace sluice::tools
