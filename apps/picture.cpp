#include "picture.hpp"

#include <algorithm>
#include <new>

#include "decoders.hpp"
#include "sluice/io/map.hpp"

namespace sluice::tools {

namespace {

// EXIF's orientations say where the stored first row and column belong: 2 to 4 are mirrored or turned by half, 5 to 8
// have rows and columns swapped as well.
Picture upright(Decoded decoded) {
    const Picture& from = decoded.stored;
    const int o = decoded.orientation;
    if (o == 1) return std::move(decoded.stored);
    const bool swapped = o >= 5;
    const bool right_to_left = o == 2 || o == 3 || o == 7 || o == 8;
    const bool bottom_up = o == 3 || o == 4 || o == 6 || o == 7;
    Picture to(swapped ? from.height : from.width, swapped ? from.width : from.height);
    for (std::size_t y = 0; y < to.height; ++y)
        for (std::size_t x = 0; x < to.width; ++x) {
            const std::size_t column = swapped ? y : x, row = swapped ? x : y;
            const std::uint8_t* pixel =
                from.at(right_to_left ? from.width - 1 - column : column, bottom_up ? from.height - 1 - row : row);
            std::copy_n(pixel, Picture::channels, to.at(x, y));
        }
    return to;
}

}  // namespace

Picture room_for(std::size_t width, std::size_t height, const std::string& file) {
    if (width > Picture::most_pixels / height)
        fail(Exit::format, file, ": expected at most ", Picture::most_pixels, " pixels, found ", width, " x ", height);
    return {width, height};
}

Picture decode_picture(std::span<const std::byte> content, const std::string& file) {
    try {
        if (is_png(content)) return upright(decode_png(content, file));
        if (is_jpeg(content)) return upright(decode_jpeg(content, file));
    } catch (const std::bad_alloc&) {
        fail(Exit::failure, file, ": not enough memory for this picture");
    }
    fail(Exit::format, file, ": expected a PNG or JPEG picture, found something else");
}

Picture read_picture(const std::string& file) {
    const Result<io::MappedFile> mapped = io::MappedFile::open(file.c_str());
    check(mapped.status(), "picture");
    return decode_picture(mapped->bytes(), file);
}

}  // namespace sluice::tools
