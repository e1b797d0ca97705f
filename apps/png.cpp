// PNG, through libpng.
#include <png.h>

#include <algorithm>
#include <new>
#include <utility>

#include "decoders.hpp"

namespace sluice::tools {

namespace {

struct Reader {
    Escape escape;
    Bytes left;
    png_structp png = nullptr;
    png_infop info = nullptr;

    explicit Reader(Bytes content) : left(content) {
        const auto error = [](png_structp p, png_const_charp why) {
            static_cast<Reader*>(png_get_error_ptr(p))->escape.leave(why);
        };
        const auto ignore = [](png_structp, png_const_charp) {};  // odd profiles and the like: pixels are not concerned
        png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, error, ignore);
        if (png != nullptr) info = png_create_info_struct(png);
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }

    static void take(png_structp png, png_bytep to, std::size_t count) {
        Reader& self = *static_cast<Reader*>(png_get_io_ptr(png));
        if (count > self.left.size()) png_error(png, "the file is cut short");
        std::copy_n(reinterpret_cast<const png_byte*>(self.left.data()), count, to);
        self.left = self.left.subspan(count);
    }

    void read_header() {
        png_set_read_fn(png, this, take);
        png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // room_for() has a limit, and says so
        png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
        png_read_info(png, info);
    }

    void read_pixels(Picture& to) {
        png_set_palette_to_rgb(png);
        png_set_expand_gray_1_2_4_to_8(png);
        png_set_gray_to_rgb(png);
        png_set_strip_16(png);
        png_set_strip_alpha(png);
        const int passes = png_set_interlace_handling(png);
        png_read_update_info(png, info);
        for (int pass = 0; pass < passes; ++pass)
            for (std::size_t y = 0; y < to.height; ++y) png_read_row(png, to.at(0, y), nullptr);
        png_read_end(png, info);  // an orientation may come last
    }

    int orientation() const {
        png_uint_32 size = 0;
        png_bytep exif = nullptr;
        if (png_get_eXIf_1(png, info, &size, &exif) == 0) return 1;
        return exif_orientation({reinterpret_cast<const std::byte*>(exif), size});
    }
};

}  // namespace

bool is_png(Bytes content) {
    constexpr std::size_t signature = 8;
    return content.size() >= signature &&
           png_sig_cmp(reinterpret_cast<png_const_bytep>(content.data()), 0, signature) == 0;
}

Decoded decode_png(Bytes content, const std::string& file) {
    Reader reader(content);
    if (reader.info == nullptr) throw std::bad_alloc();
    const auto step = [&](const auto& s) {
        if (!reader.escape.survives(s)) fail(Exit::format, file, ": libpng cannot read it: ", reader.escape.reason());
    };
    step([&] { reader.read_header(); });
    Picture stored =
        room_for(png_get_image_width(reader.png, reader.info), png_get_image_height(reader.png, reader.info), file);
    step([&] { reader.read_pixels(stored); });
    return {std::move(stored), reader.orientation()};
}

}  // namespace sluice::tools
