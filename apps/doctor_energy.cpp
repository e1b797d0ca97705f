// Energy meters: what the kernel shows of how much power goes where, and whether this user may read it.
#include "doctor.hpp"
#include "sluice/power/meters.hpp"
#include "split.hpp"

namespace sluice::tools {

void examine_energy(Report& report, const std::string& root) {
    const power::Host host = host_below(root);
    report.json["energy"] = Report::Json::array();
    std::vector<std::string> lines, shut;
    std::size_t can_be_read = 0;
    power::Meters::find(host, [&](const auto& meter) {
        const std::string kind(meter.kind), what = meter.what().c_str();
        std::vector<std::string> files;
        meter.for_each_file([&](const power::Path& file) { files.emplace_back(file.view()); });
        const Status status = power::readable(meter, host);
        const std::string why = status.message();
        report.json["energy"].push_back({{"kind", kind},
                                         {"what", what},
                                         {"paths", files},
                                         {"readable", why.empty()},
                                         {"reason", Report::or_null(why)}});
        lines.push_back(kind + ' ' + what + (files.empty() ? "" : ": ") +
                        (why.empty() ? joined(files, ", ") : "unreadable, " + why));
        can_be_read += why.empty() ? 1 : 0;
        if (kind == power::Rapl::kind && !why.empty()) shut.push_back(files.front());
    });
    report.line("energy", "meters: " + std::to_string(lines.size()));
    for (const std::string& line : lines) report.line("", line);
    if (lines.empty())
        report.lacks("energy",
                     "no meter: no RAPL zone below /sys/class/powercap, no sensor of power or of voltage and "
                     "current below /sys/class/hwmon, no battery; virtual machines mostly have none");
    else if (can_be_read == 0)
        report.lacks("energy", "this user can read none of the meters that are there");
    if (!shut.empty())  // since 2020, because it tells what other processes compute
        report.advice.push_back("RAPL is root's: `sudo chmod a+r " + joined(shut, " ") +
                                "` lets everybody read it until the next boot");
}

}  // namespace sluice::tools
