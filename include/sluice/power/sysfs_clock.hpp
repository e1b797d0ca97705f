// SysfsClock: a clock that the kernel shows as a folder of small files. cpufreq and devfreq differ in their names
// alone.
#pragma once

#include "sluice/power/frequencies.hpp"
#include "sluice/power/saved.hpp"

namespace sluice::inline SLUICE_ABI::power {

struct ClockFiles {
    std::string_view now, least, most;               // the limits that a program sets
    std::string_view hardware_least, hardware_most;  // those of the hardware; empty where no file says
    std::string_view frequencies, governor, speed;   // speed: what the governor "userspace" obeys
    double unit_hz;
};

class SysfsClock {
  public:
    SysfsClock(const Host& host, const Path& folder, std::string_view name, const ClockFiles& files)
        : host_(host), folder_(folder), name_(name), files_(files) {}

    const Text<63>& name() const { return name_; }
    const Path& folder() const { return folder_; }
    Line governor() const { return host_.line_or_nothing(path(files_.governor)); }
    Result<double> now_hz() const { return hz_in(files_.now); }
    Result<double> least_hz() const { return hz_in(files_.least); }
    Result<double> most_hz() const { return hz_in(files_.most); }

    // Those that the driver lists; of a driver without a list, such as intel_pstate and amd_pstate, steps of 100 MHz.
    Result<Frequencies> frequencies() const {
        Frequencies f;
        const Path list = path(files_.frequencies);
        const auto line = host_.line(list);
        if (line) {
            if (Status s = parse(line->view(), list, f); !s) return s;
        } else {
            const auto low = hz_in(files_.hardware_least), high = hz_in(files_.hardware_most);
            if (!low || !high)
                return files_.hardware_least.empty() ? line.status() : low ? high.status() : low.status();
            f.stepless = true;
            for (double hz = *low; hz < *high && f.count + 1 < Frequencies::most; hz = next_step(hz))
                f.hz[at(f.count++)] = hz;
            f.hz[at(f.count++)] = *high;
        }
        if (Status s = check_clocks(f.view()); !s) return Status::error(s.kind(), folder_, ": ", s.message());
        return f;
    }

    // Holds the clock at one frequency, and reads back that it took. With the governor "userspace" that is its speed;
    // every other one obeys equal limits. The governor stays what it is: it is the user's choice.
    Status set(double hz) const {
        if (!is_finite(hz) || hz <= 0)
            return Status::error(Error::argument, name_, ": expected a frequency above 0, found ", decimal(hz), " Hz");
        if (governor().view() == "userspace") return put(files_.speed, hz);
        const auto most = most_hz();
        if (!most) return most.status();
        const bool up = hz > *most;  // the upper limit goes first on the way up, the lower one on the way down
        if (Status s = put(up ? files_.most : files_.least, hz); !s) return s;
        return put(up ? files_.least : files_.most, hz);
    }

    Status follows(double hz) const { return check_follows(name_, hz, now_hz()); }

    // All that set() may change.
    Result<Saved> save() const {
        Saved saved;
        const bool by_speed = governor().view() == "userspace";
        for (const std::string_view file :
             {by_speed ? files_.speed : files_.least, by_speed ? files_.governor : files_.most}) {
            const auto value = host_.line(path(file));
            if (!value) return value.status();
            saved.add(path(file), value->view());
        }
        return saved;
    }

    const Host& host() const { return host_; }
    Path path(std::string_view file) const { return text<255>(folder_, "/", file); }

  private:
    Host host_;
    Path folder_;
    Text<63> name_;
    ClockFiles files_;

    static constexpr std::size_t at(int i) { return static_cast<std::size_t>(i); }
    static double next_step(double hz) { return (std::floor(hz / 100e6 + 1e-6) + 1) * 100e6; }
    Result<double> hz_in(std::string_view file) const {
        if (file.empty()) return Status::error(Error::file, folder_, ": it has no such file");
        const auto number = host_.number(path(file));
        if (!number) return number.status();
        if (*number <= 0)
            return Status::error(Error::format, path(file), ": expected a frequency above 0, found ", *number);
        return static_cast<double>(*number) * files_.unit_hz;
    }

    // Numbers in any order, each once.
    Status parse(std::string_view s, const Path& list, Frequencies& f) const {
        while (!s.empty()) {
            std::int64_t value = 0;
            const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
            if (error != std::errc{} || value <= 0)
                return Status::error(Error::format, list, ": expected frequencies above 0, found '", s.substr(0, 40),
                                     "'");
            s.remove_prefix(static_cast<std::size_t>(end - s.data()));
            while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
            if (f.count == Frequencies::most)
                return Status::error(Error::format, list, ": expected at most ", Frequencies::most, " frequencies");
            f.hz[at(f.count++)] = static_cast<double>(value) * files_.unit_hz;
        }
        f.tidy();
        return {};
    }

    Status put(std::string_view file, double hz) const {
        const auto units = static_cast<std::int64_t>(std::llround(hz / files_.unit_hz));
        if (Status s = host_.write(path(file), text<20>(units).view()); !s) return s;
        const auto back = hz_in(file);
        if (!back) return back.status();
        if (is_near(*back, hz)) return {};
        return Status::error(Error::verify, path(file), ": wrote ", decimal(hz / 1e6), " MHz, the kernel keeps ",
                             decimal(*back / 1e6), " MHz");
    }
};

}  // namespace sluice
