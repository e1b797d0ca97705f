// The self-test that the converter stored: an image by its seed, and the logits that the full network gives for it.
#pragma once

#include <charconv>
#include <cmath>

#include "sluice/core/generator.hpp"
#include "sluice/core/shape.hpp"
#include "sluice/io/weights_file.hpp"
#include "sluice_kernels/cuda/frame.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

// By how much logits may differ, relative to the largest: 10 and 7 bits of fraction, through as many layers as there
// are.
constexpr float tolerance(nvidia::Precision p) { return p == nvidia::Precision::float32 ? 1e-4f : 1e-2f; }

inline Status self_test_image(const io::WeightsFile& file, const Shape& input, std::span<float> images) {
    if (file.metadata("input") != input.text().view())
        return Status::error(Error::mismatch, "the self-test is for ", file.metadata("input"),
                             " images, this engine takes ", input.text(), "; load with SelfTest::skip");
    const std::string_view text = file.metadata("selftest_seed");
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error != std::errc{} || end != text.data() + text.size())
        return Status::error(Error::format, "the self-test has the seed '", text, "', expected a 64-bit number");
    const auto one = static_cast<std::size_t>(input.size());
    for (std::size_t i = 0; i < images.size(); ++i)
        images[i] = i < one ? GeneratedImage{seed}(static_cast<std::ptrdiff_t>(i)) : images[i - one];
    return {};
}

inline Status compare_logits(std::span<const float> logits, const io::WeightSource& expected, float tolerance) {
    float difference = 0, magnitude = 0;
    for (std::size_t k = 0; k < logits.size(); ++k) {
        const float stored = expected[static_cast<std::int64_t>(k)], d = std::fabs(logits[k] - stored);
        if (!std::isnan(difference) && !(d <= difference)) difference = d;  // a NaN stays one
        magnitude = std::fmax(magnitude, std::fabs(stored));
    }
    if (difference <= tolerance * magnitude) return {};
    const float millionths = difference / magnitude * 1e6f;
    const bool countable = millionths <= 1e9f;
    return Status::error(Error::verify, "self-test failed: the GPU's logits differ from the stored ones by ",
                         countable ? "" : "more than ", countable ? static_cast<std::int64_t>(millionths) : 1000000000,
                         "e-6 of the largest, expected at most ", static_cast<std::int64_t>(tolerance * 1e6f + 0.5f),
                         "e-6");
}

// Runs the full network on the self-test's image; images and logits are those of the frame.
template <Network Net, nvidia::Precision precision, int N>
Status replay(const Frame<Net, precision, N>& frame, const io::WeightsFile& file, const Shape& input,
              std::span<float> images, std::span<const float> logits) {
    const Result<io::WeightSource> expected = file.self_test_logits(static_cast<int>(logits.size()));
    if (!expected) return expected.status();
    // The index is overwritten by the image, but not the file's bytes that the logits lie in.
    if (Status s = self_test_image(file, input, images); !s) return s;
    if (Status s = frame.run(gate::Mask<Net>{}); !s) return s;
    if (Status s = frame.gpu.check(frame.gpu.api->wait(frame.gpu.session), "the self-test"); !s) return s;
    return compare_logits(logits, *expected, tolerance(precision));
}

}  // namespace sluice
