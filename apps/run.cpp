// sluice run: real images through engine, policy, meter and clock, within a deadline.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "failure.hpp"
#include "frame_loop.hpp"
#include "output_file.hpp"
#include "registry.hpp"
#include "table.hpp"

namespace sluice::tools {

namespace {

using Json = nlohmann::ordered_json;

power::Objective objective_named(const std::string& name) {
    const std::pair<const char*, power::Objective> all[] = {{"edp", power::Objective::edp},
                                                            {"energy", power::Objective::energy},
                                                            {"latency", power::Objective::latency},
                                                            {"accuracy", power::Objective::accuracy}};
    for (const auto& [known, objective] : all)
        if (name == known) return objective;
    fail(Exit::usage, "--objective: expected edp, energy, latency or accuracy, found '", name, "'");
}

const power::Preset& preset_named(const std::string& name) {
    std::string known;
    for (const power::Preset* p : power::all_presets) {
        if (name == p->name) return *p;
        known += std::string(known.empty() ? "" : ", ") + p->name;
    }
    fail(Exit::usage, "--model: there is no preset '", name, "'. The presets are ", known);
}

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

Json json_of(const Frame& f, const std::vector<SkipLevel>& levels, const ProcessorClock& clock) {
    return {{"frame", f.number},
            {"kept", levels[f.level].mask.cost.kept},
            {"clock_mhz", clock.is_known() ? Json(f.clock_hz / 1e6) : Json(nullptr)},
            {"ms", 1e3 * f.took_s},
            {"expected_ms", 1e3 * f.expected_s},
            {"late", f.late},
            {"right", f.right},
            {"slowdown", f.slowdown}};
}

Json json_of(const SkipLevel& l, std::size_t images, const Outcome& outcome, std::size_t number) {
    return {{"kept", l.mask.cost.kept},
            {"ratio", l.ratio},
            {"accuracy", l.accuracy},
            {"ms", 1e3 * l.frame_s * static_cast<double>(images)},
            {"frames", std::ranges::count(outcome.frames, number, &Frame::level)}};
}

// One line on a terminal that changes ten times a second.
class StatusLine {
  public:
    ~StatusLine() {
        if (drawn_) std::fputs("\r\033[K", stderr);
    }
    void show(const Frame& f, const Target& target, const std::vector<SkipLevel>& levels, const ProcessorClock& clock) {
        late_ += f.late;
        right_ += f.right;
        if (!terminal_ || (drawn_ && seconds_since(last_) < 0.1)) return;
        drawn_ = true, last_ = Clock::now();
        const double images = static_cast<double>((f.number + 1) * target.images_per_frame);
        std::fprintf(
            stderr,
            "\rframe %zu: keeps %s, %.2f of %.2f ms, %zu late, %.1f %% right, everything takes %.2f times as long",
            f.number, levels[f.level].mask.kept().c_str(), 1e3 * f.took_s, 1e3 * target.demand.deadline_s, late_,
            100 * static_cast<double>(right_) / images, f.slowdown);
        if (clock.is_known()) std::fprintf(stderr, ", %.0f MHz", f.clock_hz / 1e6);
        std::fputs("\033[K", stderr);
    }

  private:
    bool terminal_ = isatty(STDERR_FILENO) == 1, drawn_ = false;
    std::size_t late_ = 0, right_ = 0;
    Clock::time_point last_;
};

}  // namespace

void run(const RunOptions& o) {
    const AnyNetwork& network = network_named(o.network);
    const power::Preset& preset = preset_named(o.model);
    const Target target{.demand = {.objective = objective_named(o.objective),
                                   .accuracy_min = o.min_accuracy,
                                   .deadline_s = o.deadline_ms * 1e-3,
                                   .energy_max_j = o.max_energy.value_or(power::unlimited)},
                        .images_per_frame = static_cast<std::size_t>(o.images_per_frame),
                        .frames = static_cast<std::size_t>(o.frames),
                        .whole = o.whole};
    check(power::check(target.demand), "run");
    const Cifar10 data = Cifar10::read(o.data, network, "run takes CIFAR-10 only");
    const long long images = static_cast<long long>(data.size());
    const long long calibrate = o.calibrate.value_or(std::min(200LL, images / 2));
    if (o.images_per_frame < 1 || o.frames < 1 || calibrate < 1 || calibrate + o.images_per_frame > images)
        fail(Exit::usage,
             "expected --images-per-frame, --frames and --calibrate of at least 1, and no more images than the ",
             images, " that there are");
    const auto measured = static_cast<std::size_t>(calibrate);
    const Weights weights = Weights::from_file(o.weights);
    const auto session = weights.session(network, 1, true);
    const Normalisation normalisation(weights);
    OutputFile log("--log", o.log);
    const power::Host host{.root = o.root == "/" ? std::string_view{} : std::string_view(o.root)};
    const Stop stop;  // before anything is set
    ProcessorClock clock(host, o.set_clocks);
    if (o.set_clocks && !clock.can_be_set()) std::cerr << "--set-clocks: " << clock.reason() << '\n';
    EnergyMeter meter = EnergyMeter::find(host, o.meter);

    const std::vector<SkipLevel> levels = measured_levels(network, weights, *session, data, measured, o.profile, stop);
    std::cerr << "measured " << levels.size() << " levels with " << measured << " images; now " << target.frames
              << " frames\n";
    FrameLoop loop(data, measured, normalisation, *session, levels, clock, preset);
    const Outcome outcome = [&] {
        StatusLine line;
        return loop.run(target, meter, stop, [&](const Frame& f) {
            if (log.wanted()) log.stream() << json_of(f, levels, clock).dump() << '\n';
            line.show(f, target, levels, clock);
        });
    }();
    log.close();
    if (outcome.frames.empty()) fail(Exit::failure, "stopped before the first frame");

    std::vector<double> times;
    std::size_t right = 0;
    for (const Frame& f : outcome.frames) times.push_back(f.took_s), right += f.right;
    const double frames = static_cast<double>(times.size());
    const auto late = std::ranges::count(outcome.frames, true, &Frame::late);
    std::string reason;
    Json json{{"schema_version", 1},
              {"network", network.facts.name},
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
    if (o.json) {
        std::cout << json.dump(1) << '\n';
        return;
    }
    Table table({"keeps", "accuracy %", "ms alone", "frames"});
    for (const Json& l : json["levels"])
        table.add({l["kept"].dump(), fixed(100 * l["accuracy"].get<double>(), 2), fixed(l["ms"].get<double>(), 3),
                   l["frames"].dump()});
    table.print();
    std::cout << late << " of " << times.size() << " frames late (" << fixed(json["late_percent"], 2) << " %), median "
              << fixed(json["median_ms"], 3) << ", 99 % below " << fixed(json["p99_ms"], 3) << " ms; "
              << fixed(100 * json["accuracy"].get<double>(), 2) << " % right; a choice took "
              << fixed(json["policy_ns"], 0) << " ns\n"
              << "clock: " << (clock.can_be_set() ? "set" : clock.reason()) << '\n'
              << "energy: "
              << (reason.empty() ? fixed(json["energy"]["frame_J"], 6) + " J a frame, " + meter.name() : reason)
              << '\n';
    if (!outcome.clock_complaint.empty()) std::cerr << "clock: " << outcome.clock_complaint << '\n';
}

}  // namespace sluice::tools
