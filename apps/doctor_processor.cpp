// The processor: which instruction sets it has and this program uses, its caches, and what it reaches.
#include "doctor.hpp"
#include "machine.hpp"
#include "peak.hpp"
#include "split.hpp"
#include "table.hpp"

namespace sluice::tools {

namespace {

// Instruction sets that matter to convolutions, of all that the CPU lists.
std::vector<std::string> offered(const Machine& m) {
    std::vector<std::string> found;
    for (const char* flag : {"sse2", "avx", "fma", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_bf16",
                             "avx512_vnni", "amx_bf16", "neon", "vfpv4", "asimd", "asimdhp", "asimddp", "sve", "bf16"})
        if (m.flags.contains(flag)) found.emplace_back(flag);
    return found;
}

std::string text_of(const std::vector<Cache>& caches) {
    std::vector<std::string> items;
    for (const Cache& c : caches)
        items.push_back("L" + std::to_string(c.level) + ' ' + (c.type.empty() ? "unknown" : c.type) + ' ' +
                        (c.bytes > 0 ? std::to_string(c.bytes >> 10) + " KiB" : "unknown"));
    return items.empty() ? "unknown" : joined(items, ", ");
}

}  // namespace

void examine_processor(Report& report, const std::string& root) {
    const Machine m = machine(root);
    const Compiled c = compiled();
    const double peak = fma_peak() / 1e9;
    report.json.update(
        {{"version", version()},
         {"compiled",
          {{"isa", c.isa}, {"vector_floats", c.vector_floats}, {"compiler", c.compiler}, {"optimised", c.optimised}}},
         {"cpu", m.cpu},
         {"cores", m.cores},
         {"offered", offered(m)},
         {"caches", Report::Json::array()},
         {"fma_peak_gflops", peak}});
    for (const Cache& cache : m.caches)
        report.json["caches"].push_back(
            {{"level", cache.level},
             {"type", cache.type.empty() ? "unknown" : cache.type},
             {"bytes", cache.bytes > 0 ? Report::Json(cache.bytes) : Report::Json(nullptr)}});
    report.line("version", version());
    report.line("compiled", c.isa + ", " + std::to_string(c.vector_floats) + " floats at a time, by " + c.compiler);
    report.line("CPU", m.cpu);
    report.line("offers", m.flags.empty() ? "unknown" : joined(offered(m), " "));
    report.line("caches", text_of(m.caches));
    report.line("FMA peak", fixed(peak, 1) + " GFLOP/s on one thread, measured");
    if (!c.optimised) report.advice.push_back("this program was compiled without optimisation: compile with -O3");
    if (const auto unused = unused_isa(m))
        report.advice.push_back("the CPU has " + unused->isa + ", " + std::to_string(unused->vector_floats) +
                                " floats at a time, and this program uses " + std::to_string(c.vector_floats) +
                                ": compile with " + unused->flags);
}

}  // namespace sluice::tools
