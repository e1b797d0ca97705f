// bench_paper: every number of Chan et al. that follows from network types and device models, as one JSON value on
// stdout. bench/reproduce.py puts it beside what the paper prints. Times in seconds, energies in joules.
#include <cstdio>

#include "sluice/gate/accounting.hpp"
#include "sluice/gate/policies.hpp"
#include "sluice/nets/resnet.hpp"
#include "sluice/power/policy.hpp"
#include "sluice/power/presets.hpp"

namespace {

using namespace sluice;
using Net = nets::ResNet152Cifar<>;

// "[a,b,c]" of numbers, each through `of`.
template <class Items, class F>
void print_list(const char* key, const Items& items, F of) {
    std::printf("\"%s\":[", key);
    const char* before = "";
    for (const auto& item : items) std::printf("%s%.12g", before, static_cast<double>(of(item))), before = ",";
    std::printf("]");
}
constexpr auto itself = [](auto x) { return x; };

void print_network() {
    std::printf("\"table1\":[");
    for (const gate::Table1Row& row : gate::table1_rows) {
        const auto mask = gate::keep<Net>(row.kept);
        std::printf("%s{\"label\":%d,\"parameters\":%lld,\"macs\":%lld,", row.label == 100 ? "" : ",", row.label,
                    static_cast<long long>(parameters<Net>(mask)), static_cast<long long>(macs<Net>(mask)));
        print_list("kept", row.kept, itself);
        std::printf("}");
    }
    std::printf("],");
    print_list("blocks", blocks_per_group<Net>, itself);
    // The last block of each group, by itself.
    std::printf(",\"last_block\":[");
    for (std::size_t g = 0; g < blocks_per_group<Net>.size(); ++g) {
        auto k = blocks_per_group<Net>;
        --k[g];
        int convolutions = 0;
        for (const graph::Node& n : graph_of<Net>.nodes)
            if (n.op == graph::Op::conv && n.block >= 0)
                convolutions += graph_of<Net>.blocks[static_cast<std::size_t>(n.block)].group == static_cast<int>(g) &&
                                graph_of<Net>.blocks[static_cast<std::size_t>(n.block)].index == k[g];
        std::printf("%s{\"parameters\":%lld,\"macs\":%lld,\"convolutions\":%d}", g == 0 ? "" : ",",
                    static_cast<long long>(parameters<Net>() - parameters<Net>(gate::keep<Net>(k))),
                    static_cast<long long>(macs<Net>() - macs<Net>(gate::keep<Net>(k))), convolutions);
    }
    std::printf("],");
    print_list("kept_at_60_percent", gate::proportional<Net>(percent(60)).kept(), itself);
}

void print_costs(const char* name, const power::Preset& p, const power::Work& work) {
    std::printf("\"%s\":{", name);
    print_list("tau_s", p.clocks_hz, [&](double f) { return work.tau_s(f); });
    std::printf(",");
    print_list("energy_j", p.clocks_hz, [&](double f) { return power::cost(p.device, work, f).energy_j; });
    std::printf(",");
    print_list("edp_js", p.clocks_hz, [&](double f) { return power::cost(p.device, work, f).edp_js(); });
    // The clock that the policy takes for this frame, and what it would without a look at delay.
    power::Cost costs[32];
    power::fill_costs(costs, p.device, std::span(&work, 1), p.clocks_hz);
    const power::Level level{1, 1};
    const power::Grid grid{std::span(&level, 1), p.clocks_hz, std::span(costs).first(p.clocks_hz.size())};
    const auto best = [&](power::Objective o) {
        return p.clocks_hz[static_cast<std::size_t>(power::algorithm2(grid, {.objective = o}).clock)];
    };
    std::printf(",\"edp_best_hz\":%.12g,\"energy_best_hz\":%.12g}", best(power::Objective::edp),
                best(power::Objective::energy));
}

void print_presets() {
    std::printf("\"presets\":{");
    for (const power::Preset* p : power::all_presets) {
        std::printf("%s\"%s\":{\"source\":\"%s\",\"relative\":%s,", p == power::all_presets[0] ? "" : ",", p->name,
                    p->source, p->relative ? "true" : "false");
        print_list("clocks_hz", p->clocks_hz, itself);
        std::printf(",");
        print_costs("whole", *p, p->whole);
        std::printf(",");
        print_costs("skipped", *p, p->skipped);
        std::printf("}");
    }
    std::printf("}");
}

}  // namespace

int main() {
    std::printf("{");
    print_network();
    std::printf(",");
    print_presets();
    std::printf("}\n");
}
