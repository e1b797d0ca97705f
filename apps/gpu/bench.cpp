// sluice bench --device cuda: milliseconds per frame on a GPU.
#include <algorithm>
#include <iostream>

#include "failure.hpp"
#include "gpu/report.hpp"
#include "registry.hpp"
#include "table.hpp"

namespace sluice::tools {

namespace {

// What can be told to be wrong without a GPU.
void check_usage(const BenchOptions& o) {
    (void)gpu_sweep(o);
    if (o.line && o.json) fail(Exit::usage, "--line prints times alone: drop it, or --json");
    const std::vector<const AnyNetwork*> networks = networks_named(o.networks);
    if (!o.weights.empty() && networks.size() > 1)
        fail(Exit::usage, "--weights: a file is for one network, ", networks.size(), " were asked for");
    if (!o.gpu.algorithms.empty() && networks.size() > 1)
        fail(Exit::usage, "--algorithms: a file is for one network, ", networks.size(), " were asked for");
    for (const AnyNetwork* n : networks) {
        (void)gpu_network_named(n->facts.name);
        const std::size_t masks = o.masks.choices(*n).size();
        if (o.line && masks > 1) fail(Exit::usage, "--line: expected one mask, found ", masks);
    }
}

void print(const GpuReport& report) {
    std::cout << report.gpu.device << ", cuDNN " << report.gpu.cudnn << ", gates "
              << (report.shut == cuda::ShutGates::disabled ? "disabled" : "left out") << '\n';
    Table table({"network", "precision", "batch", "kept", "ms", "median ms", "first ms", "switched ms", "images/s"});
    for (const GpuRow& r : report.rows)
        table.add({r.network, nvidia::name_of(r.precision), std::to_string(r.batch), r.mask.kept(),
                   fixed(r.timing.least_ms, 4), fixed(r.timing.median_ms, 4), fixed(r.timing.first_ms, 2),
                   fixed(r.timing.switched_ms, 4), fixed(1e3 * r.batch / r.timing.least_ms, 1)});
    table.print();
}

}  // namespace

void bench_on_gpu(const BenchOptions& o) {
    check_usage(o);
    const auto session = cuda::Session::open();
    check(session.status(), "--device cuda");
    const GpuReport report = measure_on_gpu(*session, o);
    if (o.json)
        std::cout << json_text(report) << '\n';
    else if (o.line)
        for (const GpuRow& r : report.rows) std::cout << r.network << ' ' << fixed(r.timing.least_ms, 4) << '\n';
    else
        print(report);
    if (!report.gaps.empty())
        fail(report.gaps.front().code, report.gaps.size(),
             " engines gave no time; the first: ", report.gaps.front().reason);
}

}  // namespace sluice::tools
