// The textbook's primitives, each against the naive convolution: all layouts, borders, strides, any number of parts,
// odd numbers of channels; and turning maps round.
#include "sluice_kernels/textbook/textbook.hpp"

#include <doctest/doctest.h>

#include "sluice_kernels/isa/isa.hpp"
#include "support/guarded.hpp"
#include "support/naive.hpp"
#include "support/random.hpp"
#include "support/tolerance.hpp"

using namespace sluice;
using namespace sluice::kernels;
using support::GuardedFloats;
using support::NaiveConv;
using support::NaiveWindow;
using textbook::Layout;

namespace {

Conv conv_of(const NaiveConv& n, bool add) {
    const NaiveWindow& w = n.window;
    Conv c;
    c.C = n.C, c.H = w.H, c.W = w.W, c.K = n.K, c.P = w.P(), c.Q = w.Q();
    c.R = w.R, c.S = w.S, c.stride = w.stride, c.top = w.top, c.left = w.left, c.groups = n.groups, c.add = add;
    c.act = n.floor < 0 ? graph::Activation::none : n.ceiling > 6 ? graph::Activation::relu : graph::Activation::relu6;
    return c;
}

std::size_t floats(const Shape& s) { return static_cast<std::size_t>(s.size()); }

// From [C][H][W] to the layout, or back.
GuardedFloats turned(const float* map, Layout from, Layout to, const Shape& s) {
    GuardedFloats out(floats(s));
    for (int part = 0; part < 3; ++part) textbook::turn(map, from, out.data(), to, s.C, s.H, s.W, part, 3);
    CHECK(out.intact());
    return out;
}

// Of sums as they stand; what minimal filtering adds to that it declares.
template <class P>
constexpr double tolerance = 5e-6;
template <class P>
    requires requires { P::error_growth; }
constexpr double tolerance<P> = 5e-6 * P::error_growth;

class TextbookCheck {
  public:
    TextbookCheck(const NaiveConv& shape, bool add)
        : conv_(conv_of(shape, add)),
          in_shape_{conv_.C, conv_.H, conv_.W},
          out_shape_{conv_.K, conv_.P, conv_.Q},
          in_(support::random_values(floats(in_shape_), 1, "in")),
          add_(support::random_values(add ? floats(out_shape_) : 0, 1, "add")),
          weights_(support::random_values(static_cast<std::size_t>(conv_.weights()), 1, "weights")),
          scale_(support::random_values(static_cast<std::size_t>(conv_.K), 1, "scale", 1, 0.5f)),
          bias_(support::random_values(static_cast<std::size_t>(conv_.K), 1, "bias", 0.5f, 1)),
          expected_(support::naive_conv(shape, in_, weights_, scale_, bias_, add_)) {}

    template <class P>
    int run() const {
        if (!P::supports(conv_)) return 0;
        INFO(P::name, " ", textbook::name_of(P::read), " to ", textbook::name_of(P::written), ": ", conv_.C, "x",
             conv_.H, "x", conv_.W, " -> ", conv_.K, "x", conv_.P, "x", conv_.Q, ", ", conv_.R, "x", conv_.S, "/",
             conv_.stride);
        GuardedFloats packed(static_cast<std::size_t>(P::packed_floats(conv_)));
        P::pack(conv_, weights_.data(), packed.data());
        CHECK(packed.intact());
        CHECK(packed.filled());
        GuardedFloats in = turned(in_.data(), Layout::CHW, P::read, in_shape_);
        GuardedFloats add = conv_.add ? turned(add_.data(), Layout::CHW, P::written, out_shape_) : GuardedFloats(0);
        for (int parts : {1, 2, 5}) {
            INFO("in ", parts, " parts");
            GuardedFloats out(floats(out_shape_)), workspace(static_cast<std::size_t>(P::workspace_bytes(conv_)) / 4);
            for (int part = parts - 1; part >= 0; --part)
                P::run(conv_, {.in = in.data(),
                               .out = out.data(),
                               .add = conv_.add ? add.data() : nullptr,
                               .weights = packed.data(),
                               .scale = scale_.data(),
                               .bias = bias_.data(),
                               .workspace = reinterpret_cast<std::byte*>(workspace.data()),
                               .part = part,
                               .parts = parts});
            CHECK(out.intact());
            CHECK(workspace.intact());
            CHECK(workspace.filled());  // no more is asked for than is used
            GuardedFloats found = turned(out.data(), P::written, Layout::CHW, out_shape_);
            const auto verdict = support::close<double>({found.data(), floats(out_shape_)}, expected_, tolerance<P>);
            CHECK_MESSAGE(verdict.good, verdict.why);
        }
        return 1;
    }

  private:
    Conv conv_;
    Shape in_shape_, out_shape_;
    std::vector<float> in_, add_, weights_, scale_, bias_;
    std::vector<double> expected_;
};

template <class... P>
int check_each(const NaiveConv& shape, bool add, textbook::List<P...>) {
    const TextbookCheck check(shape, add);
    return (0 + ... + check.run<P>());
}
int check_each(const NaiveConv& shape, bool add = false) {
    return check_each(shape, add, textbook::primitives<isa::native>{});
}

}  // namespace

TEST_CASE("textbook: windows and strides") {
    int runs = 0;
    for (int R : {1, 3, 5})
        for (int S : {1, 3})
            for (int stride : {1, 2, 3})
                for (int pad : {0, 1, 2}) {
                    NaiveConv shape{.window = {.H = 7,
                                               .W = 9,
                                               .R = R,
                                               .S = S,
                                               .stride = stride,
                                               .top = pad,
                                               .left = pad,
                                               .bottom = pad,
                                               .right = pad},
                                    .C = 5,
                                    .K = 19};
                    if (pad == 1) shape.floor = 0;
                    if (pad == 2) shape.floor = 0, shape.ceiling = 6;
                    runs += check_each(shape, stride == 2);
                }
    CHECK(runs == 54 * 9 + 18 * 2 + 9 * 2 + 3);
}

TEST_CASE("textbook: channels and pixels that no tile divides") {
    for (int C : {1, 3, 300})  // more than one block of the sum
        for (int K : {1, 4, 16, 33})
            for (int W : {1, 2, 13, 40}) {
                const NaiveConv flat{.window = {.H = 3, .W = W}, .C = C, .K = K};
                CHECK(check_each(flat) == 14);
                const NaiveConv same{
                    .window = {.H = 3, .W = W, .R = 3, .S = 3, .top = 1, .left = 1, .bottom = 1, .right = 1},
                    .C = C,
                    .K = K};
                CHECK(check_each(same, true) == 13);
            }
}

TEST_CASE("textbook: windows wider than the map, borders of unequal width") {
    for (int W : {1, 2, 3})
        for (int stride : {1, 2})
            CHECK(check_each({.window = {.H = 2,
                                         .W = W,
                                         .R = 5,
                                         .S = 7,
                                         .stride = stride,
                                         .top = 2,
                                         .left = 3,
                                         .bottom = 4,
                                         .right = 5},
                              .C = 3,
                              .K = 5}) == (stride == 1 ? 11 : 9));
    CHECK(check_each({.window = {.H = 9, .W = 6, .R = 2, .S = 3, .left = 2}, .C = 4, .K = 6}) == 13);
}

TEST_CASE("textbook: groups are left to others") {
    CHECK(check_each({.window = {.H = 4, .W = 4}, .C = 4, .K = 4, .groups = 2}) == 0);
}
