// Photographs: PNG and JPEG, through libpng and libjpeg, as red, green and blue bytes the right way up.
//
// What is no RGB with 8 bits becomes it as Pillow's convert("RGB") does it: grey is repeated, palettes are looked up,
// transparency is left out, CMYK counts as inverted, which is how Adobe's programs write it. Of 16 bits the upper 8
// stay, also of grey, which Pillow cuts off at 255. An EXIF orientation is applied, as by Pillow's exif_transpose;
// profiles and gamma are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sluice::tools {

struct Picture {
    static constexpr std::size_t channels = 3;                           // R, G, B
    static constexpr std::size_t most_pixels = (512u << 20) / channels;  // 512 MiB: where Pillow smells a bomb

    std::size_t width = 0, height = 0;
    std::vector<std::uint8_t> rgb;  // [height][width][3]

    Picture() = default;
    Picture(std::size_t w, std::size_t h) : width(w), height(h), rgb(w * h * channels) {}

    std::uint8_t* at(std::size_t x, std::size_t y) { return rgb.data() + (y * width + x) * channels; }
    const std::uint8_t* at(std::size_t x, std::size_t y) const { return rgb.data() + (y * width + x) * channels; }
};

// Throws a Failure that names the file: missing, no picture, damaged, cut short, of another kind, too large. The
// content decides what a file is, not its name.
Picture read_picture(const std::string& file);
Picture decode_picture(std::span<const std::byte> content, const std::string& file);

}  // namespace sluice::tools
