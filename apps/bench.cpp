// sluice bench: milliseconds per frame, as a share of what the machine can do.
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bandwidth.hpp"
#include "bench_layers.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "gpu/options.hpp"
#include "machine.hpp"
#include "peak.hpp"
#include "registry.hpp"
#include "sysfs.hpp"
#include "table.hpp"
#include "sluice/threads/team.hpp"
#include "threads.hpp"

namespace sluice::tools {

namespace {

using Json = nlohmann::ordered_json;

// One line of the table.
struct Row {
    const AnyNetwork& network;
    Primitives plan;
    MaskChoice mask;
    Timing timing;

    double gflops() const { return 2e-6 * static_cast<double>(mask.cost.macs) / timing.least_ms; }
};

Json json_of(const Row& r, const Roofline& roof) {
    const double peak = roof.flops / 1e9;
    const MemorySize m = r.network.memory(r.plan);
    Json j{{"network", r.network.facts.name},
           {"plan", r.plan == Primitives::fast ? "fast" : "default"},
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
        for (const LayerRate& l : layer_rates(r.network, r.plan, r.timing, roof))
            j["layers"].push_back({{"name", l.name},
                                   {"primitive", l.primitive},
                                   {"us", l.us},
                                   {"gflops", l.gflops},
                                   {"percent_of_peak", 100 * l.gflops / peak},
                                   {"bytes", l.bytes},
                                   {"flop_per_byte", l.flop_per_byte},
                                   {"percent_of_roofline", l.percent_of_roofline}});
    return j;
}

Json json_of(const Machine& m, int threads, const Roofline& roof) {
    const Compiled c = compiled();
    return {{"cpu", m.cpu},
            {"cores", m.cores},
            {"isa", c.isa},
            {"compiler", c.compiler},
            {"threads", threads},
            {"fma_peak_gflops", roof.flops / 1e9},
            {"dram_gbytes_per_s", roof.bytes > 0 ? Json(roof.bytes / 1e9) : Json(nullptr)}};
}

// The most memory that this process has had resident, as Linux counts it: "VmHWM:   12345 kB".
Json peak_resident_bytes() {
    const long long kib = std::atoll(line_after("/proc/self/status", "VmHWM:").c_str());
    return kib > 0 ? Json(kib << 10) : Json(nullptr);
}

void print(const std::vector<Row>& rows, const Roofline& roof) {
    const double peak = roof.flops / 1e9;
    Table table({"network", "kept", "ms", "median ms", "GFLOP/s", "% of peak", "weight bytes"});
    for (const Row& r : rows)
        table.add({r.network.facts.name, r.mask.kept(), fixed(r.timing.least_ms, 3), fixed(r.timing.median_ms, 3),
                   fixed(r.gflops(), 1), fixed(100 * r.gflops() / peak, 1),
                   std::to_string(r.network.memory(r.plan).weights)});
    table.print();
    for (const Row& r : rows) {
        if (r.timing.layer_s.empty()) continue;
        Table layers(
            {r.network.facts.name, "primitive", "us", "GFLOP/s", "% of peak", "bytes", "FLOP/byte", "% of roofline"});
        for (const LayerRate& l : layer_rates(r.network, r.plan, r.timing, roof))
            layers.add({l.name, l.primitive, fixed(l.us, 1), fixed(l.gflops, 1), fixed(100 * l.gflops / peak, 1),
                        std::to_string(l.bytes), fixed(l.flop_per_byte, 1), fixed(l.percent_of_roofline, 1)});
        std::cout << '\n';
        layers.print();
    }
}

}  // namespace

void bench(const BenchOptions& o) {
    if (o.device == "cuda") return bench_on_gpu(o);
    if (o.device != "cpu") fail(Exit::usage, "--device: expected cpu or cuda, found '", o.device, "'");
    check_no_gpu_options(o);
    check_threads(o.threads);
    if (o.line && (o.json || o.layers)) fail(Exit::usage, "--line prints times alone: drop it, or --json and --layers");
    const std::vector<const AnyNetwork*> networks = networks_named(o.networks);
    if (!o.weights.empty() && networks.size() > 1)
        fail(Exit::usage, "--weights: a file is for one network, ", networks.size(), " were asked for");
    if (o.plan != "default" && o.plan != "fast")
        fail(Exit::usage, "--plan: expected default or fast, found '", o.plan, "'");
    const Primitives plan = o.plan == "fast" ? Primitives::fast : Primitives::chosen;
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
            rows.push_back({*n, plan, mask, time_frames(*n, weights, plan, mask, team.executor(), o.layers)});
            if (o.line) std::cout << n->facts.name << ' ' << fixed(rows.back().timing.least_ms, 4) << std::endl;
        }
    }
    if (o.line) return;

    const Json resident = peak_resident_bytes();  // before the buffer that memory is measured with
    const std::size_t stream = stream_bytes(m);
    const Roofline roof{.flops = fma_peak(team.executor()),
                        .bytes = o.layers ? read_bandwidth(team.executor(), stream) : 0};
    if (o.json) {
        Json results = Json::array();
        for (const Row& r : rows) results.push_back(json_of(r, roof));
        std::cout << Json{{"schema_version", 1},
                          {"machine", json_of(m, o.threads, roof)},
                          {"peak_resident_bytes", resident},
                          {"results", results}}
                         .dump(1)
                  << '\n';
        return;
    }
    const Compiled c = compiled();
    std::cout << m.cpu << ", " << c.isa << " by " << c.compiler << ", threads: " << o.threads << ", FMA peak "
              << fixed(roof.flops / 1e9, 1) << " GFLOP/s";
    if (o.layers)
        std::cout << ", memory " << fixed(roof.bytes / 1e9, 1) << " GB/s reading " << (stream >> 20) << " MiB";
    std::cout << '\n';
    print(rows, roof);
}

}  // namespace sluice::tools
