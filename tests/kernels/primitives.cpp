// Every primitive of the list, for this instruction set, over shapes that reach the fringes: maps and channels that no
// tile or vector divides, windows that hang over the border on any side, all kinds of layout, any number of parts.
//
// The full cross product would take days. Each test case crosses the dimensions that meet in one piece of code and lets
// the others rotate, so that each value of each dimension is met many times.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "support/conv_check.hpp"

using namespace sluice;
using support::Add;
using support::ConvLayout;
using support::NaiveConv;
using support::NaiveWindow;

namespace {

// Layouts that take turns. Lines: plain; in strips; as engines have it, in place; another map to add; all at odds with each other.
constexpr std::array<ConvLayout, 7> layouts{{
    {},
    {.strips = true},
    {.add = Add::in_place, .in_halo = 1, .out_halo = 1},
    {.add = Add::elsewhere, .out_gap = 16, .add_gap = 3, .add_halo = 2},
    {.in_gap = 16, .out_halo = 2, .in_shift = 1, .out_shift = 1, .vector_shift = 1},
    {.add = Add::in_place, .in_gap = 5, .out_gap = 1, .in_halo = 2, .in_shift = 3, .out_shift = 5},
    {.add = Add::elsewhere,
     .in_gap = 1,
     .out_gap = 7,
     .add_gap = 2,
     .in_halo = 1,
     .out_halo = 3,
     .add_halo = 1,
     .in_shift = 2,
     .out_shift = 7,
     .add_shift = 1,
     .vector_shift = 3},
}};
constexpr std::array<int, 4> part_counts{2, 3, 5, 7};

// Checks a shape with the next layout and the next number of parts. Counts how often primitives have run.
class Rotation {
  public:
    void check(NaiveConv shape) {
        if (turn_ / 2 % 3 > 0) shape.floor = 0;
        if (turn_ / 2 % 3 > 1 && shape.C < 300) shape.ceiling = 6;  // far below larger sums, by which errors are measured
        const ConvLayout& layout = layouts[turn_ % layouts.size()];
        runs += support::check_conv(shape, layout, {part_counts[turn_ / layouts.size() % part_counts.size()]});
        ++turn_;
    }
    int runs = 0;

  private:
    std::size_t turn_ = 0;
};

constexpr int all_K[] = {1, 2, 3, 7, 8, 15, 16, 17, 24, 28, 31, 33, 56, 64, 100};

// All variants that a primitive's inner kernel has on this instruction set.
template <class P>
std::uint64_t every_variant() {
    std::uint64_t bits = 0;
    if constexpr (requires { P::possible; })
        if (!P::possible) return 0;
    if constexpr (requires { typename P::Blocks; })
        for (int NR = 1; NR <= P::Blocks::max_NR; ++NR)
            for (int MR = 1; MR <= P::Blocks::most_pixels(NR); ++MR) bits |= P::Blocks::bit(MR, NR);
    return bits;
}

// R x R, odd, and as many outputs as pixels.
NaiveWindow square(int H, int W, int R) {
    const int pad = R / 2;
    return {.H = H, .W = W, .R = R, .S = R, .top = pad, .left = pad, .bottom = pad, .right = pad};
}

template <class F, class... P>
void for_each_primitive(F f, kernels::PrimitiveList<P...>) {
    (f(std::type_identity<P>{}), ...);
}

}  // namespace

TEST_CASE("convolution: every register tile, flat maps and maps of several lines") {
    // Rows of 1 to 40 pixels, by rows with a halo between them and as one line: every remainder of every tile.
    struct Shape {
        NaiveConv conv;
        ConvLayout layout;
    };
    std::vector<Shape> shapes;
    for (int K : all_K)
        for (int Q = 1; Q <= 40; ++Q) {
            shapes.push_back({{.window = {.H = 1, .W = Q}, .C = 4, .K = K}, {}});
            shapes.push_back({{.window = {.H = 2, .W = Q}, .C = 5, .K = K, .floor = 0},
                              {.add = Add::in_place, .in_halo = 1, .out_halo = 1}});
        }
    // Square windows whose tiles are lines of 1 to 40: of 2 x 2 and 4 x 4 outputs (of 6 x 6 to 27, longer than any
    // register tile), and of 2 x 2 where windows are 5 x 5.
    for (int K : all_K)
        for (int Q = 2; Q <= 160; Q += Q < 80 ? 2 : 4) {
            shapes.push_back({{.window = square(1, Q, 3), .C = 2, .K = K}, {}});
            if (Q <= 80) shapes.push_back({{.window = square(1, Q, 5), .C = 2, .K = K}, {}});
        }
    // Rows of 1 to 16 under a 3 x 3 window, odd lengths among them.
    for (int K : all_K)
        for (int Q = 1; Q <= 16; ++Q) shapes.push_back({{.window = square(2, Q, 3), .C = 3, .K = K}, {.in_halo = 1}});
    for (const Shape& s : shapes) support::check_conv(s.conv, s.layout, {2});

    for_each_primitive(
        [&]<class P>(std::type_identity<P>) {
            std::uint64_t reached = 0;
            for (const Shape& s : shapes)
                if (const auto conv = support::ConvCheck(s.conv, s.layout, {}).conv(); P::supports(conv))
                    reached |= P::variants(conv);
            CAPTURE(P::name);
            // A primitive with variants that every_variant() cannot list fails here as well: teach it.
            CHECK(reached == every_variant<P>());
        },
        kernels::primitives<isa::native>{});
}

