// What this program was compiled for and what it runs on. Everything is read, nothing is set, and what cannot be found
// out stays empty: neither /proc nor /sys need exist.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::tools {

// Fixed when the program was compiled.
struct Compiled {
    std::string isa;  // name of the parameter sheet
    int vector_floats = 0;
    std::string compiler;  // with its version
    bool optimised = false;
};
Compiled compiled();

struct Cache {
    int level = 0;
    std::string type;  // Data, Instruction or Unified
    long long bytes = 0;
};

struct Machine {
    std::string cpu;              // model name, or "unknown"
    std::set<std::string> flags;  // instruction sets as /proc/cpuinfo names them; empty if there is none
    int cores = 0;                // that this process may run on
    std::vector<Cache> caches;    // of the first core
};
// root: where proc and sys are looked for: "", or a copy of some board's.
Machine machine(const std::string& root = "");

// An instruction set that the library has a sheet for, the CPU has, and this program was not compiled for.
struct Unused {
    std::string isa, flags;
    int vector_floats = 0;
};
std::optional<Unused> unused_isa(const Machine& machine);

std::string version();  // "0.1.0"

}  // namespace sluice::tools
