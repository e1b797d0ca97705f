// sluice profile: what each primitive takes for each layer of a network, as a file for the planner.
#include <iostream>

#include "bandwidth.hpp"
#include "commands.hpp"
#include "costs.hpp"
#include "failure.hpp"
#include "machine.hpp"
#include "progress.hpp"
#include "registry.hpp"
#include "sluice/threads/team.hpp"
#include "table.hpp"
#include "textbook_timing.hpp"
#include "threads.hpp"

namespace sluice::tools {

namespace {

void print(std::vector<Costs::Kind>& kinds) {
    Table table(
        {"layer", "primitive", "layouts", "median us", "least us", "spread us", "workspace", "weights", "error"});
    for (const Costs::Kind& k : kinds)
        for (const LayerCost& c : k.costs) {
            const auto us = [](std::int64_t ns) { return fixed(1e-3 * static_cast<double>(ns), 1); };
            char error[32];
            std::snprintf(error, sizeof error, "%.1e", c.error);
            table.add({k.place.node.name.c_str(), c.primitive, c.read + "-" + c.written, us(c.time.median_ns),
                       us(c.time.least_ns), us(c.time.spread_ns), std::to_string(c.workspace_bytes),
                       std::to_string(c.persistent_bytes), error});
        }
    table.print();
}

}  // namespace

void profile(const ProfileOptions& o) {
    check_threads(o.threads);
    const AnyNetwork& network = network_named(o.network);
    if (o.set != "all" && o.set != "textbook")
        fail(Exit::usage, "--set: expected all or textbook, found '", o.set, "'");
    Costs costs(network, o.set, o.threads, o.out);
    if (!o.fresh) costs.resume();
    costs.save();  // a path that cannot be written is found out now
    const PrimitiveSet set = o.set == "all" ? PrimitiveSet::all : PrimitiveSet::textbook;
    Team team(o.threads);
    const HostMemory ring({.weights = stream_bytes(machine())});  // larger than the last-level cache
    {
        Progress progress(Costs::rounds * (costs.kinds().size() + costs.maps().size()));
        std::size_t done = 0;
        const auto measure = [&](auto& what, std::vector<LayerCost>& found, int round, const auto& timed) {
            progress.at(done++);
            if (what.rounds >= round) return;
            found = Costs::quieter(timed(), found);
            what.rounds = round;
            costs.save();
        };
        for (int round = 1; round <= Costs::rounds; ++round) {
            for (Costs::Kind& k : costs.kinds())
                measure(k, k.costs, round, [&] { return time_layer(k.place, set, team.executor(), Memory(ring).weights); });
            for (Costs::MapKind& m : costs.maps())
                measure(m, m.turns, round, [&] { return time_turns(m.shape, team.executor()); });
        }
    }
    print(costs.kinds());
}

}  // namespace sluice::tools
