// Seeded values that depend on (seed, name, index) alone, computed alike here and in weights_tools: a stored result needs
// no stored input, and any part of a tensor can be made on its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI {

class Generator {
  public:
    constexpr Generator(std::uint64_t seed, std::string_view name) : key_(fnv1a(name) ^ mix(seed)) {}

    // Evenly spread over [mid - half, mid + half), in steps of half * 2^-23. Both are floats so that the product is exact
    // in double: whether a compiler fuses it with the addition makes no difference.
    constexpr float at(std::uint64_t index, float mid, float half) const {
        const std::uint64_t bits = mix((index + 1) * 0x9E3779B97F4A7C15 + key_) >> 40;  // 2^64 / golden ratio
        const double uniform = static_cast<double>(bits) * 0x1p-23 - 1.0;
        return static_cast<float>(static_cast<double>(mid) + static_cast<double>(half) * uniform);
    }

    // SplitMix64's finaliser.
    static constexpr std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
    static constexpr std::uint64_t fnv1a(std::string_view s) {
        std::uint64_t h = 0xCBF29CE484222325;
        for (char c : s) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3;
        return h;
    }

  private:
    std::uint64_t key_;
};

// The image that self-test vectors belong to: element i of [C][H][W], mean 0 and variance 1, as a normalised photograph.
struct GeneratedImage {
    std::uint64_t seed = 0;
    float operator()(std::ptrdiff_t i) const {
        return Generator(seed, "input").at(static_cast<std::uint64_t>(i), 0.0f, 1.7320508f);  // sqrt(3)
    }
};

}  // namespace sluice
