// What sluice doctor finds out. Each doctor_*.cpp examines one thing and adds to the report.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sluice/power/host.hpp"

namespace sluice::tools {

struct Report {
    using Json = nlohmann::ordered_json;

    Json json = Json::object();
    Json missing = Json::object();  // by subject: a sentence on what is not there, and why
    std::vector<std::string> lines, advice;

    // An empty heading goes on with the one before.
    void line(std::string heading, const std::string& text) {
        heading.resize(11, ' ');
        lines.push_back(heading + text);
    }
    void lacks(const std::string& subject, const std::string& sentence) {
        missing[subject] = sentence;
        line("", "missing: " + sentence);
    }

    static Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }
    static Json or_null(const std::string& value) { return value.empty() ? Json(nullptr) : Json(value); }
};

// root: where proc, sys, dev and usr are looked for, "" or a copy of some board's. data: empty if none was named.
void examine_processor(Report& report, const std::string& root);  // instruction sets, caches, peak
void examine_threads(Report& report, const std::string& root);
void examine_clocks(Report& report, const std::string& root);  // those that can be set
void examine_energy(Report& report, const std::string& root);
void examine_gpu(Report& report, const std::string& root);
void examine_data(Report& report, const std::string& data);

// The machine below the root. NVIDIA's library is that of the machine that runs this.
inline power::Host host_below(const std::string& root) {
    power::Host host{.root = root};
    if (!root.empty()) host.nvml = nullptr;
    return host;
}

// The names of the clocks that were put back. Throws a Failure that names those that could not be.
std::vector<std::string> restored_clocks(const std::string& root);

}  // namespace sluice::tools
