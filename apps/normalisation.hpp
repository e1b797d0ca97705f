// What turns a pixel into the number a network was trained on: (pixel / 255 - mean) / std, by channel. The converter
// writes mean and std into the weights file, because nobody else knows them.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "split.hpp"
#include "weights.hpp"

namespace sluice::tools {

class Normalisation {
  public:
    static constexpr int channels = 3;  // R, G, B

    explicit Normalisation(const Weights& weights) {
        const std::array<float, channels> mean = triple(weights, "mean"), std = triple(weights, "std");
        for (int c = 0; c < channels; ++c) {
            const auto i = static_cast<std::size_t>(c);
            if (!(std[i] > 0))
                fail(Exit::format, weights.name(), ": metadata 'std': expected numbers above 0, found ", std[i]);
            // In the order in which torchvision computes in float32, so that every bit is the same.
            for (std::size_t v = 0; v < 256; ++v) value_[i][v] = (static_cast<float>(v) / 255.0f - mean[i]) / std[i];
        }
    }

    // planes: R, G and B, `size` pixels each. image: as many floats.
    void operator()(const std::uint8_t* planes, std::size_t size, float* image) const {
        for (const auto& value : value_)
            for (std::size_t i = 0; i < size; ++i) *image++ = value[*planes++];
    }

    // The same for pixels whose three bytes are neighbours.
    void interleaved(const std::uint8_t* rgb, std::size_t size, float* image) const {
        for (std::size_t c = 0; c < channels; ++c)
            for (std::size_t i = 0; i < size; ++i) *image++ = value_[c][rgb[i * channels + c]];
    }

  private:
    std::array<std::array<float, 256>, channels> value_{};

    static std::array<float, channels> triple(const Weights& weights, const char* key) {
        const auto text = weights.metadata(key);
        const auto bad = [&](const auto&... found) {
            fail(Exit::format, weights.name(), ": metadata '", key,
                 "': expected three decimals such as 0.5 0.5 0.5 (R, ", "G, B of pixel / 255), found ", found...);
        };
        if (!text) bad("no such key; convert the checkpoint again");
        const std::vector<std::string> words = split(*text, ' ');
        std::array<float, channels> values{};
        if (words.size() != values.size()) bad("'", *text, "'");
        for (std::size_t i = 0; i < values.size(); ++i) {
            const char* const end = words[i].data() + words[i].size();
            const auto [stop, error] = std::from_chars(words[i].data(), end, values[i]);
            if (error != std::errc{} || stop != end || !std::isfinite(values[i])) bad("'", *text, "'");
        }
        return values;
    }
};

}  // namespace sluice::tools
