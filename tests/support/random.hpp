// Seeded test data. All of it comes from sluice::Generator, so a failure can be repeated from the numbers in its
// message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sluice/core/generator.hpp"
#include "sluice/gate/mask.hpp"

namespace support {

// Evenly spread over [mid - half, mid + half). Equal names give equal values.
inline std::vector<float> random_values(std::size_t count, std::uint64_t seed, std::string_view name, float mid = 0,
                                        float half = 1) {
    const sluice::Generator generator(seed, name);
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = generator.at(i, mid, half);
    return values;
}

// The image that golden values and self-tests belong to, [C][H][W].
inline std::vector<float> generated_image(std::uint64_t seed, const sluice::Shape& shape) {
    std::vector<float> image(static_cast<std::size_t>(shape.size()));
    for (std::size_t i = 0; i < image.size(); ++i)
        image[i] = sluice::GeneratedImage{seed}(static_cast<std::ptrdiff_t>(i));
    return image;
}

// Each gate open or shut by the toss of a coin.
template <class Net>
sluice::gate::Mask<Net> random_mask(std::uint64_t seed) {
    const sluice::Generator coin(seed, "mask");
    sluice::gate::Mask<Net> mask;
    for (int g = 0; g < mask.gates; ++g) mask.set(g, coin.at(static_cast<std::uint64_t>(g), 0, 1) >= 0);
    return mask;
}

}  // namespace support
