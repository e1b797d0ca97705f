// Fuzz target: any bytes at all are taken for a photograph; what is accepted is prepared for a network.
//
// ./run check builds and runs it. The fuzzer sees no branches inside libpng and libjpeg, which are linked as they are
// installed; their own projects fuzz those.
#include "picture.hpp"

#include <cstdio>
#include <cstdlib>

#include "failure.hpp"
#include "preprocess.hpp"

using namespace sluice::tools;

namespace {

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    // On the heap at its exact size: a byte read past its end is found by the address sanitizer.
    const std::vector<std::uint8_t> copy(bytes, bytes + size);
    try {
        const Picture p = decode_picture(std::as_bytes(std::span(copy)), "fuzz");
        require(p.width > 0 && p.height > 0 && p.width * p.height <= Picture::most_pixels, "the size is in bounds");
        require(p.rgb.size() == p.width * p.height * Picture::channels, "every pixel is there");
        for (const std::size_t side : {std::size_t(0), std::size_t(1), std::size_t(32), std::size_t(256)}) {
            const Picture seen = preprocess(p, {side, 32, 24});
            require(seen.width == 32 && seen.height == 24 && seen.rgb.size() == 32 * 24 * 3,
                    "the crop's size is right");
        }
    } catch (const Failure& f) {
        require(f.code == Exit::format, "a file that is no picture has an exit code of its own");
        require(std::string_view(f.what()).starts_with("fuzz: "), "the file is named");
    }
    return 0;
}
