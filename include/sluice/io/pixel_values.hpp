// What a camera's pixels mean to a network: (level / 255 - mean) / std, by channel. The converter writes mean and std into
// the weights file, because nobody else knows them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/io/settings.hpp"

namespace sluice::inline SLUICE_ABI::io {

inline constexpr int pixel_levels = 256;

// "0.485" or "-1": no exponent, at most 15 digits, so that the quotient of two exact numbers is the nearest double.
inline bool decimal(std::string_view text, float& value) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    double digits = 0, scale = 1;
    int count = 0;
    bool point = false;
    for (char c : text) {
        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9' && ++count <= 15) {
            digits = 10 * digits + (c - '0');
            if (point) scale *= 10;
        } else {
            return false;
        }
    }
    value = static_cast<float>((negative ? -digits : digits) / scale);
    return count > 0;
}

// values: [C][256]. False, and no values, unless both texts are C decimals and all of std are above zero.
inline bool pixel_values(std::string_view mean_text, std::string_view std_text, std::span<float> values) {
    for (float& value : values) value = 0;  // a packed file holds them all
    for (std::size_t i = 0; i < values.size(); i += pixel_levels) {
        float mean = 0, std = 0;
        if (!decimal(next_item(mean_text), mean) || !decimal(next_item(std_text), std) || !(std > 0)) return false;
        // In the order in which torchvision computes in float32, so that every bit is the same.
        for (int level = 0; level < pixel_levels; ++level)
            values[i + static_cast<std::size_t>(level)] = (static_cast<float>(level) / 255.0f - mean) / std;
    }
    return next_item(mean_text).empty() && next_item(std_text).empty();
}

}  // namespace sluice
