// What the kernels take for granted about a vector of this instruction set.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/isa/lanes.hpp"
#include "support/guarded.hpp"
#include "support/random.hpp"
#include "support/tolerance.hpp"

using namespace sluice;

namespace {

using V = isa::native::Vector;
constexpr int width = V::width;
static_assert(width == 1 || width == 4 || width == 8 || width == 16);

using Lanes = std::vector<float>;

Lanes lanes(V v) {
    Lanes y(width);
    v.store(y.data());
    return y;
}

Lanes some(const char* name, float mid = 0, float half = 4) {
    return support::random_values(width, 1, name, mid, half);
}

// f(a[i], b[i], c[i]) for every lane.
template <class F>
Lanes each(const Lanes& a, const Lanes& b, const Lanes& c, F f) {
    Lanes y(width);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = f(a[i], b[i], c[i]);
    return y;
}

void check_same(const Lanes& actual, const Lanes& expected) {
    const auto same = support::same_bits(actual, expected);
    CHECK_MESSAGE(same.good, same.why);
}

}  // namespace

TEST_CASE("vector: load and store keep every bit and touch their own lanes, wherever they lie") {
    for (std::size_t shift = 0; shift < 17; ++shift) {
        const Lanes from = support::random_values(64, shift, "load");
        Lanes to(64, support::canary);
        V::load(from.data() + shift).store(to.data() + shift);
        Lanes expected(64, support::canary);
        std::copy_n(from.data() + shift, width, expected.data() + shift);
        check_same(to, expected);
    }
}

TEST_CASE("vector: broadcast and zero") {
    check_same(lanes(V::broadcast(-1.25f)), Lanes(width, -1.25f));
    check_same(lanes(V::zero()), Lanes(width, 0.0f));
}

template <class Isa>
void check_pairs() {
    if constexpr (Isa::pairs) {
        using W = typename Isa::Vector;
        const Lanes a = some("a"), b = some("b");
        for (std::size_t i = 0; i + 1 < a.size(); ++i) {  // wherever they lie
            Lanes expected(width);
            for (std::size_t l = 0; l < expected.size(); ++l) expected[l] = a[i + l % 2];
            check_same(lanes(W::broadcast_pair(a.data() + i)), expected);
        }
        Lanes sums;
        for (const Lanes& half : {a, b})
            for (std::size_t i = 0; i < half.size(); i += 2) sums.push_back(half[i] + half[i + 1]);
        check_same(lanes(pairs_added(W::load(a.data()), W::load(b.data()))), sums);
    }
}

TEST_CASE("vector: pairs broadcast, and neighbours added" * doctest::skip(!isa::native::pairs)) { check_pairs<isa::native>(); }

TEST_CASE("vector: sum, difference, product and maximum are lane by lane") {
    const Lanes a = some("a"), b = some("b"), none(width);
    const V va = V::load(a.data()), vb = V::load(b.data());
    check_same(lanes(va + vb), each(a, b, none, [](float x, float y, float) { return x + y; }));
    check_same(lanes(va - vb), each(a, b, none, [](float x, float y, float) { return x - y; }));
    check_same(lanes(va * vb), each(a, b, none, [](float x, float y, float) { return x * y; }));
    check_same(lanes(max(va, vb)), each(a, b, none, [](float x, float y, float) { return std::max(x, y); }));
    check_same(lanes(max(va, V::zero())), each(a, b, none, [](float x, float, float) { return x > 0 ? x : 0; }));
    check_same(lanes(max(V::broadcast(INFINITY), va)), Lanes(width, INFINITY));
}

TEST_CASE("vector: fma adds a product to its third operand") {
    // Small whole numbers: exact, rounded once or twice.
    Lanes a(width), b(width), c(width);
    for (std::size_t i = 0; i < a.size(); ++i) {
        const int n = static_cast<int>(i);
        a[i] = static_cast<float>(n + 2), b[i] = static_cast<float>(7 - 3 * n), c[i] = static_cast<float>(100 * n - 50);
    }
    const Lanes y = lanes(fma(V::load(a.data()), V::load(b.data()), V::load(c.data())));
    check_same(y, each(a, b, c, [](float p, float q, float r) { return p * q + r; }));
}

TEST_CASE("vector: fma rounds once where the sheet says that it is one instruction") {
    // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24. Rounded to a float the last term is gone, so subtracting the rest leaves 0.
    const V x = V::broadcast(1 + 0x1p-12f), minus = V::broadcast(-(1 + 0x1p-11f));
    const Lanes y = lanes(fma(x, x, minus));
    if (isa::native::fused)
        check_same(y, Lanes(width, 0x1p-24f));
    else
        CHECK((y == Lanes(width, 0.0f) || y == Lanes(width, 0x1p-24f)));  // a compiler may fuse all the same

    const Lanes a = some("a"), b = some("b"), c = some("c");
    const Lanes z = lanes(fma(V::load(a.data()), V::load(b.data()), V::load(c.data())));
    if (isa::native::fused) check_same(z, each(a, b, c, [](float p, float q, float r) { return std::fma(p, q, r); }));
}

TEST_CASE("vector: part of a vector touches no lane beyond it") {
    for (int n = 1; n <= width; ++n) {
        CAPTURE(n);
        // Exactly n floats on the heap: an address sanitizer sees the first one read or written too many.
        const Lanes source = support::random_values(static_cast<std::size_t>(n), 3, "lanes");
        const V v = kernels::load_lanes<V>(source.data(), n);
        Lanes expected(width, 0.0f);
        std::copy(source.begin(), source.end(), expected.begin());
        check_same(lanes(v), expected);  // the other lanes are zero

        Lanes exact(static_cast<std::size_t>(n));
        kernels::store_lanes<V>(v, exact.data(), n);
        check_same(exact, source);
        Lanes to(2 * width + 1, support::canary);
        kernels::store_lanes<V>(v, to.data() + 1, n);
        Lanes wanted(to.size(), support::canary);
        std::copy(source.begin(), source.end(), wanted.begin() + 1);
        check_same(to, wanted);
    }
}

TEST_CASE("for_lanes meets every channel once, whole vectors first") {
    for (int channels = 0; channels <= 3 * width + 1; ++channels) {
        CAPTURE(channels);
        Lanes counted(static_cast<std::size_t>(channels), 0.0f);
        kernels::for_lanes<V>(channels, [&](int c, auto part) {
            part.store(part.load(counted.data() + c) + V::broadcast(1), counted.data() + c);
        });
        CHECK(counted == Lanes(static_cast<std::size_t>(channels), 1.0f));
    }
}

TEST_CASE("the sheet is sensible") {
    CHECK(isa::native::registers >= 8);
    CHECK(isa::native::l1 >= 4096);
    CHECK(isa::native::l2 > isa::native::l1);
}
