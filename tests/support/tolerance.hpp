// close() and same_bits(): the only two ways in which tests compare numbers that a kernel has computed.
//
// One tolerance for a whole tensor, relative to its largest expected magnitude: sums of thousands of products lose
// digits against the largest of their terms, not each against its own result. The negative tests are in
// unit/tolerance.cpp; a comparison that cannot fail is worth less than none.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>

namespace support {

// Whether two tensors agree and, in words, where they do not: CHECK_MESSAGE(verdict.good, verdict.why).
struct Verdict {
    bool good = false;
    std::string why;
    double largest_difference = 0;  // relative to the largest expected magnitude
};

template <class... Parts>
Verdict refused(const Parts&... parts) {
    std::ostringstream why;
    why.precision(9);
    (why << ... << parts);
    return {.good = false, .why = why.str(), .largest_difference = INFINITY};
}

// Every |actual - expected| is at most `tolerance` times the largest |expected|. Refuses what proves nothing: no values
// at all, values that are no numbers on either side.
template <class Expected>
Verdict close(std::span<const float> actual, std::span<const Expected> expected, double tolerance) {
    if (actual.size() != expected.size())
        return refused("found ", actual.size(), " values, expected ", expected.size());
    if (expected.empty()) return refused("nothing to compare");
    double largest = 0, worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double a = actual[i], e = expected[i];
        if (!std::isfinite(a) || !std::isfinite(e)) return refused("element ", i, " is ", a, ", expected ", e);
        largest = std::fmax(largest, std::fabs(e));
        if (std::fabs(a - e) > worst) worst = std::fabs(a - e), at = i;
    }
    if (worst > tolerance * largest)
        return refused("element ", at, " is ", actual[at], ", expected ", expected[at], ": they differ by ",
                       worst / largest, " of the largest magnitude ", largest, ", allowed ", tolerance);
    return {.good = true, .why = {}, .largest_difference = worst > 0 ? worst / largest : 0};
}

// The same floats, bit for bit: NaNs of one pattern are equal, 0 and -0 are not.
inline Verdict same_bits(std::span<const float> actual, std::span<const float> expected) {
    if (actual.size() != expected.size())
        return refused("found ", actual.size(), " values, expected ", expected.size());
    if (expected.empty()) return refused("nothing to compare");
    for (std::size_t i = 0; i < expected.size(); ++i)
        if (std::bit_cast<std::uint32_t>(actual[i]) != std::bit_cast<std::uint32_t>(expected[i]))
            return refused("element ", i, " is ", actual[i], ", expected exactly ", expected[i]);
    return {.good = true, .why = {}};
}

}  // namespace support
