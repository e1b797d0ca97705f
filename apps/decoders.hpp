// What picture.cpp has of each kind of file.
#pragma once

#include <csetjmp>
#include <cstdio>

#include "failure.hpp"
#include "picture.hpp"

namespace sluice::tools {

using Bytes = std::span<const std::byte>;

// As the pixels lie in the file, and how a camera was held (EXIF, 1 to 8; 1: upright).
struct Decoded {
    Picture stored;
    int orientation = 1;
};

bool is_png(Bytes content);
bool is_jpeg(Bytes content);
Decoded decode_png(Bytes content, const std::string& file);
Decoded decode_jpeg(Bytes content, const std::string& file);

// Of an EXIF block, which is a TIFF file with the tags of a picture; 1 if it does not tell.
int exif_orientation(Bytes tiff);

// Room for so many pixels; a Failure if a file asks for too many.
Picture room_for(std::size_t width, std::size_t height, const std::string& file);

// libpng and libjpeg report an error by a call that must not return. Both manuals have it jump: exceptions would have
// to pass through frames of C.
class Escape {
  public:
    // False if the step left. The jump ends its frames without a word: nothing in them may need a destructor.
    template <class Step>
    bool survives(const Step& step) {
        if (setjmp(point_) != 0) return false;
        step();
        return true;
    }

    [[noreturn]] void leave(const char* why) {
        std::snprintf(reason_, sizeof reason_, "%s", why);
        std::longjmp(point_, 1);
    }

    const char* reason() const { return reason_; }

  private:
    std::jmp_buf point_{};
    char reason_[256] = "";
};

}  // namespace sluice::tools
