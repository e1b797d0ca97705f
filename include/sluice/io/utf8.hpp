// utf8_length: the length of the well-formed UTF-8 character at the front of a text.
//
// Well-formed as in table 3-7 of the Unicode Standard (chapter 3, "Conformance"): no character in more bytes than it
// needs, no surrogates, nothing above U+10FFFF. The reference implementation of safetensors judges its header by the
// same rules, so a text that one of the two refuses is not one that the other reads.
#pragma once

#include <string_view>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI::io {

// 1 to 4 bytes; 0 if the text is empty or does not begin with a well-formed character.
constexpr int utf8_length(std::string_view s) {
    const auto byte = [s](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
    const auto continues = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
    if (s.empty()) return 0;

    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead < 0xC2) return 0;  // a continuation byte, or a two-byte form of an ASCII character
    if (lead < 0xE0) return continues(1) ? 2 : 0;

    // Only the second byte tells a long form, a surrogate or a number past U+10FFFF from a legal character.
    unsigned low = 0x80, high = 0xBF;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    if (lead > 0xF4 || byte(1) < low || byte(1) > high || !continues(2)) return 0;
    if (lead < 0xF0) return 3;
    return continues(3) ? 4 : 0;
}

}  // namespace sluice::inline SLUICE_ABI::io
