#include "timing.hpp"

#include <algorithm>

#include "failure.hpp"
#include "image.hpp"
#include "relative_difference.hpp"

namespace sluice::tools {

namespace {

constexpr double tolerance = 1e-4;  // of the largest logit

std::vector<float> logits_of(Session& session, std::span<const float> image, const Gates& gates,
                             const FrameOptions& o) {
    const auto logits = session.run(image, gates, o);
    check(logits.status(), "running the network");
    return {logits->begin(), logits->end()};
}

}  // namespace

Timing time_frames(const AnyNetwork& network, const Weights& weights, Primitives primitives, const MaskChoice& mask,
                   const Executor& executor, bool layers) {
    const std::vector<float> image = generated_image(network.facts.input, 1);
    // Weights with gate settings of their own are timed with the default ones where they have none: it makes no
    // difference to the time.
    const FrameOptions options{.executor = executor, .default_statistics = true};
    // The reference goes before the timing begins: its weights would share the caches.
    const std::vector<float> expected = logits_of(*weights.session(network, 1, false, Primitives::reference), image,
                                                  mask.gates, {.default_statistics = true});
    const auto session = weights.session(network, 1, false, primitives, executor.parts);

    Timing t;
    t.relative_difference = relative_difference(logits_of(*session, image, mask.gates, options), expected);
    if (!(t.relative_difference <= tolerance))
        fail(Exit::verification, network.facts.name, ": the logits differ from the reference primitive's by ",
             t.relative_difference, " of the largest, expected at most ", tolerance, "; no time is reported");

    std::vector<double> frame_s;
    const auto enough = [&, start = Clock::now()] { return frame_s.size() >= 5 && seconds_since(start) >= 0.5; };
    while (!enough()) {
        const auto start = Clock::now();
        (void)session->run(image, mask.gates, options);
        frame_s.push_back(seconds_since(start));
    }
    if (layers) {
        Trace trace(network.facts.graph.nodes.size());
        FrameOptions traced = options;
        traced.trace = &trace;
        for (std::size_t i = 0; i < frame_s.size(); ++i) {
            (void)session->run(image, mask.gates, traced);
            trace.end_frame();
        }
        t.layer_s = trace.least_s;
    }
    std::sort(frame_s.begin(), frame_s.end());
    t.frames = static_cast<int>(frame_s.size());
    t.least_ms = 1e3 * frame_s.front();
    t.median_ms = 1e3 * frame_s[frame_s.size() / 2];
    return t;
}

}  // namespace sluice::tools
