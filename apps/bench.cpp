// sluice bench: milliseconds per frame, as a share of what the machine can do.
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench_layers.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "machine.hpp"
#include "peak.hpp"
#include "registry.hpp"
#include "table.hpp"
#include "sluice/threads/team.hpp"
#include "threads.hpp"

namespace sluice::tools {

namespace {

using Json = nlohmann::ordered_json;

// One line of the table.
struct Row {
    const AnyNetwork& network;
    MaskChoice mask;
    Timing timing;

    double gflops() const { return 2e-6 * static_cast<double>(mask.cost.macs) / timing.least_ms; }
};

Json json_of(const Row& r, double peak) {
    const MemorySize& m = r.network.facts.memory;
    Json j{{"network", r.network.facts.name},
           {"keep", r.mask.given},
           {"option", r.mask.option},
           {"mask", r.mask.bits()},
           {"kept", r.mask.cost.kept},
           {"macs", r.mask.cost.macs},
           {"least_ms", r.timing.least_ms},
           {"median_ms", r.timing.median_ms},
           {"frames", r.timing.frames},
           {"gflops", r.gflops()},
           {"percent_of_peak", 100 * r.gflops() / peak},
           {"weight_bytes", m.weights},
           {"activation_bytes", m.activations},
           {"workspace_bytes", m.workspace},
           {"relative_difference", r.timing.relative_difference}};
    if (!r.timing.layer_s.empty())
        for (const LayerRate& l : layer_rates(r.network, r.timing))
            j["layers"].push_back({{"name", l.name},
                                   {"primitive", l.primitive},
                                   {"us", l.us},
                                   {"gflops", l.gflops},
                                   {"percent_of_peak", 100 * l.gflops / peak},
                                   {"flop_per_byte", l.flop_per_byte}});
    return j;
}

Json json_of(const Machine& m, int threads, double peak) {
    const Compiled c = compiled();
    return {{"cpu", m.cpu},           {"cores", m.cores},   {"isa", c.isa},
            {"compiler", c.compiler}, {"threads", threads}, {"fma_peak_gflops", peak}};
}

void print(const std::vector<Row>& rows, double peak) {
    Table table({"network", "kept", "ms", "median ms", "GFLOP/s", "% of peak", "weight bytes"});
    for (const Row& r : rows)
        table.add({r.network.facts.name, r.mask.kept(), fixed(r.timing.least_ms, 3), fixed(r.timing.median_ms, 3),
                   fixed(r.gflops(), 1), fixed(100 * r.gflops() / peak, 1),
                   std::to_string(r.network.facts.memory.weights)});
    table.print();
    for (const Row& r : rows) {
        if (r.timing.layer_s.empty()) continue;
        Table layers({r.network.facts.name, "primitive", "us", "GFLOP/s", "% of peak", "FLOP/byte"});
        for (const LayerRate& l : layer_rates(r.network, r.timing))
            layers.add({l.name, l.primitive, fixed(l.us, 1), fixed(l.gflops, 1), fixed(100 * l.gflops / peak, 1),
                        fixed(l.flop_per_byte, 1)});
        std::cout << '\n';
        layers.print();
    }
}

}  // namespace

void bench(const BenchOptions& o) {
    check_threads(o.threads);
    if (o.line && (o.json || o.layers)) fail(Exit::usage, "--line prints times alone: drop it, or --json and --layers");
    const std::vector<const AnyNetwork*> networks = networks_named(o.networks);
    if (!o.weights.empty() && networks.size() > 1)
        fail(Exit::usage, "--weights: a file is for one network, ", networks.size(), " were asked for");
    const Machine m = machine();
    if (m.cores > 0 && o.threads > m.cores)
        std::cerr << "--threads " << o.threads << ": this process may use " << m.cores
                  << " cores; threads will wait for "
                  << "each other\n";

    Team team(o.threads);
    std::vector<Row> rows;
    for (const AnyNetwork* n : networks) {
        const std::vector<MaskChoice> masks = o.masks.choices(*n);
        if (o.line && masks.size() > 1) fail(Exit::usage, "--line: expected one mask, found ", masks.size());
        const Weights weights = o.weights.empty() ? Weights::generated(*n, 1) : Weights::from_file(o.weights);
        for (const MaskChoice& mask : masks) {
            rows.push_back({*n, mask, time_frames(*n, weights, mask, team.executor(), o.layers)});
            if (o.line) std::cout << n->facts.name << ' ' << fixed(rows.back().timing.least_ms, 4) << std::endl;
        }
    }
    if (o.line) return;

    const double peak = fma_peak(team.executor()) / 1e9;
    if (o.json) {
        Json results = Json::array();
        for (const Row& r : rows) results.push_back(json_of(r, peak));
        std::cout << Json{{"schema_version", 1}, {"machine", json_of(m, o.threads, peak)}, {"results", results}}.dump(1)
                  << '\n';
        return;
    }
    const Compiled c = compiled();
    std::cout << m.cpu << ", " << c.isa << " by " << c.compiler << ", threads: " << o.threads << ", FMA peak "
              << fixed(peak, 1) << " GFLOP/s\n";
    print(rows, peak);
}

}  // namespace sluice::tools
