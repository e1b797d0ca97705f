// sluice doctor: what was compiled, what the machine offers, and what is left on the table. It only reads, unless it is
// to restore clocks.
#include "doctor.hpp"

#include <cstdlib>
#include <iostream>

#include "commands.hpp"

namespace sluice::tools {

void doctor(const DoctorOptions& o) {
    const std::string root = o.root == "/" ? "" : o.root;
    if (o.restore_clocks) {
        const std::vector<std::string> names = restored_clocks(root);
        if (o.json)
            std::cout << Report::Json{{"restored", names}}.dump(1) << '\n';
        else
            std::cout << (names.empty() ? "no clock was left set\n" : "");
        for (const std::string& name : names)
            if (!o.json) std::cout << name << " is as it was\n";
        return;
    }
    const char* const named = std::getenv("SLUICE_DATA");
    Report report;
    examine_processor(report, root);
    examine_threads(report, root);
    examine_clocks(report, root);
    examine_energy(report, root);
    examine_gpu(report, root);
    examine_data(report, !o.data.empty() ? o.data : named != nullptr ? named : "");
    if (o.json) {
        report.json["missing"] = report.missing;
        report.json["advice"] = report.advice;
        // What a broken file said may be no UTF-8.
        std::cout << report.json.dump(1, ' ', false, Report::Json::error_handler_t::replace) << '\n';
        return;
    }
    if (report.advice.empty()) report.line("advice", "none: nothing is left on the table");
    for (const std::string& sentence : report.advice) report.line("advice", sentence);
    for (const std::string& line : report.lines) std::cout << line << '\n';
}

}  // namespace sluice::tools
