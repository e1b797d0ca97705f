// quoted, shown: how a name or a byte of a file appears in a message.
//
// A file may hold a name of a megabyte or an unprintable byte; a message has 230 characters. Both are cut down here, so
// that the words after the name are still there to be read.
#pragma once

#include <string_view>

#include "sluice/core/text.hpp"

namespace sluice::inline SLUICE_ABI::io {

// 'layer1.0.conv1.weight'; past 60 bytes the rest is three dots. Never cut in the middle of a UTF-8 character.
constexpr Text<66> quoted(std::string_view name) {
    constexpr std::size_t most = 60;
    if (name.size() <= most) return text<66>("'", name, "'");
    std::size_t keep = most;
    while (keep > 0 && (static_cast<unsigned char>(name[keep]) & 0xC0) == 0x80) --keep;
    return text<66>("'", std::string_view(name.data(), keep), "...'");
}

// The character itself if it is printable ASCII, otherwise its value: 'x', byte 0xEF.
constexpr Text<9> shown(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) return text<9>("'", std::string_view(&c, 1), "'");
    constexpr std::string_view hex = "0123456789ABCDEF";
    const char digits[] = {hex[byte >> 4], hex[byte & 15u]};
    return text<9>("byte 0x", std::string_view(digits, 2));
}

}  // namespace sluice::inline SLUICE_ABI::io
