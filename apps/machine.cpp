#include "machine.hpp"

#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "sluice/version.hpp"
#include "sluice_kernels/isa/isa.hpp"
#include "sysfs.hpp"

namespace sluice::tools {

namespace {

// "48K", "2048K", "32M" as sysfs writes sizes; 0 for anything else.
long long bytes_of(const std::string& text) {
    std::istringstream in(text);
    long long n = 0;
    char unit = 0;
    if (!(in >> n) || n < 0 || n > (1 << 30)) return 0;
    in >> unit;
    return unit == 'K' ? n << 10 : unit == 'M' ? n << 20 : n;
}

// x86 says "model name" and "flags", ARM "Features" and often no name; then the device tree has the board's.
void read_cpuinfo(const std::string& root, Machine& m) {
    std::ifstream file(root + "/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(':');
        if (colon == line.npos) continue;
        const std::string key = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
        const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
        const std::string value = begin == line.npos ? "" : line.substr(begin);
        if (m.cpu.empty() && (key == "model name" || key == "Model")) m.cpu = value;
        if (m.flags.empty() && (key == "flags" || key == "Features" || key == "isa")) {
            std::istringstream words(value);
            for (std::string flag; words >> flag;) m.flags.insert(flag);
        }
    }
    if (m.cpu.empty()) m.cpu = line_of(root + "/proc/device-tree/model");
    if (m.cpu.empty()) m.cpu = "unknown";
}

void read_caches(const std::string& root, Machine& m) {
    for (int i = 0; i < 8; ++i) {
        const std::string at = root + "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
        const std::string level = line_of(at + "level");
        if (level.size() != 1 || level[0] < '1' || level[0] > '9') continue;
        m.caches.push_back({level[0] - '0', line_of(at + "type"), bytes_of(line_of(at + "size"))});
    }
#if defined(_SC_LEVEL1_DCACHE_SIZE)
    if (!m.caches.empty()) return;
    const auto ask = [&](int level, const char* type, int name) {
        if (const long bytes = sysconf(name); bytes > 0) m.caches.push_back({level, type, bytes});
    };
    ask(1, "Data", _SC_LEVEL1_DCACHE_SIZE);
    ask(2, "Unified", _SC_LEVEL2_CACHE_SIZE);
    ask(3, "Unified", _SC_LEVEL3_CACHE_SIZE);
#endif
}

int usable_cores() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

Compiled compiled() {
    Compiled c{
        .isa = isa::native::name, .vector_floats = isa::native::Vector::width, .compiler = {}, .optimised = false};
#if defined(__clang__)
    c.compiler = std::string("clang ") + __clang_version__;
#elif defined(__GNUC__)
    c.compiler = std::string("gcc ") + __VERSION__;
#else
    c.compiler = "unknown";
#endif
    while (c.compiler.ends_with(' ')) c.compiler.pop_back();
#if defined(__OPTIMIZE__)
    c.optimised = true;
#endif
    return c;
}

Machine machine(const std::string& root) {
    Machine m;
    read_cpuinfo(root, m);
    read_caches(root, m);
    m.cores = usable_cores();
    return m;
}

std::optional<Unused> unused_isa(const Machine& machine) {
    struct Sheet {
        Unused isa;
        std::vector<std::string> needs;
    };
    // Widest first. What isa/isa.hpp asks of the compiler, in the words of /proc/cpuinfo.
    const std::vector<Sheet> sheets{{{"avx512", "-mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl", 16},
                                     {"avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"}},
                                    {{"avx2", "-mavx2 -mfma", 8}, {"avx2", "fma"}},
                                    {{"sse", "-msse2", 4}, {"sse2"}},
                                    {{"neon", "-mfpu=neon-vfpv4 -mfloat-abi=hard", 4}, {"neon", "vfpv4"}}};
    for (const Sheet& sheet : sheets) {
        if (sheet.isa.vector_floats <= compiled().vector_floats) break;
        bool has = true;
        for (const std::string& flag : sheet.needs) has = has && machine.flags.contains(flag);
        if (has) return sheet.isa;
    }
    return std::nullopt;
}

std::string version() {
    return std::to_string(SLUICE_VERSION_MAJOR) + "." + std::to_string(SLUICE_VERSION_MINOR) + "." +
           std::to_string(SLUICE_VERSION_PATCH);
}

}  // namespace sluice::tools
