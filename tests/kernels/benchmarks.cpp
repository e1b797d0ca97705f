// What bench/layers adds to the primitives: Eigen's GEMM is right, and a primitive that is wrong anywhere is refused.
#include <doctest/doctest.h>

#include "layers/eigen_gemm.hpp"
#include "layers/subject.hpp"
#include "support/conv_check.hpp"

using namespace sluice;
using support::Add;
using support::ConvLayout;
using support::NaiveConv;

namespace {

// The reference but for one output, the last, which is off by a thousandth of the largest.
struct Wrong : kernels::Reference {
    template <std::uint64_t variants>
    static void run(const kernels::Conv& c, const kernels::ConvArgs& a) {
        kernels::Reference::run<variants>(c, a);
        float largest = 0;
        const auto at = [&](int p, int q) { return a.out + p * c.out_row + q * c.out_pixel; };
        for (int p = 0; p < c.P; ++p)
            for (int q = 0; q < c.Q; ++q)
                for (int k = 0; k < c.K; ++k) largest = std::max(largest, std::fabs(at(p, q)[k]));
        at(c.P - 1, c.Q - 1)[c.K - 1] += 1e-3f * largest;
    }
};

// Writes nothing, where a right result may still lie.
struct Idle : kernels::Reference {
    template <std::uint64_t>
    static void run(const kernels::Conv&, const kernels::ConvArgs&) {}
};

// 5 x 6 x 7 to 19 x 6 x 7 by 3 x 3 windows, as a network's layer: a halo around the input, perhaps the output added
// onto.
bench::Layer layer(bool add = true) {
    kernels::Conv c{.C = 5, .H = 6, .W = 7, .K = 19, .P = 6, .Q = 7, .R = 3, .S = 3, .top = 1, .left = 1, .add = add};
    c.in_pixel = 5, c.in_row = 9 * 5, c.out_pixel = c.add_pixel = 19, c.out_row = c.add_row = 7 * 19;
    return {.name = "conv", .shape = {}, .conv = c, .in = 9 * 5 + 5, .out = 8 * 9 * 5, .add = 8 * 9 * 5};
}
constexpr std::int64_t arena = 8 * 9 * 5 + 6 * 7 * 19;

}  // namespace

TEST_CASE("Eigen's GEMM, the yardstick of benchmarks: windows, strides, groups, layouts, several blocks of pixels") {
    const NaiveConv shapes[] = {
        {.window = {.H = 40, .W = 60}, .C = 33, .K = 17},
        {.window = {.H = 33, .W = 35, .R = 3, .S = 3, .top = 1, .left = 1, .bottom = 1, .right = 1},
         .C = 5,
         .K = 19,
         .floor = 0},
        {.window = {.H = 9, .W = 11, .R = 7, .S = 5, .stride = 2, .top = 3, .left = 2},
         .C = 3,
         .K = 8,
         .floor = 0,
         .ceiling = 6},
        {.window = {.H = 9, .W = 8, .R = 3, .S = 3, .top = 1, .left = 1}, .C = 12, .K = 24, .groups = 3},
        {.window = {.H = 5, .W = 8, .R = 3, .S = 3, .bottom = 1, .right = 1}, .C = 16, .K = 16, .groups = 16},
    };
    const ConvLayout layouts[] = {{},
                                  {.add = Add::in_place, .in_gap = 5, .out_gap = 1, .in_halo = 2, .in_shift = 3},
                                  {.add = Add::elsewhere, .out_gap = 16, .add_gap = 3, .out_halo = 1, .add_halo = 2}};
    for (const NaiveConv& shape : shapes)
        for (const ConvLayout& l : layouts) CHECK(support::ConvCheck(shape, l, {2, 3, 5}).run<bench::EigenGemm>());
}

TEST_CASE("a benchmark takes a right result and refuses a wrong one") {
    bench::Subject subject(layer(), arena);
    const auto verdict = [&]<class P>(std::type_identity<P>) { return bench::Run<P>(subject, {}, 1).verdict(1e-5); };
    CHECK(verdict(std::type_identity<kernels::Direct<isa::native>>{}).good);
    CHECK(verdict(std::type_identity<bench::EigenGemm>{}).good);
    const support::Verdict wrong = verdict(std::type_identity<Wrong>{});
    CHECK_FALSE(wrong.good);
    CHECK(wrong.why.starts_with("element 797 "));

    bench::Subject plain(layer(false), arena);
    (void)plain.expected();  // lies in the output now
    CHECK_FALSE(bench::Run<Idle>(plain, {}, 1).verdict(1e-5).good);
}

TEST_CASE("the expected result of a benchmark is that of the naive loop") {
    const bench::Subject subject(layer(), arena);
    const kernels::Conv& c = subject.conv;
    // The same numbers as dense [C][H][W].
    const auto dense = [](const kernels::Map& m) {
        std::vector<float> values;
        for (int ch = 0; ch < m.C; ++ch)
            for (int h = 0; h < m.H; ++h)
                for (int w = 0; w < m.W; ++w) values.push_back(m.at(h, w)[ch]);
        return values;
    };
    subject.reset();
    const NaiveConv naive{.window = {.H = c.H, .W = c.W, .R = 3, .S = 3, .top = 1, .left = 1, .bottom = 1, .right = 1},
                          .C = c.C,
                          .K = c.K};
    const auto expected =
        support::naive_conv(naive, dense(subject.in), subject.weights, subject.scale, subject.bias, dense(subject.add));
    bench::Subject again(layer(), arena);
    (void)again.expected();
    const auto close = support::close<double>(dense(again.out), expected, support::tolerance_of<kernels::Reference>());
    CHECK_MESSAGE(close.good, close.why);
}
