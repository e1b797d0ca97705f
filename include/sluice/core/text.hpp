// Text<N>: at most N characters in place. Names and messages without a heap, at compile time as well as at run time.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI {

// Structural, so a Text can be a template argument. What does not fit is cut off.
template <int N>
struct Text {
    char chars[N + 1] = {};
    int length = 0;

    constexpr Text() = default;
    constexpr Text(std::string_view s) { append(s); }
    constexpr Text(const char* s) { append(s); }

    constexpr Text& append(std::string_view s) {
        for (char c : s)
            if (length < N) chars[length++] = c;
        return *this;
    }
    constexpr Text& append(std::integral auto value) {
        if (value < 0) append("-");
        std::uint64_t left = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
        char digits[20] = {};
        int n = 0;
        do digits[n++] = static_cast<char>('0' + left % 10);
        while (left /= 10);
        while (n > 0) append(std::string_view(&digits[--n], 1));
        return *this;
    }
    template <int M>
    constexpr Text& append(const Text<M>& t) { return append(t.view()); }

    constexpr std::string_view view() const { return {chars, static_cast<std::size_t>(length)}; }
    constexpr const char* c_str() const { return chars; }
    constexpr bool empty() const { return length == 0; }
    friend constexpr bool operator==(const Text&, const Text&) = default;
};

// text<N>("layer", 3, ".", 0): the parts one after the other.
template <int N, class... Parts>
constexpr Text<N> text(const Parts&... parts) {
    Text<N> t;
    (t.append(parts), ...);
    return t;
}

}  // namespace sluice
