// EXIF: two bytes that tell the byte order, 42, the place of a directory; in it twelve bytes for each tag: number,
// type, count, value. Nothing here is trusted: every read beyond the block gives 0.
#include "decoders.hpp"

namespace sluice::tools {

namespace {

class Tiff {
  public:
    explicit Tiff(Bytes bytes) : bytes_(bytes), big_endian_(byte(0) == 'M') {}

    unsigned byte(std::size_t at) const { return at < bytes_.size() ? std::to_integer<unsigned>(bytes_[at]) : 0; }
    unsigned two(std::size_t at) const {
        const unsigned first = byte(at), second = byte(at + 1);
        return big_endian_ ? first << 8 | second : second << 8 | first;
    }
    unsigned four(std::size_t at) const {
        const unsigned first = two(at), second = two(at + 2);
        return big_endian_ ? first << 16 | second : second << 16 | first;
    }

  private:
    Bytes bytes_;
    bool big_endian_;
};

}  // namespace

int exif_orientation(Bytes block) {
    constexpr unsigned orientation = 0x0112, type_short = 3, type_long = 4;
    const Tiff tiff(block);
    if (tiff.byte(0) != tiff.byte(1) || (tiff.byte(0) != 'M' && tiff.byte(0) != 'I') || tiff.two(2) != 42) return 1;
    const std::size_t directory = tiff.four(4);
    for (unsigned i = 0; i < tiff.two(directory); ++i) {
        const std::size_t tag = directory + 2 + 12 * std::size_t(i);
        if (tiff.two(tag) != orientation || tiff.four(tag + 4) != 1) continue;
        const unsigned type = tiff.two(tag + 2);
        const unsigned value = type == type_short ? tiff.two(tag + 8) : type == type_long ? tiff.four(tag + 8) : 0;
        return 1 <= value && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
}

}  // namespace sluice::tools
