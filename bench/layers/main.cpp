// bench_layers_NETWORK: how long each primitive takes for each distinct layer of the network. ./run bench layers makes
// and runs it; docs/performance.md says how it measures.
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "bandwidth.hpp"
#include "layers/timings.hpp"
#include "machine.hpp"
#include "peak.hpp"
#include "sluice/threads/team.hpp"

#if !defined(SLUICE_BENCH_FLAGS)
#error "compile with -DSLUICE_BENCH_FLAGS='\"-O3\"'"
#endif

using namespace sluice;

namespace {

struct Options {
    int threads = 1;
    bool warm = false;
    double tolerance = 1e-5;
};

// What is not ours is Google Benchmark's. Exits after --help and wrong usage.
Options parse(int& argc, char** argv, const std::string& network) {
    Options o;
    CLI::App app("Times each primitive on each distinct layer of " + network + ", after verifying its result.");
    app.add_option("--threads", o.threads, "that share each layer's work")->check(CLI::Range(1, 256));
    app.add_flag("--warm", o.warm, "let every run use the same copy of the weights; networks find theirs cold");
    app.add_option("--tolerance", o.tolerance, "error allowed, relative to the largest output")->capture_default_str();
    app.footer(
        "Options that begin with --benchmark_ are Google Benchmark's, as --benchmark_filter=REGEX: names are\n"
        "layer/primitive.");
    app.allow_extras();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        std::exit(app.exit(e) == 0 ? 0 : 2);
    }
    std::vector<std::string> rest = app.remaining();
    std::vector<char*> words{argv[0]};
    for (std::string& word : rest) words.push_back(word.data());
    int count = static_cast<int>(words.size());
    words.push_back(nullptr);
    benchmark::Initialize(&count, words.data());
    if (benchmark::ReportUnrecognizedArguments(count, words.data())) std::exit(2);
    return o;
}

void describe(const bench::NetworkLayers& network, const Options& o, const tools::Machine& machine,
              const Executor& executor, std::size_t ring) {
    const tools::Compiled c = tools::compiled();
    const auto rate = [](double per_second) { return std::to_string(per_second / 1e9); };
    benchmark::AddCustomContext("network", network.name);
    benchmark::AddCustomContext("cpu", machine.cpu);
    benchmark::AddCustomContext("isa", c.isa);
    benchmark::AddCustomContext("compiler", c.compiler);
    benchmark::AddCustomContext("flags", SLUICE_BENCH_FLAGS);
    benchmark::AddCustomContext("threads", std::to_string(o.threads));
    benchmark::AddCustomContext("weights", o.warm ? "warm" : "cold: of " + std::to_string(ring >> 20) + " MiB in turn");
    benchmark::AddCustomContext("fma_peak_gflops", rate(tools::fma_peak(executor)));
    benchmark::AddCustomContext("dram_gbytes_per_s",
                                rate(tools::read_bandwidth(executor, tools::stream_bytes(machine))));
}

}  // namespace

int main(int argc, char** argv) {
    const bench::NetworkLayers network = bench::network_layers();
    const Options o = parse(argc, argv, network.name);
    const tools::Machine machine = tools::machine();
    Team team(o.threads);
    const bench::Conditions conditions{
        .executor = team.executor(), .ring = o.warm ? 0 : tools::stream_bytes(machine), .tolerance = o.tolerance};
    describe(network, o, machine, conditions.executor, conditions.ring);
    bench::register_timings(network, conditions);
    if (benchmark::RunSpecifiedBenchmarks() == 0) return std::fputs("no benchmark has such a name\n", stderr), 2;
    return bench::refusals() == 0 ? 0 : 6;
}
