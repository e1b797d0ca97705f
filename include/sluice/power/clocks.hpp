// Every kind of clock that can be set. A kind has: kind, find(host, sink), name(), governor(), now_hz(), least_hz(),
// most_hz(), frequencies(), set(hz), follows(hz), save().
#pragma once

#include "sluice/power/boost.hpp"
#include "sluice/power/cpufreq.hpp"
#include "sluice/power/devfreq.hpp"
#include "sluice/power/held.hpp"
#include "sluice/power/nvml_clock.hpp"

namespace sluice::inline SLUICE_ABI::power {

template <class... Kinds>
struct ClockKinds {
    // sink(clock) for every clock of the host; each kind is a type of its own.
    template <class F>
    static void find(const Host& host, F sink) {
        (Kinds::find(host, sink), ...);
    }
};

// THE list.
using Clocks = ClockKinds<Cpufreq,     // processors
                          Devfreq,     // GPUs and other parts of a chip
                          NvmlClock>;  // NVIDIA's cards

// Puts back what programs that were killed have left set, and tells of each: told(name, status). A file goes when its
// clock is as it was.
template <class F>
void restore_clocks(const Host& host, F told) {
    host.for_each_entry(saved_folder, saved_prefix, [&](std::string_view name) {
        const Path file = text<255>(saved_folder, name);
        char content[1024];
        const long got = host.files.read(host.files.self, text<511>(host.root, file).c_str(), content, sizeof content);
        const auto saved = Saved::parse(std::string_view(content, got < 0 ? 0 : static_cast<std::size_t>(got)));
        Status s = saved.status();
        if (!saved) {
            s = Status::error(s.kind(), file, ": ", s.message());
        } else if (!saved->items().empty() && saved->items()[0].file.view().starts_with(NvmlClock::saved_path)) {
            s = Status::error(Error::file, file, ": no such GPU is there any more");
            NvmlClock::find(host, [&](const NvmlClock& clock) {
                if (const auto own = clock.save(); own->items()[0].file == saved->items()[0].file) s = clock.release();
            });
        } else {
            s = saved->restore(host);
        }
        if (s) s = host.remove(file);
        told(name.substr(saved_prefix.size()), s);
    });
}

}  // namespace sluice
