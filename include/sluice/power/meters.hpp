// Every kind of energy meter. A kind has: kind, modelled, find(host, sink), what(), for_each_file(f), sample(now_s) and
// joules(). A meter that cannot tell has a reason in its place, never a zero.
#pragma once

#include "sluice/power/battery.hpp"
#include "sluice/power/hwmon.hpp"
#include "sluice/power/modelled.hpp"  // Modelled: for hosts that have none of these
#include "sluice/power/nvml_meter.hpp"
#include "sluice/power/rapl.hpp"

namespace sluice::inline SLUICE_ABI::power {

template <class... Kinds>
struct MeterKinds {
    // sink(meter) for every meter of the host; each kind is a type of its own.
    template <class F>
    static void find(const Host& host, F sink) {
        (Kinds::find(host, sink), ...);
    }
};

// THE list.
using Meters = MeterKinds<Rapl,        // processors by Intel and AMD
                          Hwmon,       // rails of boards
                          Battery,     // whole devices
                          NvmlMeter>;  // NVIDIA's cards

// Why a meter cannot be read, as far as its files tell; good if it can.
template <class Meter>
Status readable(const Meter& meter, const Host& host) {
    Status first;
    meter.for_each_file([&](const Path& file) {
        if (Status s = host.line(file).status(); first && !s) first = s;
    });
    return first;
}

}  // namespace sluice
