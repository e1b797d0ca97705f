#include "gpu/frame_timing.hpp"

#include <algorithm>

#include "failure.hpp"
#include "relative_difference.hpp"
#include "sluice_kernels/cuda/self_test.hpp"
#include "trace.hpp"

namespace sluice::tools {

namespace {

std::vector<float> logits_of(GpuSession& session, const GpuFrame& f, const Gates& gates) {
    const auto logits = session.run(f.images, gates);
    check(logits.status(), f.name);
    return {logits->begin(), logits->end()};
}

double frame_ms(GpuSession& session, const GpuFrame& f) {
    const auto start = Clock::now();
    check(session.run(f.images, f.gates).status(), f.name);
    return 1e3 * seconds_since(start);
}

// All gates shut, or open where that is what is timed.
Gates other_than(const Gates& gates) { return Gates(gates.size(), std::ranges::find(gates, true) == gates.end()); }

}  // namespace

GpuTiming time_gpu_frames(GpuSession& session, const GpuFrame& f) {
    GpuTiming t;
    t.first_ms = frame_ms(session, f);
    const double tolerance = cuda::tolerance(f.precision);
    for (int frame = 0; frame < 2; ++frame) {  // the first launch of what was recorded, and another one
        const double d = relative_difference(logits_of(session, f, f.gates), f.expected);
        if (!(d <= t.relative_difference)) t.relative_difference = d;  // a NaN stays
    }
    if (!(t.relative_difference <= tolerance))
        fail(Exit::verification, f.name, ": the logits differ from the CPU's by ", t.relative_difference,
             " of the largest, expected at most ", tolerance, "; no time is reported");

    std::vector<double> ms;
    const auto enough = [&, start = Clock::now()] { return ms.size() >= 5 && seconds_since(start) >= 0.5; };
    while (!enough()) ms.push_back(frame_ms(session, f));
    std::sort(ms.begin(), ms.end());
    t.frames = static_cast<int>(ms.size());
    t.least_ms = ms.front();
    t.median_ms = ms[ms.size() / 2];

    t.switched_ms = t.least_ms;
    for (int i = 0; i < 5 && !f.gates.empty(); ++i) {
        logits_of(session, f, other_than(f.gates));
        const double now = frame_ms(session, f);
        t.switched_ms = i == 0 ? now : std::min(t.switched_ms, now);
    }
    return t;
}

}  // namespace sluice::tools
