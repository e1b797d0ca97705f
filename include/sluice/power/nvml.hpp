// NVML: NVIDIA's library for the clocks and the energy of its GPUs, loaded when the program runs. Only what is used
// here is declared; names and numbers are those of nvml.h, which promises not to change them.
// https://docs.nvidia.com/deploy/nvml-api/
#pragma once

#include <dlfcn.h>

#include <utility>

#include "sluice/power/host.hpp"

namespace sluice::inline SLUICE_ABI::power {

class Nvml {
  public:
    using Device = void*;

    // Each object holds the library once; it counts.
    static Result<Nvml> open(const char* name) {
        Nvml n;
        n.library_ = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
        if (n.library_ == nullptr) return Status::error(Error::file, std::string_view(dlerror()));
        if (Status s = n.call("starting", "nvmlInit_v2"); !s) return s;
        n.started_ = true;
        return n;
    }
    Nvml(Nvml&& other) noexcept
        : library_(std::exchange(other.library_, nullptr)), started_(std::exchange(other.started_, false)) {}
    Nvml& operator=(Nvml&&) = delete;
    ~Nvml() {
        if (started_) (void)call("stopping", "nvmlShutdown");
        if (library_ != nullptr) dlclose(library_);
    }

    // Calls a function of the library; what: "reading the clock", for the message.
    template <class... Arguments>
    Status call(std::string_view what, const char* function, Arguments... arguments) const {
        const auto f = reinterpret_cast<int (*)(Arguments...)>(dlsym(library_, function));
        if (f == nullptr) return Status::error(Error::file, "NVML: ", what, ": the library has no ", function);
        const int code = f(arguments...);
        if (code == 0) return {};
        constexpr int no_permission = 4;
        return Status::error(Error::file, "NVML: ", what, " by ", function, ": ", reason(code),
                             code == no_permission ? "; root may" : "");
    }

    // f(Nvml, device, index) for every GPU, each with the library held once more.
    template <class F>
    static void for_each_device(const char* name, F f) {
        const auto first = open(name);
        unsigned count = 0;
        if (!first || !first->call("counting", "nvmlDeviceGetCount_v2", &count)) return;
        for (unsigned i = 0; i < count; ++i) {
            Device device = nullptr;
            auto own = open(name);
            if (own && own->call("finding", "nvmlDeviceGetHandleByIndex_v2", i, &device)) f(own.take(), device, i);
        }
    }

  private:
    void* library_ = nullptr;
    bool started_ = false;

    Nvml() = default;

    std::string_view reason(int code) const {
        const auto f = reinterpret_cast<const char* (*)(int)>(dlsym(library_, "nvmlErrorString"));
        return f == nullptr ? "it failed" : f(code);
    }
};

}  // namespace sluice