TEST_CASE("convolution: windows, strides and padding, asymmetric too") {
    Rotation rotation;
    for (int R : {1, 3, 5, 7})
        for (int S : {1, 3, 5, 7})
            for (int stride : {1, 2, 3})
                for (int padding = 0; padding < 4; ++padding)
                    for (int C : {1, 2, 3, 5, 17}) {
                        NaiveWindow w{.H = 8, .W = 9, .R = R, .S = S, .stride = stride};
                        if (padding == 1) w.top = w.bottom = R / 2, w.left = w.right = S / 2;
                        if (padding == 2) w.top = R / 2, w.right = S / 2;
                        if (padding == 3) w.bottom = R - 1, w.left = S - 1;
                        rotation.check({.window = w, .C = C, .K = C == 17 ? 20 : 17});
                    }
    CHECK(rotation.runs >= 4 * 4 * 3 * 4 * 5);
}

TEST_CASE("convolution: maps of 2 x 2 and 4 x 4, whose tiles turn from row to row wherever these lie") {
    using Blocks = kernels::Blocking<isa::native>;
    for (int size : {2, 4}) {
        int turning = 0;
        for (const ConvLayout& layout : layouts)
            for (int R : {1, 3, 5})
                for (int stride : {1, 2})
                    for (int C : {3, 70, 300})
                        for (int K : {1, 17, 64, 100}) {
                            NaiveWindow w = square(size * stride, size * stride, R);
                            w.stride = stride;
                            const NaiveConv shape{.window = w, .C = C, .K = K};
                            support::check_conv(shape, layout, {2, 3});
                            turning += Blocks::is_turning(support::ConvCheck(shape, layout, {}).conv());
                        }
        CHECK((turning > 0) == (Blocks::most_pixels(size / 2) >= 2 * size));
    }
}

TEST_CASE("convolution: input and output channels, several passes over them included") {
    Rotation rotation;
    for (int C : {1, 2, 3, 5, 16, 17, 64, 100, 300})
        for (int K : all_K) {
            rotation.check({.window = {.H = 3, .W = 5}, .C = C, .K = K});
            rotation.check({.window = {.H = 3, .W = 4, .R = 3, .S = 3, .top = 1, .left = 1, .bottom = 1, .right = 1},
                            .C = C,
                            .K = K});
        }
    // Many columns of weights, which parts then share instead of pixels.
    for (int K : {260, 300})
        for (const ConvLayout& layout : layouts)
            rotation.runs += support::check_conv({.window = {.H = 3, .W = 5}, .C = 20, .K = K}, layout, {2, 3, 5, 7});
    CHECK(rotation.runs >= 9 * 15 * 2 + 2 * 6);
}

TEST_CASE("convolution: maps of one pixel, and maps so large that pixels go by in blocks") {
    Rotation rotation;
    for (int C : {1, 64, 300})
        for (int K : all_K) {
            rotation.check({.window = {}, .C = C, .K = K});
            rotation.check({.window = {.R = 3, .S = 3, .stride = 2, .top = 1, .left = 1, .bottom = 1, .right = 1},
                            .C = C,
                            .K = K});
        }
    for (const ConvLayout& layout : layouts) {
        const NaiveConv flat{.window = {.H = 20, .W = 40}, .C = 300, .K = 17};
        const NaiveConv strided{
            .window = {.H = 29, .W = 33, .R = 3, .S = 3, .stride = 2, .top = 1, .left = 1}, .C = 70, .K = 24};
        for (const NaiveConv& shape : {flat, strided})
            rotation.runs += support::check_conv(shape, layout, {2, 3, 5, 7});
    }
    CHECK(rotation.runs >= 3 * 15 * 2 + 12);
}

TEST_CASE("convolution: maps that no cache holds, whose outputs are fetched before they are written") {
    constexpr int K = 33, row = 150, l2 = isa::native::l2;
    const int rows = 8 * l2 / (4 * K * row) + 2;
    const NaiveConv shape{.window = {.H = rows, .W = row}, .C = 2, .K = K};
    for (const ConvLayout& layout : {layouts[0], layouts[2]}) {
        CHECK(kernels::Blocking<isa::native>::fetches_outputs(support::ConvCheck(shape, layout, {}).conv()));
        CHECK(support::check_conv(shape, layout, {2}) > 0);
    }
}

