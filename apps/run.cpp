// sluice run: real images through engine, policy, meter and clock, within a deadline.
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "failure.hpp"
#include "output_file.hpp"
#include "registry.hpp"
#include "run_report.hpp"

namespace sluice::tools {

namespace {

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
    const power::Demand& d = target.demand;
    if (!(o.deadline_ms > 0)) fail(Exit::usage, "--deadline-ms: expected milliseconds above 0, found ", o.deadline_ms);
    if (!(d.accuracy_min >= 0 && d.accuracy_min <= 1))
        fail(Exit::usage, "--min-accuracy: expected a share from 0 to 1, found ", d.accuracy_min);
    if (!(d.energy_max_j > 0)) fail(Exit::usage, "--max-energy: expected joules above 0, found ", d.energy_max_j);
    const Cifar10 data = Cifar10::read(o.data, network, "run takes CIFAR-10 only");
    const long long images = static_cast<long long>(data.size());
    const long long calibrate = o.calibrate.value_or(std::min(200LL, images / 2));
    if (o.images_per_frame < 1 || o.frames < 1 || calibrate < 1 || o.images_per_frame > images - calibrate)
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

    const RunJson json = summary(o, target, levels, clock, meter, preset, outcome);
    if (o.json)
        std::cout << json.dump(1) << '\n';
    else
        print_summary(json);
}

}  // namespace sluice::tools
