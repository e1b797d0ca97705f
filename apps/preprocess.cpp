// Only what the crop shows is ever computed, so a picture of 1 x 1,000,000 pixels costs no more than another.
//
// The arithmetic is Pillow's: weights in double, rounded to 22 bits after the point; one pass along the rows to bytes,
// one along the columns. CMakeLists.txt keeps the compiler from fusing a multiplication and an addition here: it would
// round once where Pillow rounds twice.
#include "preprocess.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::tools {

namespace {

// Along one axis: [first, last) of the resized picture is seen, and begins at pixel `at` of the crop.
struct Cut {
    std::uint64_t first, last;  // of 1 x 100,000,000 pixels, 256 wide, more than 32 bits are high
    std::size_t at;
};

// CenterCrop's rounding: half a pixel goes to the even side, and to the right of what is padded.
Cut centre(std::uint64_t size, std::size_t crop) {
    if (size <= crop) return {0, size, (crop - static_cast<std::size_t>(size)) / 2};
    const std::uint64_t spare = size - crop, first = spare / 2 + (spare % 4 == 3 ? 1 : 0);
    return {first, first + crop, 0};
}

// One pixel of the resized picture: weights, in 1/2^22, of neighbours in the picture, the first of which is `first`.
struct Taps {
    std::size_t first;
    std::vector<int> weight;
};

constexpr int fraction_bits = 22;  // an int holds 8 bits before the point, a sign, and one to spare

// A triangle around the pixel's centre reaches as far as the next pixel's centre on the coarser of the two grids.
Taps taps(std::uint64_t pixel, std::size_t size, double scale) {
    const double reach = std::max(scale, 1.0), centre = (static_cast<double>(pixel) + 0.5) * scale;
    // Rounded: neighbours whose centre is within reach.
    const auto first = static_cast<std::size_t>(std::max(centre - reach + 0.5, 0.0));
    const auto last = std::min(static_cast<std::size_t>(centre + reach + 0.5), size);

    std::vector<double> triangle;
    double sum = 0;
    for (std::size_t i = first; i < last; ++i) {
        const double distance = std::abs((static_cast<double>(i) - centre + 0.5) * (1.0 / reach));
        triangle.push_back(std::max(1.0 - distance, 0.0));
        sum += triangle.back();
    }
    Taps t{first, {}};
    for (double w : triangle) t.weight.push_back(static_cast<int>(0.5 + w / sum * (1 << fraction_bits)));
    return t;
}

std::vector<Taps> taps(const Cut& cut, std::size_t size, std::uint64_t resized) {
    std::vector<Taps> all;
    for (std::uint64_t i = cut.first; i < cut.last; ++i)
        all.push_back(taps(i, size, static_cast<double>(size) / static_cast<double>(resized)));
    return all;
}

// The weighted mean of samples that lie `stride` apart.
std::uint8_t mean(const std::uint8_t* sample, std::size_t stride, const std::vector<int>& weight) {
    int sum = 1 << (fraction_bits - 1);  // to round
    for (int w : weight) {
        sum += w * *sample;
        sample += stride;
    }
    return static_cast<std::uint8_t>(std::min(sum >> fraction_bits, 255));
}

}  // namespace

Picture preprocess(const Picture& picture, const Preprocessing& o) {
    std::uint64_t width = picture.width, height = picture.height;
    if (o.shorter_side != 0) {
        // As torchvision computes it: a quotient of two integers, cut off.
        const auto shorter = static_cast<double>(std::min(width, height));
        const auto resized = [&](std::uint64_t side) {
            return static_cast<std::uint64_t>(static_cast<double>(o.shorter_side * side) / shorter);
        };
        width = resized(width), height = resized(height);
    }
    const Cut columns = centre(width, o.width), rows = centre(height, o.height);
    const std::vector<Taps> across = taps(columns, picture.width, width), down = taps(rows, picture.height, height);

    // Of the rows, those that some row of the crop needs.
    constexpr std::size_t C = Picture::channels;
    const std::size_t top = down.front().first, bottom = down.back().first + down.back().weight.size();
    Picture narrow(across.size(), bottom - top);
    for (std::size_t y = 0; y < narrow.height; ++y)
        for (std::size_t x = 0; x < narrow.width; ++x)
            for (std::size_t c = 0; c < C; ++c)
                narrow.at(x, y)[c] = mean(picture.at(across[x].first, top + y) + c, C, across[x].weight);

    Picture crop(o.width, o.height);
    for (std::size_t y = 0; y < down.size(); ++y)
        for (std::size_t i = 0; i < narrow.width * C; ++i)
            crop.at(columns.at, rows.at + y)[i] =
                mean(narrow.at(0, down[y].first - top) + i, narrow.width * C, down[y].weight);
    return crop;
}

}  // namespace sluice::tools
