// JPEG, through libjpeg: libjpeg-turbo's, whose pixels are those of other programs that use it with its defaults.
#include <algorithm>
#include <array>
#include <utility>

#include "decoders.hpp"
// In this order: libjpeg wants <cstdio> first.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

namespace sluice::tools {

namespace {

// Warnings after which pixels are made up. Others, such as bytes between segments, leave the picture whole.
bool loses_pixels(int warning) {
    switch (warning) {
        case JWRN_ARITH_BAD_CODE:
        case JWRN_BOGUS_PROGRESSION:
        case JWRN_HIT_MARKER:
        case JWRN_HUFF_BAD_CODE:
        case JWRN_JPEG_EOF:
        case JWRN_MUST_RESYNC:
            return true;
        default:
            return false;
    }
}

// Pillow's arithmetic: black k takes its share of what each ink c leaves, (255 - c) (255 - k) / 255 rounded. Inverted
// values are 255 - c and 255 - k already; Pillow rounds c (255 - k) / 255.
void rgb_from_inverted_cmyk(const std::uint8_t* cmyk, std::size_t pixels, std::uint8_t* rgb) {
    for (; pixels > 0; --pixels, cmyk += 4)
        for (int i = 0; i < 3; ++i) {
            const int black = cmyk[3], ink = 255 - cmyk[i];
            *rgb++ = static_cast<std::uint8_t>(black - (2 * ink * black + 255) / 510);
        }
}

struct Reader {
    Escape escape;
    jpeg_error_mgr errors;
    jpeg_progress_mgr progress{};
    jpeg_decompress_struct jpeg{};

    Reader() {
        jpeg.err = jpeg_std_error(&errors);
        jpeg.client_data = this;
        errors.error_exit = [](j_common_ptr j) { leave(j); };
        errors.emit_message = [](j_common_ptr j, int level) {
            if (level < 0 && loses_pixels(j->err->msg_code)) leave(j);
        };
        // A progressive picture of a few kilobytes can ask for hours; honest ones have about ten scans.
        progress.progress_monitor = [](j_common_ptr j) {
            constexpr int most_scans = 500;
            Reader& self = *static_cast<Reader*>(j->client_data);
            if (self.jpeg.input_scan_number > most_scans) self.escape.leave("more than 500 scans");
        };
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { jpeg_destroy_decompress(&jpeg); }

    [[noreturn]] static void leave(j_common_ptr j) {
        char text[JMSG_LENGTH_MAX];
        j->err->format_message(j, text);
        static_cast<Reader*>(j->client_data)
            ->escape.leave(j->err->msg_code == JWRN_JPEG_EOF ? "the file is cut short" : text);
    }

    void read_header(Bytes content) {
        jpeg_create_decompress(&jpeg);
        jpeg.progress = &progress;
        jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(content.data()), content.size());
        jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xFFFF);
        jpeg_read_header(&jpeg, TRUE);
        // libjpeg turns grey and YCbCr into RGB, and YCCK into CMYK.
        jpeg.out_color_space = jpeg.num_components == 4 ? JCS_CMYK : JCS_RGB;
    }

    // line: room for a row of CMYK if that is what comes, else nullptr.
    void read_pixels(Picture& to, std::uint8_t* line) {
        jpeg_start_decompress(&jpeg);
        while (jpeg.output_scanline < jpeg.output_height) {
            JSAMPROW rgb = to.at(0, jpeg.output_scanline), row = line == nullptr ? rgb : line;
            jpeg_read_scanlines(&jpeg, &row, 1);
            if (line != nullptr) rgb_from_inverted_cmyk(line, to.width, rgb);
        }
        jpeg_finish_decompress(&jpeg);
    }

    // Before read_pixels(), which ends with the segments being forgotten.
    int orientation() const {
        constexpr std::array<unsigned char, 6> name{'E', 'x', 'i', 'f', 0, 0};
        for (const jpeg_marker_struct* m = jpeg.marker_list; m != nullptr; m = m->next) {
            const std::span data(m->data, m->data_length);
            if (data.size() >= name.size() && std::equal(name.begin(), name.end(), data.begin()))
                return exif_orientation(std::as_bytes(data.subspan(name.size())));
        }
        return 1;
    }
};

}  // namespace

bool is_jpeg(Bytes content) {
    return content.size() >= 3 && content[0] == std::byte{0xFF} && content[1] == std::byte{0xD8} &&
           content[2] == std::byte{0xFF};
}

Decoded decode_jpeg(Bytes content, const std::string& file) {
    Reader reader;
    const auto step = [&](const auto& s) {
        if (!reader.escape.survives(s)) fail(Exit::format, file, ": libjpeg cannot read it: ", reader.escape.reason());
    };
    step([&] { reader.read_header(content); });
    const int colours = reader.jpeg.num_components;
    if (colours != 1 && colours != 3 && colours != 4)
        fail(Exit::format, file, ": expected a JPEG picture of 1, 3 or 4 colours, found ", colours);
    Picture stored = room_for(reader.jpeg.image_width, reader.jpeg.image_height, file);
    std::vector<std::uint8_t> line(colours == 4 ? stored.width * 4 : 0);
    const int orientation = reader.orientation();
    step([&] { reader.read_pixels(stored, line.empty() ? nullptr : line.data()); });
    return {std::move(stored), orientation};
}

}  // namespace sluice::tools
