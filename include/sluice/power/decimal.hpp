// Numbers in sentences: decimal(0.0125) is "0.0125". At most six significant digits, no heap.
#pragma once

#include <charconv>

#include "sluice/core/text.hpp"

namespace sluice::inline SLUICE_ABI::power {

inline Text<24> decimal(double value) {
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6).ptr;
    return std::string_view(text, static_cast<std::size_t>(end - text));
}

}  // namespace sluice
