// Shape: channels, height, width of one image's tensor.
#pragma once

#include <cstdint>

#include "sluice/core/text.hpp"

namespace sluice::inline SLUICE_ABI {

struct Shape {
    int C = 0, H = 0, W = 0;

    constexpr std::int64_t size() const { return std::int64_t(C) * H * W; }
    constexpr Text<40> text() const { return sluice::text<40>(C, "x", H, "x", W); }
    friend constexpr bool operator==(const Shape&, const Shape&) = default;
};

}  // namespace sluice
