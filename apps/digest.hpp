// A file's content in one word, to tell whether it is still the same. No protection against forgery.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "sluice/core/generator.hpp"

namespace sluice::tools {

// "fnv1a64:cbf29ce484222325"
template <class Byte>
std::string digest(std::span<const Byte> bytes) {
    static_assert(sizeof(Byte) == 1);
    const std::uint64_t hash = Generator::fnv1a({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    char text[32];
    std::snprintf(text, sizeof text, "fnv1a64:%016llx", static_cast<unsigned long long>(hash));
    return text;
}

}  // namespace sluice::tools
