#include "run_report.hpp"

#include <algorithm>
#include <iostream>

#include "table.hpp"

namespace sluice::tools {

namespace {

using Json = RunJson;

Json or_reason(const Result<double>& value, double scale, std::string& reason) {
    if (value) return *value * scale;
    reason = value.message();
    return nullptr;
}

// The share of the frames below which a time lies.
double quantile_ms(std::vector<double> s, double share) {
    std::ranges::sort(s);
    return 1e3 * s[static_cast<std::size_t>(share * static_cast<double>(s.size() - 1))];
}

Json json_of(const SkipLevel& l, std::size_t images, const Outcome& outcome, std::size_t number) {
    return {{"kept", l.mask.cost.kept},
            {"ratio", l.ratio},
            {"accuracy", l.accuracy},
            {"ms", 1e3 * l.frame_s * static_cast<double>(images)},
            {"frames", std::ranges::count(outcome.frames, number, &Frame::level)}};
}

}  // namespace

RunJson json_of(const Frame& f, const std::vector<SkipLevel>& levels, const ProcessorClock& clock) {
    return {{"frame", f.number},
            {"kept", levels[f.level].mask.cost.kept},
            {"clock_mhz", clock.is_known() ? Json(f.clock_hz / 1e6) : Json(nullptr)},
            {"ms", 1e3 * f.took_s},
            {"expected_ms", 1e3 * f.expected_s},
            {"late", f.late},
            {"right", f.right},
            {"slowdown", f.slowdown}};
}

RunJson summary(const RunOptions& o, const Target& target, const std::vector<SkipLevel>& levels,
                const ProcessorClock& clock, const EnergyMeter& meter, const power::Preset& preset,
                const Outcome& outcome) {
    std::vector<double> times;
    std::size_t right = 0;
    for (const Frame& f : outcome.frames) times.push_back(f.took_s), right += f.right;
    const double frames = static_cast<double>(times.size());
    const auto late = std::ranges::count(outcome.frames, true, &Frame::late);
    std::string reason;
    Json json{{"schema_version", 1},
              {"network", o.network},
              {"objective", o.objective},
              {"deadline_ms", o.deadline_ms},
              {"min_accuracy", o.min_accuracy},
              {"images_per_frame", target.images_per_frame},
              {"whole", o.whole},
              {"frames", times.size()},
              {"stopped", outcome.stopped},
              {"late", late},
              {"late_percent", 100.0 * static_cast<double>(late) / frames},
              {"accuracy", static_cast<double>(right) / (frames * static_cast<double>(target.images_per_frame))},
              {"median_ms", quantile_ms(times, 0.5)},
              {"p99_ms", quantile_ms(times, 0.99)},
              {"largest_ms", quantile_ms(times, 1)},
              {"policy_ns", 1e9 * outcome.policy_s / frames}};
    json["clock"] = {{"set", clock.can_be_set()},
                     {"reason", clock.reason().empty() ? Json(nullptr) : Json(clock.reason())},
                     {"complaint", outcome.clock_complaint.empty() ? Json(nullptr) : Json(outcome.clock_complaint)}};
    json["energy"] = {{"meter", meter.name().empty() ? Json(nullptr) : Json(meter.name())},
                      {"frame_J", or_reason(meter.joules(), 1 / frames, reason)},
                      {"reason", reason.empty() ? Json(nullptr) : Json(reason)}};
    json["modelled"] = {{"preset", preset.name},
                        {preset.relative ? "frame_relative" : "frame_J", outcome.modelled_j / frames}};
    for (std::size_t l = 0; l < levels.size(); ++l)
        json["levels"].push_back(json_of(levels[l], target.images_per_frame, outcome, l));
    return json;
}

void print_summary(const RunJson& json) {
    const auto number = [&](const char* key, int digits) { return fixed(json[key].get<double>(), digits); };
    Table table({"keeps", "accuracy %", "ms alone", "frames"});
    for (const Json& l : json["levels"])
        table.add({l["kept"].dump(), fixed(100 * l["accuracy"].get<double>(), 2), fixed(l["ms"].get<double>(), 3),
                   l["frames"].dump()});
    table.print();
    std::cout << json["late"] << " of " << json["frames"] << " frames late (" << number("late_percent", 2)
              << " %), median " << number("median_ms", 3) << ", 99 % below " << number("p99_ms", 3) << " ms; "
              << fixed(100 * json["accuracy"].get<double>(), 2) << " % right; a choice took " << number("policy_ns", 0)
              << " ns\n";
    const Json &clock = json["clock"], &energy = json["energy"];
    std::cout << "clock: " << (clock["set"].get<bool>() ? "set" : clock["reason"].get<std::string>()) << '\n';
    if (!clock["complaint"].is_null()) std::cout << "clock: " << clock["complaint"].get<std::string>() << '\n';
    std::cout << "energy: "
              << (energy["frame_J"].is_null()
                      ? energy["reason"].get<std::string>()
                      : fixed(energy["frame_J"].get<double>(), 6) + " J a frame, " + energy["meter"].get<std::string>())
              << '\n';
}

}  // namespace sluice::tools
