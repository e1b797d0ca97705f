// The clock of an NVIDIA card. Setting it takes root, or a card that was opened to all users. On a Jetson the GPU's
// clock is a devfreq device instead.
#pragma once

#include "sluice/power/frequencies.hpp"
#include "sluice/power/nvml.hpp"
#include "sluice/power/saved.hpp"

namespace sluice::inline SLUICE_ABI::power {

class NvmlClock {
  public:
    static constexpr std::string_view kind = "nvml";
    static constexpr std::string_view saved_path = "/nvml/";  // in the place of a file in what Held saves

    template <class F>
    static void find(const Host& host, F sink) {
        if (host.nvml == nullptr) return;
        Nvml::for_each_device(host.nvml, [&](Nvml&& library, Nvml::Device device, unsigned index) {
            sink(NvmlClock(host, std::move(library), device, index));
        });
    }

    const Text<63>& name() const { return name_; }
    Line governor() const { return {}; }
    const Host& host() const { return host_; }

    Result<double> now_hz() const { return clock("nvmlDeviceGetClockInfo"); }
    Result<double> most_hz() const { return clock("nvmlDeviceGetMaxClockInfo"); }
    Result<double> least_hz() const {
        const auto f = frequencies();
        if (!f) return f.status();
        return f->hz[0];
    }

    // At the highest clock of the memory.
    Result<Frequencies> frequencies() const {
        unsigned memory[16] = {}, memories = 16, mhz[Frequencies::most] = {}, count = Frequencies::most;
        if (Status s = library_.call("listing memory clocks", "nvmlDeviceGetSupportedMemoryClocks", device_, &memories,
                                     &memory[0]);
            !s)
            return s;
        if (Status s = library_.call("listing clocks", "nvmlDeviceGetSupportedGraphicsClocks", device_,
                                     *std::max_element(memory, memory + memories), &count, &mhz[0]);
            !s)
            return s;
        Frequencies f;
        for (unsigned i = 0; i < count; ++i) f.hz[static_cast<std::size_t>(f.count++)] = mhz[i] * 1e6;
        f.tidy();
        if (Status s = check_clocks(f.view()); !s) return Status::error(s.kind(), name_, ": ", s.message());
        return f;
    }

    // The library has no way to ask for the locks: follows() is what reads back.
    Status set(double hz) const {
        if (!is_finite(hz) || hz <= 0)
            return Status::error(Error::argument, name_, ": expected a frequency above 0, found ", decimal(hz), " Hz");
        const auto mhz = static_cast<unsigned>(std::llround(hz / 1e6));
        return library_.call("setting the clock", "nvmlDeviceSetGpuLockedClocks", device_, mhz, mhz);
    }
    Status follows(double hz) const { return check_follows(name_, hz, now_hz()); }

    Result<Saved> save() const {
        Saved saved;
        saved.add(text<255>(saved_path, index_), "unlocked");
        return saved;
    }
    Status release() const { return library_.call("resetting the clock", "nvmlDeviceResetGpuLockedClocks", device_); }

  private:
    Host host_;
    Nvml library_;
    Nvml::Device device_;
    unsigned index_;
    Text<63> name_;

    NvmlClock(const Host& host, Nvml&& library, Nvml::Device device, unsigned index)
        : host_(host), library_(std::move(library)), device_(device), index_(index), name_(text<63>("nvml", index)) {}

    Result<double> clock(const char* function) const {
        constexpr int graphics = 0;
        unsigned mhz = 0;
        if (Status s = library_.call("reading the clock", function, device_, graphics, &mhz); !s) return s;
        return mhz * 1e6;
    }
};

}  // namespace sluice
