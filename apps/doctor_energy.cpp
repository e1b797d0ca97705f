// Energy meters: what the kernel shows of how much power goes where, and whether this user may read it.
#include "doctor.hpp"
#include "split.hpp"
#include "sysfs.hpp"

namespace sluice::tools {

namespace {

struct Meter {
    std::string kind, what;          // "rapl", "package-0"
    std::vector<std::string> files;  // that it takes: joules, watts, or volts and amperes
};

// RAPL: energy since boot, of processors by Intel and AMD.
void find_powercap(const std::string& root, std::vector<Meter>& meters) {
    const std::string at = "/sys/class/powercap/";
    for (const std::string& zone : entries(root + at))
        if (exists(root + at + zone + "/energy_uj"))
            meters.push_back({"rapl", line_of(root + at + zone + "/name"), {at + zone + "/energy_uj"}});
}

// Sensors on a board, such as the INA3221 on the supply rails of a Jetson: channel n measures power, or voltage and
// current, and its label is the rail's name.
void find_hwmon(const std::string& root, std::vector<Meter>& meters) {
    for (const std::string& device : entries(root + "/sys/class/hwmon", "hwmon")) {
        const std::string at = "/sys/class/hwmon/" + device + "/", chip = line_of(root + at + "name");
        for (int n = 1; n <= 16; ++n) {
            const std::string i = std::to_string(n), power = at + "power" + i, volts = at + "in" + i;
            const std::string amperes = at + "curr" + i + "_input";
            Meter m{"hwmon", chip, {}};
            std::string label = line_of(root + volts + "_label");
            if (exists(root + power + "_input"))
                m.files = {power + "_input"};
            else if (exists(root + power + "_average"))
                m.files = {power + "_average"};
            else if (exists(root + amperes) && exists(root + volts + "_input"))
                m.files = {volts + "_input", amperes};
            if (m.files.empty()) continue;
            if (label.empty()) label = line_of(root + power + "_label");
            m.what += label.empty() ? " channel " + i : " " + label;
            meters.push_back(m);
        }
    }
}

void find_batteries(const std::string& root, std::vector<Meter>& meters) {
    for (const std::string& supply : entries(root + "/sys/class/power_supply")) {
        const std::string at = "/sys/class/power_supply/" + supply + "/";
        if (line_of(root + at + "type") != "Battery") continue;
        const std::string status = line_of(root + at + "status");
        Meter m{"battery", supply + ", " + (status.empty() ? "status unknown" : status), {at + "power_now"}};
        if (!exists(root + m.files.front())) m.files = {at + "voltage_now", at + "current_now"};
        meters.push_back(m);
    }
}

std::string reason_against(const Meter& m, const std::string& root) {
    for (const std::string& file : m.files)
        if (const std::string why = why_unreadable(root + file); !why.empty()) return file + ": " + why;
    return {};
}

}  // namespace

void examine_energy(Report& report, const std::string& root) {
    std::vector<Meter> meters;
    find_powercap(root, meters);
    find_hwmon(root, meters);
    find_batteries(root, meters);
    report.json["energy"] = Report::Json::array();
    report.line("energy", "meters: " + std::to_string(meters.size()));
    std::size_t readable = 0;
    std::vector<std::string> shut;
    for (const Meter& m : meters) {
        const std::string why = reason_against(m, root);
        report.json["energy"].push_back({{"kind", m.kind},
                                         {"what", m.what},
                                         {"paths", m.files},
                                         {"readable", why.empty()},
                                         {"reason", Report::or_null(why)}});
        report.line("", m.kind + ' ' + m.what + ": " + (why.empty() ? joined(m.files, ", ") : "unreadable, " + why));
        readable += why.empty() ? 1 : 0;
        if (m.kind == "rapl" && !why.empty()) shut.push_back(m.files.front());
    }
    if (meters.empty())
        report.lacks("energy",
                     "no meter: no RAPL zone below /sys/class/powercap, no sensor of power or of voltage and "
                     "current below /sys/class/hwmon, no battery; virtual machines mostly have none");
    else if (readable == 0)
        report.lacks("energy", "this user can read none of the meters that are there");
    if (!shut.empty())  // since 2020, because it tells what other processes compute
        report.advice.push_back("RAPL is root's: `sudo chmod a+r " + joined(shut, " ") +
                                "` lets everybody read it until the next boot");
}

}  // namespace sluice::tools
