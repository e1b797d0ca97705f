// Data: which of CIFAR-10's files and which checkpoints are in the folder that tests and examples use.
#include <algorithm>
#include <filesystem>

#include "doctor.hpp"
#include "split.hpp"
#include "sysfs.hpp"

namespace sluice::tools {

namespace {

// What weights_tools reads, also packed.
bool is_checkpoint(std::string name) {
    if (name.ends_with(".xz")) name.resize(name.size() - 3);
    return std::ranges::any_of(std::vector<std::string>{".pth", ".pt", ".th", ".safetensors"},
                               [&](const std::string& ending) { return name.ends_with(ending); });
}

}  // namespace

void examine_data(Report& report, const std::string& data) {
    std::error_code ignored;
    if (data.empty() || !std::filesystem::is_directory(data, ignored)) {
        report.json["data"] = nullptr;
        report.line("data", data.empty() ? "none" : data);
        return report.lacks("data", data.empty()
                                        ? "no folder was named: SLUICE_DATA or --data names one, and without it "
                                          "the tests with real weights are skipped"
                                        : "there is no such folder");
    }
    std::vector<std::string> images, absent, checkpoints;
    for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                             "data_batch_5.bin", "test_batch.bin"}) {
        const std::string path = data + "/cifar10/" + name;
        if (exists(path) || exists(path + ".xz"))
            images.push_back(std::string(name) + (exists(path) ? "" : ".xz"));
        else
            absent.emplace_back(name);
    }
    for (const std::string& name : entries(data + "/checkpoints"))
        if (is_checkpoint(name)) checkpoints.push_back(name);
    std::ranges::sort(checkpoints);
    report.json["data"] = {{"folder", data}, {"cifar10", images}, {"checkpoints", checkpoints}};
    report.line("data", data);
    report.line("", "CIFAR-10: " + (images.empty() ? "none" : joined(images, " ")));
    report.line("", "checkpoints: " + (checkpoints.empty() ? "none" : joined(checkpoints, " ")));
    std::vector<std::string> lacking;
    if (!absent.empty()) lacking.push_back("cifar10/ lacks " + joined(absent, ", ") + " (or the same packed as .xz)");
    if (checkpoints.empty()) lacking.emplace_back("checkpoints/ has no .pth, .pt, .th or .safetensors file");
    if (!lacking.empty()) report.lacks("data", joined(lacking, "; "));
}

}  // namespace sluice::tools
