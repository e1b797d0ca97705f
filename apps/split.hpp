// Lists as options write them: "3,8,36,3".
#pragma once

#include <charconv>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "failure.hpp"

namespace sluice::tools {

// "a,,b" has an empty item in the middle; the empty text is one empty item.
inline std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> items(1);
    for (char c : text) {
        if (c == separator)
            items.emplace_back();
        else
            items.back() += c;
    }
    return items;
}

// The other way round: "3,8,36,3".
template <class Items>
std::string joined(const Items& items, const char* separator) {
    std::ostringstream text;
    const char* before = "";
    for (const auto& item : items) {
        text << before << item;
        before = separator;
    }
    return text.str();
}

// All of the text as one number, or a Failure that names the option.
template <class Number>
Number number_from(std::string_view text, std::string_view option, const char* expected) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        fail(Exit::usage, option, ": expected ", expected, ", found '", text, "'");
    return value;
}

// "32,100,316"
inline std::vector<int> numbers_from(std::string_view list, std::string_view option, const char* expected) {
    std::vector<int> numbers;
    for (const std::string& item : split(list, ',')) numbers.push_back(number_from<int>(item, option, expected));
    return numbers;
}

}  // namespace sluice::tools
