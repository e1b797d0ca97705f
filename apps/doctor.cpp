// sluice doctor: what was compiled, what the machine offers, and what is left on the table. It only reads.
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "machine.hpp"
#include "peak.hpp"
#include "split.hpp"
#include "table.hpp"

namespace sluice::tools {

namespace {

using Json = nlohmann::ordered_json;

// Instruction sets that matter to convolutions, of all that the CPU lists.
std::vector<std::string> offered(const Machine& m) {
    std::vector<std::string> found;
    for (const char* flag : {"sse2", "avx", "fma", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_bf16",
                             "avx512_vnni", "amx_bf16", "neon", "vfpv4", "asimd", "asimdhp", "asimddp", "sve", "bf16"})
        if (m.flags.contains(flag)) found.emplace_back(flag);
    return found;
}

std::vector<std::string> advice(const Machine& m) {
    std::vector<std::string> lines;
    const Compiled c = compiled();
    if (!c.optimised) lines.push_back("this program was compiled without optimisation: compile with -O3");
    if (const auto unused = unused_isa(m))
        lines.push_back("the CPU has " + unused->isa + ", " + std::to_string(unused->vector_floats) +
                        " floats at a time, and this program uses " + std::to_string(c.vector_floats) +
                        ": compile with " + unused->flags);
    if (m.clocks && m.clocks->governor == "powersave")
        lines.push_back(
            "the governor 'powersave' may hold the clock down: timings are steadier after "
            "`sudo cpupower frequency-set --governor performance`");
    return lines;
}

Json json_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json json_of(const Machine& m, double peak) {
    const Compiled c = compiled();
    Json j{{"version", version()},
           {"compiled",
            {{"isa", c.isa}, {"vector_floats", c.vector_floats}, {"compiler", c.compiler}, {"optimised", c.optimised}}},
           {"cpu", m.cpu},
           {"cores", m.cores},
           {"offered", offered(m)},
           {"caches", Json::array()},
           {"clocks", nullptr},
           {"fma_peak_gflops", peak},
           {"advice", advice(m)}};
    for (const Cache& cache : m.caches)
        j["caches"].push_back({{"level", cache.level},
                               {"type", cache.type.empty() ? "unknown" : cache.type},
                               {"bytes", cache.bytes > 0 ? Json(cache.bytes) : Json(nullptr)}});
    if (m.clocks)
        j["clocks"] = {{"governor", m.clocks->governor},
                       {"now_mhz", json_or_null(m.clocks->now_mhz)},
                       {"least_mhz", json_or_null(m.clocks->least_mhz)},
                       {"most_mhz", json_or_null(m.clocks->most_mhz)}};
    return j;
}

void print(const Machine& m, double peak) {
    const Compiled c = compiled();
    std::cout << "version    " << version() << "\ncompiled   " << c.isa << ", " << c.vector_floats
              << " floats at a time, by " << c.compiler << "\nCPU        " << m.cpu
              << ", cores this process may use: " << (m.cores > 0 ? std::to_string(m.cores) : "unknown")
              << "\noffers     " << (m.flags.empty() ? "unknown" : joined(offered(m), " ")) << "\ncaches     ";
    if (m.caches.empty()) std::cout << "unknown";
    const char* separator = "";
    for (const Cache& cache : m.caches) {
        std::cout << separator << "L" << cache.level << ' ' << (cache.type.empty() ? "unknown" : cache.type) << ' '
                  << (cache.bytes > 0 ? std::to_string(cache.bytes >> 10) + " KiB" : "unknown");
        separator = ", ";
    }
    std::cout << "\nclocks     ";
    if (!m.clocks) {
        std::cout << "unknown: the kernel shows no clock scaling here";
    } else {
        const auto mhz = [](const std::optional<double>& f) { return f ? fixed(*f, 0) : std::string("unknown"); };
        std::cout << "governor " << m.clocks->governor << ", now " << mhz(m.clocks->now_mhz) << " of "
                  << mhz(m.clocks->least_mhz) << " to " << mhz(m.clocks->most_mhz) << " MHz";
    }
    std::cout << "\nFMA peak   " << fixed(peak, 1) << " GFLOP/s on one thread, measured\n";
    for (const std::string& line : advice(m)) std::cout << "advice     " << line << '\n';
    if (advice(m).empty()) std::cout << "advice     none: nothing is left on the table\n";
}

}  // namespace

void doctor(const DoctorOptions& o) {
    const Machine m = machine(o.root);
    const double peak = fma_peak() / 1e9;
    if (o.json)
        std::cout << json_of(m, peak).dump(1) << '\n';
    else
        print(m, peak);
}

}  // namespace sluice::tools
