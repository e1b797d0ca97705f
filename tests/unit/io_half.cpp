// Half and bfloat16 to float over all 65536 patterns, against the definition by ldexp and, where the compiler has it,
// against the machine's own _Float16.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "sluice/io/half.hpp"

using namespace sluice::io;

static_assert(half_to_float(0x3C00) == 1.0f && half_to_float(0xC000) == -2.0f);
static_assert(half_to_float(0x0001) == 0x1p-24f &&
              half_to_float(0x03FF) == 0x1.FF8p-15f);                                   // smallest, largest subnormal
static_assert(half_to_float(0x0400) == 0x1p-14f && half_to_float(0x7BFF) == 65504.0f);  // smallest, largest normal
static_assert(half_to_float(0x7C00) == std::numeric_limits<float>::infinity());
static_assert(half_bits(0x8000) == 0x80000000u);                                      // minus zero
static_assert(half_bits(0x7E00) == 0x7FC00000u && half_bits(0xFC01) == 0xFF802000u);  // quiet, signalling NaN
static_assert(bfloat16_to_float(0x3F80) == 1.0f && bfloat16_bits(0x0001) == 0x00010000u);

namespace {

// The value of a binary format with these many bits of exponent and fraction, straight from IEEE 754's section 3.4.
double value(unsigned bits, int exponent_bits, int fraction_bits) {
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
    const int fraction = static_cast<int>(bits) & ((1 << fraction_bits) - 1);
    const double sign = bits >> (exponent_bits + fraction_bits) ? -1.0 : 1.0;
    if (exponent == (1 << exponent_bits) - 1)
        return fraction ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
    if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
    return sign * std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
}

// Equal, and of the same sign where both are zero; a NaN for a NaN.
bool same(float f, double d) {
    return std::isnan(d) ? std::isnan(f) : static_cast<double>(f) == d && std::signbit(f) == std::signbit(d);
}

}  // namespace

TEST_CASE("every half is the float of the same value") {
    int wrong = 0;
    for (unsigned i = 0; i < 65536; ++i) wrong += !same(half_to_float(static_cast<std::uint16_t>(i)), value(i, 5, 10));
    CHECK(wrong == 0);
}

TEST_CASE("every bfloat16 is the float of the same value") {
    int wrong = 0;
    for (unsigned i = 0; i < 65536; ++i)
        wrong += !same(bfloat16_to_float(static_cast<std::uint16_t>(i)), value(i, 8, 7));
    CHECK(wrong == 0);
}

TEST_CASE("a NaN keeps its sign and payload") {
    int wrong = 0;
    for (unsigned sign = 0; sign < 2; ++sign)
        for (unsigned payload = 1; payload < 1024; ++payload)
            wrong += half_bits(static_cast<std::uint16_t>(sign << 15 | 0x7C00 | payload)) !=
                     (sign << 31 | 0x7F800000u | payload << 13);
    CHECK(wrong == 0);
}

#if defined(__ARM_FP16_FORMAT_IEEE) || (defined(__FLT16_MANT_DIG__) && defined(__x86_64__))
TEST_CASE("the compiler's half precision agrees") {
#if defined(__ARM_FP16_FORMAT_IEEE)
    using Half = __fp16;  // gcc 12 has no _Float16 in C++ for ARM
#else
    using Half = _Float16;
#endif
    int wrong = 0;
    for (unsigned i = 0; i < 65536; ++i) {
        const auto bits = static_cast<std::uint16_t>(i);
        wrong += !same(half_to_float(bits), static_cast<double>(static_cast<float>(std::bit_cast<Half>(bits))));
    }
    CHECK(wrong == 0);
}
#endif
