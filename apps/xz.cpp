#include "xz.hpp"

#include <lzma.h>

#include <algorithm>
#include <array>

#include "failure.hpp"

namespace sluice::tools {

namespace {

// A few kilobytes can unpack to terabytes; no data set for a board does.
constexpr std::size_t most = std::size_t(2) << 30;
constexpr std::uint64_t most_for_decoder = std::uint64_t(1) << 30;  // xz -9 needs 65 MiB

struct Decoder {
    lzma_stream stream = LZMA_STREAM_INIT;
    ~Decoder() { lzma_end(&stream); }
};

const char* reason(lzma_ret code) {
    switch (code) {
        case LZMA_FORMAT_ERROR:
            return "it is not an .xz file";
        case LZMA_DATA_ERROR:
            return "the compressed data is damaged";
        case LZMA_BUF_ERROR:
            return "the compressed data is cut short";
        case LZMA_OPTIONS_ERROR:
            return "it uses compression options that liblzma does not know";
        case LZMA_MEM_ERROR:
        case LZMA_MEMLIMIT_ERROR:
            return "not enough memory to unpack it";
        default:
            return "liblzma cannot unpack it";
    }
}

}  // namespace

bool is_xz(std::span<const std::uint8_t> bytes) {
    constexpr std::array<std::uint8_t, 6> magic{0xFD, '7', 'z', 'X', 'Z', 0};
    return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

std::vector<std::uint8_t> unpack_xz(std::span<const std::uint8_t> bytes, const std::string& file) {
    Decoder decoder;
    lzma_ret code = lzma_stream_decoder(&decoder.stream, most_for_decoder, LZMA_CONCATENATED);
    decoder.stream.next_in = bytes.data();
    decoder.stream.avail_in = bytes.size();

    std::vector<std::uint8_t> out;
    std::vector<std::uint8_t> chunk(std::size_t(1) << 20);
    while (code == LZMA_OK) {
        decoder.stream.next_out = chunk.data();
        decoder.stream.avail_out = chunk.size();
        code = lzma_code(&decoder.stream, LZMA_FINISH);
        out.insert(out.end(), chunk.begin(), chunk.end() - static_cast<std::ptrdiff_t>(decoder.stream.avail_out));
        if (out.size() > most) fail(Exit::format, file, ": it unpacks to more than ", most >> 30, " GiB");
    }
    if (code != LZMA_STREAM_END) fail(Exit::format, file, ": ", reason(code));
    return out;
}

}  // namespace sluice::tools
