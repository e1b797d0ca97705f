// Threads: how many CPUs there are, how many of them this process may use, and how many cores these are.
#include <set>

#include "doctor.hpp"
#include "sysfs.hpp"

namespace sluice::tools {

namespace {

// "Cpus_allowed_list:	0-3" of a process's status.
std::vector<int> allowed(const std::string& root) {
    return cpus_in(line_after(root + "/proc/self/status", "Cpus_allowed_list:"));
}

}  // namespace

void examine_threads(Report& report, const std::string& root) {
    const std::string at = root + "/sys/devices/system/cpu/";
    const std::vector<int> online = cpus_in(line_of(at + "online")), usable = allowed(root);
    // CPUs with the same siblings are threads of one core.
    std::set<std::string> cores;
    for (const int cpu : usable.empty() ? online : usable)
        if (const std::string siblings = line_of(at + "cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
            !siblings.empty())
            cores.insert(siblings);
    const std::string smt = line_of(at + "smt/control");

    const auto count = [](std::size_t n) { return n > 0 ? Report::Json(n) : Report::Json(nullptr); };
    const auto text = [](std::size_t n) { return n > 0 ? std::to_string(n) : std::string("unknown"); };
    report.json["threads"] = {{"online", count(online.size())},
                              {"usable", count(usable.size())},
                              {"usable_cores", count(cores.size())},
                              {"smt", Report::or_null(smt)}};
    report.line("threads", "CPUs online: " + text(online.size()) + ", this process may use: " + text(usable.size()) +
                               ", on cores: " + text(cores.size()) + ", SMT: " + (smt.empty() ? "unknown" : smt));
    if (online.empty())
        report.lacks("threads", "the kernel lists no CPUs: /sys is not there, or is that of a container");
    if (!usable.empty() && usable.size() < online.size())
        report.lacks("threads", std::to_string(online.size() - usable.size()) +
                                    " CPUs are kept from this process, by taskset, a cpuset or a container");
    if (!cores.empty() && cores.size() < usable.size())
        report.advice.push_back(std::to_string(usable.size()) + " CPUs are threads of " + std::to_string(cores.size()) +
                                " cores, and threads of one core share its arithmetic: --threads " +
                                std::to_string(cores.size()) + " may be as fast as more");
}

}  // namespace sluice::tools
