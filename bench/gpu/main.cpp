// bench_gpu [NETWORK...]: the sweep of ./run gpu, as one JSON value: every network that was compiled for a GPU, in each
// precision and batch, with 100 to 10 % of its blocks; at a batch of one image with both ways to shut gates.
#include <iostream>

#include "failure.hpp"
#include "gpu/report.hpp"
#include "registry.hpp"
#include "split.hpp"

namespace {

using namespace sluice::tools;

// A network's masks, batches and way to shut gates.
BenchOptions sweep_of(const AnyNetwork& network, const char* shut, const std::string& batches) {
    BenchOptions o;
    o.networks = {network.facts.name};
    if (network.facts.graph.gates > 0) o.masks.keep = {"1.0,0.9,0.8,0.7,0.6,0.5,0.4,0.3,0.2,0.1"};
    o.gpu.precisions = {"float32,tf32,fp16,bf16"};
    o.gpu.batches = {batches};
    o.gpu.shut = shut;
    return o;
}

int sweep(const std::vector<std::string>& names) {
    const auto networks = names.empty() ? all_networks() : networks_named(names);
    const auto session = sluice::cuda::Session::open();
    check(session.status(), "the sweep");
    std::size_t gaps = 0;
    const char* before = "[";
    for (const AnyNetwork* n : networks)
        for (const auto& [shut, batches] : {std::pair<const char*, std::string>{"left-out", joined(gpu_batches, ",")},
                                            std::pair<const char*, std::string>{"disabled", "1"}}) {
            std::cerr << n->facts.name << ", gates " << shut << '\n';
            const GpuReport report = measure_on_gpu(*session, sweep_of(*n, shut, batches));
            gaps += report.gaps.size();
            std::cout << before << json_text(report) << std::flush;
            before = ",\n";
        }
    std::cout << "]\n";
    if (gaps > 0) fail(Exit::verification, gaps, " engines gave no time; the reasons are above");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return sweep({argv + 1, argv + argc});
    } catch (const Failure& f) {
        std::cerr << "bench_gpu: " << f.what() << '\n';
        return static_cast<int>(f.code);
    }
}
