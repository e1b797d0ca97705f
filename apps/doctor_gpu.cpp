// GPU: the three things that a program needs of NVIDIA's driver, and which of them is not there.
#include <dlfcn.h>

#include "doctor.hpp"
#include "sysfs.hpp"

namespace sluice::tools {

namespace {

// "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 ...": the first word with digits and dots.
std::string version_in(const std::string& line) {
    std::string word;
    for (const char c : line + ' ') {
        if ((c >= '0' && c <= '9') || (c == '.' && !word.empty())) {
            word += c;
        } else {
            if (c == ' ' && word.find('.') != word.npos) return word;
            word.clear();
        }
    }
    return {};
}

// On cards, and on the boards where the GPU is part of the chip.
std::string device_in(const std::string& root) {
    for (const char* path : {"/dev/nvidia0", "/dev/nvhost-gpu", "/dev/nvgpu/igpu0"})
        if (exists(root + path)) return path;
    return {};
}

// Why libcuda.so.1 does not load; empty if it does. That of another machine's copy can only be looked for.
std::string why_not_loadable(const std::string& root) {
    const std::string name = "libcuda.so.1";
    if (root.empty()) {
        void* const library = dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL);
        if (library == nullptr) return dlerror();
        dlclose(library);
        return {};
    }
    for (const char* folder : {"/usr/lib/x86_64-linux-gnu/", "/usr/lib/aarch64-linux-gnu/",
                               "/usr/lib/aarch64-linux-gnu/tegra/", "/usr/lib64/", "/usr/lib/"})
        if (exists(root + folder + name)) return {};
    return name + " is in none of the usual folders below " + root + "/usr";
}

}  // namespace

void examine_gpu(Report& report, const std::string& root) {
    const std::string said = line_of(root + "/proc/driver/nvidia/version"), device = device_in(root);
    const std::string driver = said.empty() ? "" : version_in(said).empty() ? "unknown" : version_in(said);
    const std::string why = why_not_loadable(root);
    report.json["gpu"] = {{"driver", Report::or_null(driver)},
                          {"device", Report::or_null(device)},
                          {"library", why.empty() ? Report::Json("libcuda.so.1") : Report::Json(nullptr)}};
    report.line("GPU", "NVIDIA's driver: " + (driver.empty() ? "none" : driver) + ", device: " +
                           (device.empty() ? "none" : device) + ", libcuda.so.1: " + (why.empty() ? "loads" : "none"));
    if (driver.empty() && device.empty())
        report.lacks("gpu", "no driver is loaded: neither /proc/driver/nvidia/version nor a device of it is there");
    else if (device.empty())
        report.lacks("gpu",
                     "the driver is loaded, but there is no /dev/nvidia0: a container that was started without "
                     "it, or nvidia-modprobe has not run");
    else if (!why.empty())
        report.lacks("gpu", "libcuda.so.1, the driver's part for programs, does not load: " + why);
}

}  // namespace sluice::tools