TEST_CASE("convolution: windows on maps that hang over the edge of tiles by any number of rows and columns") {
    Rotation rotation;
    for (int R : {3, 5})
        for (int H = 1; H <= 13; ++H)
            for (int W = 1; W <= 13; ++W)
                for (int C : {1, 16, 19}) {
                    NaiveWindow w = square(H, W, R);
                    if (H >= R && W >= R && C == 19) w = {.H = H, .W = W, .R = R, .S = R, .left = 1};
                    rotation.check({.window = w, .C = C, .K = (H + W) % 2 ? 4 : 33});
                }
    CHECK(rotation.runs >= 2 * 3 * 13 * 13 * 3);  // by more than direct and reference
}

TEST_CASE("convolution: windows in several blocks of tiles, shared by tiles and by output channels") {
    int runs = 0;
    for (const ConvLayout& layout : {layouts[0], layouts[1], layouts[5]})
        for (int R : {3, 5})
            for (const auto& [H, W, C, K] :
                 {std::array{41, 45, 20, 20}, {14, 15, 300, 8}, {9, 9, 40, 200}, {5, 6, 40, 260}})
                runs += support::check_conv({.window = square(H, W, R), .C = C, .K = K}, layout, {2, 3, 5, 7});
    CHECK(runs >= 3 * (5 + 3) * 4);
}

TEST_CASE("convolution: groups, where a primitive supports them") {
    Rotation rotation;
    for (int groups : {2, 3, 12})
        for (int per_group : {1, 4})
            for (int multiplier : {1, 2})
                for (int stride : {1, 2})
                    rotation.check({.window = {.H = 6,
                                               .W = 7,
                                               .R = 3,
                                               .S = 3,
                                               .stride = stride,
                                               .top = 1,
                                               .left = 1,
                                               .bottom = 1,
                                               .right = 1},
                                    .C = groups * per_group,
                                    .K = groups * per_group * multiplier,
                                    .groups = groups});
    CHECK(rotation.runs >= 3 * 2 * 2 * 2);
}

TEST_CASE("convolution: depthwise, every length of line, vectors whole and in part") {
    Rotation rotation;
    for (int C : {2, 3, 8, 15, 16, 17, 33})
        for (int W = 1; W <= 19; ++W)
            for (int stride : {1, 2})
                rotation.check(
                    {.window = {.H = 3, .W = W, .R = 3, .S = 3, .stride = stride, .left = 1, .bottom = 1, .right = 1},
                     .C = C,
                     .K = C,
                     .groups = C});
    for (int R : {1, 2, 5, 7})
        for (int S : {1, 2, 5})
            rotation.check({.window = {.H = 8, .W = 9, .R = R, .S = S, .top = R - 1, .right = S - 1},
                            .C = 20,
                            .K = 20,
                            .groups = 20});
    CHECK(rotation.runs >= 2 * (7 * 19 * 2 + 4 * 3));  // by more than the reference
}

TEST_CASE("convolution: groups of many channels, several passes over each") {
    Rotation rotation;
    for (int per_group : {4, 16, 17, 130})
        for (int outputs : {4, 16, 33})
            rotation.check({.window = {.H = 5, .W = 6, .R = 3, .S = 3, .top = 1, .left = 1, .bottom = 1, .right = 1},
                            .C = 3 * per_group,
                            .K = 3 * outputs,
                            .groups = 3});
    CHECK(rotation.runs >= 2 * 4 * 3);
}

TEST_CASE("convolution: layouts, each detail with each other") {
    int runs = 0;
    const NaiveWindow same{.H = 4, .W = 7, .R = 3, .S = 3, .top = 1, .left = 1, .bottom = 1, .right = 1};
    const NaiveConv shapes[] = {{.window = {.H = 4, .W = 7}, .C = 5, .K = 19},
                                {.window = same, .C = 3, .K = 19},
                                {.window = same, .C = 130, .K = 35}};  // three passes
    for (NaiveConv shape : shapes)
        for (Add add : {Add::none, Add::in_place, Add::elsewhere})
            for (int bits = 0; bits < 128; ++bits) {
                const auto bit = [&](int i) { return bits >> i & 1; };
                if (bit(0) == 1) shape.floor = 0;
                const ConvLayout layout{.add = add,
                                        .in_gap = 3 * bit(1),
                                        .out_gap = 5 * bit(2),
                                        .add_gap = 2 * bit(3),
                                        .in_halo = bit(4),
                                        .out_halo = bit(5),
                                        .add_halo = bit(6),
                                        .in_shift = bit(3),
                                        .out_shift = bit(4),
                                        .add_shift = bit(5),
                                        .vector_shift = bit(6)};
                if (bits % 16 == 0)
                    runs += support::check_conv(shape, layout, {1, 2, 3, 5, 7});
                else
                    runs += support::check_conv(shape, layout, {part_counts[static_cast<std::size_t>(bits % 4)]});
            }
    CHECK(runs >= 3 * 3 * 128);
}
