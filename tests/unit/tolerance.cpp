// The comparison that every other test relies on, held against results that are wrong in the ways kernels go wrong.
#include "support/tolerance.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "support/naive.hpp"
#include "support/random.hpp"

namespace {

using Floats = std::vector<float>;

constexpr double tolerance = 1e-4;

support::Verdict compare(const Floats& actual, const Floats& expected) {
    return support::close<float>(actual, expected, tolerance);
}

const Floats expected = support::random_values(100, 1, "tolerance", 0, 3);

}  // namespace

TEST_CASE("close accepts what is equal or nearly so") {
    CHECK(compare(expected, expected).good);
    Floats near = expected;
    for (float& x : near) x *= 1 + 5e-5f;
    const auto verdict = compare(near, expected);
    CHECK(verdict.good);
    CHECK(verdict.why.empty());
    CHECK(verdict.largest_difference == doctest::Approx(5e-5).epsilon(0.05));
    CHECK(compare({0, 0}, {0, 0}).good);  // a map that ReLU has emptied
}

TEST_CASE("close refuses an output that was never written") {
    CHECK_FALSE(compare(Floats(expected.size(), 0.0f), expected).good);
}

TEST_CASE("close refuses what is not a number, on either side and wherever it stands") {
    for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                              -std::numeric_limits<float>::infinity()})
        for (const std::size_t at : {std::size_t(0), expected.size() / 2, expected.size() - 1}) {
            Floats spoilt = expected;
            spoilt[at] = wrong;
            CHECK_FALSE(compare(spoilt, expected).good);
            CHECK_FALSE(compare(expected, spoilt).good);
            CHECK_FALSE(compare(spoilt, spoilt).good);
        }
}

TEST_CASE("close refuses one wrong element and names it") {
    Floats wrong(expected);
    wrong[37] += 0.01f;
    const auto verdict = compare(wrong, expected);
    CHECK_FALSE(verdict.good);
    CHECK(verdict.why.starts_with("element 37 is "));
}

TEST_CASE("close refuses swapped elements") {
    Floats swapped(expected);
    std::swap(swapped[3], swapped[4]);
    CHECK_FALSE(compare(swapped, expected).good);
    CHECK_FALSE(compare(Floats(expected.rbegin(), expected.rend()), expected).good);
}

TEST_CASE("close refuses a scale that is off by twice the tolerance") {
    Floats scaled(expected);
    for (float& x : scaled) x *= 1.0002f;
    CHECK_FALSE(compare(scaled, expected).good);
}

TEST_CASE("close refuses spans that are empty or of different length") {
    const auto nothing = compare({}, {});
    CHECK_FALSE(nothing.good);
    CHECK(nothing.why == "nothing to compare");
    const auto shorter = compare(Floats(expected.begin(), expected.end() - 1), expected);
    CHECK_FALSE(shorter.good);
    CHECK(shorter.why == "found 99 values, expected 100");
}

TEST_CASE("close takes nothing but zeros where zeros are expected") { CHECK_FALSE(compare({0, 1e-30f}, {0, 0}).good); }

TEST_CASE("close refuses kernels that are nearly right") {
    const support::NaiveConv shape{
        .window = {.H = 9, .W = 8, .R = 3, .S = 3, .top = 1, .left = 1, .bottom = 1, .right = 1}, .C = 64, .K = 4};
    const Floats in = support::random_values(64 * 9 * 8, 2, "in"),
                 weights = support::random_values(4 * 64 * 9, 2, "weights");
    const Floats ones(4, 1.0f), zeros(4, 0.0f);
    const auto right = support::naive_conv(shape, in, weights, ones, zeros, {});
    const auto differs = [&](const support::NaiveConv& wrong, const Floats& w) {
        const auto y = support::naive_conv(wrong, in, w, ones, zeros, {});
        return !support::close<double>(Floats(y.begin(), y.end()), right, tolerance).good;
    };
    CHECK_FALSE(differs(shape, weights));

    support::NaiveConv shifted = shape;  // off by one column: a wrong corner
    shifted.window.left = 0, shifted.window.right = 2;
    CHECK(differs(shifted, weights));

    Floats truncated = weights;  // the last of 64 channels left out of one output channel
    for (int i = 0; i < 9; ++i) truncated[static_cast<std::size_t>(63 * 9 + i)] = 0;
    CHECK(differs(shape, truncated));

    Floats halves = weights;  // weights rounded to 11 significant bits, as half precision has
    for (float& w : halves) w = static_cast<float>(static_cast<int>(w * 2048)) / 2048;
    CHECK(differs(shape, halves));
}

TEST_CASE("same_bits tells apart what == does not") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(support::same_bits(expected, expected).good);
    CHECK(support::same_bits(Floats{nan}, Floats{nan}).good);
    CHECK_FALSE(support::same_bits(Floats{0.0f}, Floats{-0.0f}).good);
    CHECK_FALSE(support::same_bits(Floats{1, 2}, Floats{1, std::nextafter(2.0f, 3.0f)}).good);
    CHECK_FALSE(support::same_bits(Floats{1, 2}, Floats{1}).good);
    CHECK_FALSE(support::same_bits(Floats{}, Floats{}).good);
}
