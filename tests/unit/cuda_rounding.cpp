// Rounding to half precision and bfloat16, against what nearest means: between two neighbours the nearer one, in the
// middle the even one. The other direction, which is exact, has tests of its own.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "sluice/io/half.hpp"
#include "sluice_kernels/cuda/rounding.hpp"

using namespace sluice;

namespace {

// All pairs of positive neighbours up to the largest finite number, with both signs.
template <class Round, class Widen>
int wrong(std::uint16_t largest, Round round, Widen widen) {
    int count = 0;
    for (std::uint16_t low = 0; low < largest; ++low) {
        const auto high = static_cast<std::uint16_t>(low + 1);
        const float a = widen(low), b = widen(high), middle = a + (b - a) / 2;  // exact: one bit more than a and b have
        const auto expect = [&](float x, std::uint16_t bits) {
            count += round(x) != bits;
            count += round(-x) != (bits | 0x8000);
        };
        expect(a, low);
        expect(middle, low % 2 == 0 ? low : high);
        expect(std::nextafter(middle, a), low);
        expect(std::nextafter(middle, b), high);
    }
    return count;
}

}  // namespace

TEST_CASE("floats are rounded to the nearest half, ties to even") {
    CHECK(wrong(0x7BFF, cuda::to_half, io::half_to_float) == 0);
    CHECK(cuda::to_half(65519.996f) == 0x7BFF);
    CHECK(cuda::to_half(65520.0f) == 0x7C00);  // half of the way to 65536, which would be the next one
    CHECK(cuda::to_half(1e30f) == 0x7C00);
    CHECK(cuda::to_half(-std::numeric_limits<float>::infinity()) == 0xFC00);
    CHECK(std::isnan(io::half_to_float(cuda::to_half(std::numeric_limits<float>::quiet_NaN()))));
}

TEST_CASE("floats are rounded to the nearest bfloat16, ties to even") {
    CHECK(wrong(0x7F7F, cuda::to_bfloat16, io::bfloat16_to_float) == 0);
    CHECK(cuda::to_bfloat16(std::numeric_limits<float>::max()) == 0x7F80);
    CHECK(cuda::to_bfloat16(-std::numeric_limits<float>::infinity()) == 0xFF80);
    CHECK(std::isnan(io::bfloat16_to_float(cuda::to_bfloat16(std::bit_cast<float>(0x7F800001u)))));
}
