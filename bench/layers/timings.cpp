#include "layers/timings.hpp"

#include <benchmark/benchmark.h>

#include <memory>

#include "layers/eigen_gemm.hpp"
#include "layers/subject.hpp"
#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/primitives.hpp"

namespace sluice::bench {

namespace {

int refused = 0;

// One benchmark's data at a time: some layers' weights fill hundreds of megabytes. Google Benchmark calls a benchmark
// several times before it has found out how often to run it; the data stays for as long as the same one is called.
struct Data {
    const Layer* layer = nullptr;
    std::unique_ptr<Subject> subject;
    std::shared_ptr<void> run;  // a Run<P>
    std::string_view primitive;
    support::Verdict verdict;
};
Data data;

template <kernels::Primitive P>
Run<P>& prepared(const NetworkLayers& network, const Layer& layer, const Conditions& conditions) {
    const bool other = data.layer != &layer;
    if (other || data.primitive != P::name) {
        data.run.reset();
        if (other) data.subject.reset();
        if (other) data.subject = std::make_unique<Subject>(layer, network.arena);
        const auto run = std::make_shared<Run<P>>(*data.subject, conditions.executor, conditions.ring);
        data.verdict = run->verdict(conditions.tolerance);
        if (!data.verdict.good) ++refused;
        data.layer = &layer, data.primitive = P::name, data.run = run;
    }
    return *static_cast<Run<P>*>(data.run.get());
}

template <kernels::Primitive P>
void time(benchmark::State& state, const NetworkLayers& network, const Layer& layer, const Conditions& conditions) {
    Run<P>& run = prepared<P>(network, layer, conditions);
    if (!data.verdict.good) return state.SkipWithError(("wrong, so not timed: " + data.verdict.why).c_str());
    for (auto _ : state) run();

    const kernels::Conv& c = layer.conv;
    const auto maps = std::int64_t(c.C) * c.H * c.W + std::int64_t(c.K) * c.P * c.Q * (c.add ? 2 : 1);
    const auto bytes = static_cast<double>(4 * (maps + P::packed_floats(c)));
    using benchmark::Counter;
    state.counters["FLOP"] = Counter(2 * static_cast<double>(layer.macs), Counter::kIsIterationInvariantRate);
    state.counters["bytes"] = Counter(bytes, Counter::kIsIterationInvariantRate);
    state.counters["error"] = data.verdict.largest_difference;
    state.SetLabel(layer.shape + (layer.count > 1 ? " (" + std::to_string(layer.count) + " layers)" : ""));
}

template <class... P>
void register_layer(const NetworkLayers& network, const Layer& layer, const Conditions& conditions,
                    kernels::PrimitiveList<P...>) {
    const auto add = [&]<class Q>(std::type_identity<Q>) {
        if (!Q::supports(layer.conv)) return;
        benchmark::RegisterBenchmark((layer.name + "/" + std::string(Q::name)).c_str(),
                                     [&](benchmark::State& state) { time<Q>(state, network, layer, conditions); })
            ->UseRealTime()
            ->Unit(benchmark::kMicrosecond);
    };
    (add(std::type_identity<P>{}), ...);
    add(std::type_identity<EigenGemm>{});
}

}  // namespace

void register_timings(const NetworkLayers& network, const Conditions& conditions) {
    for (const Layer& layer : network.layers)
        register_layer(network, layer, conditions, kernels::primitives<isa::native>{});
}

int refusals() { return refused; }

}  // namespace sluice::bench
