// Pixels: a camera's or a decoder's frame as it lies in memory, 8 bits a channel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sluice/core/shape.hpp"
#include "sluice/core/status.hpp"

namespace sluice::inline SLUICE_ABI {

enum class PixelLayout { hwc, chw };   // channels side by side in each pixel, or a plane for each
enum class ChannelOrder { rgb, bgr };

struct Pixels {
    std::span<const std::uint8_t> bytes;
    PixelLayout layout = PixelLayout::hwc;
    ChannelOrder channels = ChannelOrder::rgb;
    std::ptrdiff_t row_stride = 0;  // bytes from row to row; 0: rows follow each other

    // Bytes from pixel to pixel, row to row and channel to channel of an image of that shape.
    struct Strides {
        std::ptrdiff_t pixel, row, channel;
    };
    Strides strides(const Shape& s) const {
        const bool hwc = layout == PixelLayout::hwc;
        const std::ptrdiff_t row = row_stride != 0 ? row_stride : std::ptrdiff_t(s.W) * (hwc ? s.C : 1);
        return {hwc ? s.C : 1, row, hwc ? 1 : row * s.H};
    }

    // Whether an image of that shape lies within the bytes.
    Status fits(const Shape& s) const {
        const std::ptrdiff_t least = std::ptrdiff_t(s.W) * (layout == PixelLayout::hwc ? s.C : 1);
        if (row_stride != 0 && row_stride < least)
            return Status::error(Error::argument, "the pixels have a row stride of ", row_stride,
                                 " bytes, expected at least ", least);
        const Strides by = strides(s);
        const std::ptrdiff_t needed = (s.W - 1) * by.pixel + (s.H - 1) * by.row + (s.C - 1) * by.channel + 1;
        if (static_cast<std::ptrdiff_t>(bytes.size()) < needed)
            return Status::error(Error::argument, "the pixels have ", bytes.size(), " bytes, an image of ", s.text(),
                                 " needs ", needed);
        return {};
    }
};

}  // namespace sluice
