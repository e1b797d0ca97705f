// A network that does not fit together is refused with a sentence that names the layer and says why. In a program the
// sentence ends the compilation; here it is read from the builder.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "sluice/graph/graph.hpp"

using namespace sluice;
using graph::Builder;
using graph::Tensor;

namespace {

// The complaint about the network that `describe` builds, or "" if there is none.
template <class F>
std::string complaint(F describe) {
    const auto b = std::make_unique<Builder>();
    describe(*b);
    return std::string(b->error.view());
}

// A network of two blocks of which the second, built by `block`, can be skipped.
template <class F>
std::string complaint_about_block(F block) {
    return complaint([&](Builder& b) {
        const Tensor x = b.input({8, 6, 6});
        b.begin_group();
        b.begin_block(x);
        const Tensor y = b.conv("first", b.conv("a", x, {.K = 8}), {.K = 8, .shortcut = x});
        b.end_block(y);
        b.begin_block(y);
        b.end_block(block(b, y));
    });
}

struct Repeated {
    static constexpr void describe(Builder& b) {
        const Tensor x = b.input({3, 8, 8});
        b.conv("same", b.conv("same", x, {.K = 4}), {.K = 4});
    }
};

}  // namespace

TEST_CASE("a network that fits gives no complaint") {
    CHECK(complaint_about_block([](Builder& b, Tensor y) {
              return b.conv("d", b.conv("c", y, {.K = 4}), {.K = 8, .shortcut = y});
          }) == "");
}

TEST_CASE("layers that do not fit are named with the reason") {
    CHECK(complaint([](Builder& b) {
              b.conv("wide", b.input({3, 4, 4}), {.K = 8, .R = 7, .pad = 1});
          }) == "wide: a 7x7 window does not fit into 3x4x4 with padding 1");
    CHECK(complaint([](Builder& b) {
              b.conv("none", b.input({3, 4, 4}), {});
          }) == "none: K, R, stride and groups must be positive, pad not negative");
    CHECK(complaint([](Builder& b) {
              b.conv("grouped", b.input({3, 4, 4}), {.K = 8, .groups = 2});
          }) == "grouped: 2 groups do not divide 3 input and 8 output channels");
    CHECK(complaint([](Builder& b) {
              const Tensor x = b.input({3, 4, 4});
              b.conv("sum", b.conv("a", x, {.K = 8}), {.K = 8, .stride = 2, .shortcut = x});
          }) == "sum: the shortcut is 3x4x4 but the layer gives 8x2x2");
    CHECK(complaint([](Builder& b) {
              b.conv("negative", b.input({3, 4, 4}), {.K = 8, .pad = {0, 0, -1, 0}});
          }) == "negative: K, R, stride and groups must be positive, pad not negative");
    CHECK(complaint([](Builder& b) {
              b.linear("fc", b.input({3, 1, 1}), 0);
          }).starts_with("fc: needs at least one class"));
    CHECK(complaint([](Builder& b) {
              b.max_pool("pool", b.input({3, 4, 4}), {.R = 2, .stride = 2, .pad = 2});
          }) == "pool: R and stride must be positive, and pad at most R / 2");
    CHECK(complaint([](Builder& b) {
              b.subsample("option_a", b.input({3, 4, 4}), 8, 2);
          }) == "option_a: cannot pad 3 channels evenly to 8");
    CHECK(complaint([](Builder& b) {
              b.conv("lost", Tensor{}, {.K = 8});
          }).starts_with("lost: reads a tensor that no layer of this network gives"));
    CHECK(complaint([](Builder& b) { b.input({3, 0, 4}); }) == "input: gives 3x0x4, which is empty or too large");
    CHECK(complaint([](Builder& b) {
              b.input({3, 1 << 16, 1 << 16});
          }) == "input: gives 3x65536x65536, which is empty or too large");
}

TEST_CASE("parts of a concatenation that do not fit are named with the reason") {
    const auto after = [](auto f) {
        return complaint([f](Builder& b) {
            const Tensor x = b.input({3, 4, 4});
            f(b, b.conv("left", x, {.K = 8}), b.conv("right", x, {.K = 8}));
        });
    };
    CHECK(after([](Builder& b, Tensor x, Tensor y) { b.concat("both", {x, y}); }) == "");
    CHECK(after([](Builder& b, Tensor, Tensor) { b.concat("both", {}); }) == "both: concatenates nothing");
    CHECK(after([](Builder& b, Tensor x, Tensor) {
              b.concat("both", {x, Tensor{}});
          }).starts_with("both: reads a tensor that no layer of this network gives"));
    CHECK(after([](Builder& b, Tensor x, Tensor y) {
              b.concat("both", {x, b.max_pool("small", y, {})});
          }) == "both: small gives 8x2x2, expected 4x4 pixels");
    CHECK(after([](Builder& b, Tensor x, Tensor) {
              b.concat("both", {x, x});
          }) == "both: left is part of a concatenation already");
    CHECK(after([](Builder& b, Tensor x, Tensor y) {
              b.concat("outer", {b.concat("inner", {x, y})});
          }) == "outer: inner is part of a concatenation already");
    CHECK(after([](Builder& b, Tensor x, Tensor y) {
              b.concat("both", {y, b.conv("sum", x, {.K = 8, .shortcut = y})});
          }).starts_with("both: sum has a shortcut"));
    CHECK(after([](Builder& b, Tensor x, Tensor y) {
              b.concat("both", {x, y});
              b.begin_group();
              b.begin_block(x);
              b.end_block(x);
              b.begin_block(x);
              b.end_block(b.conv("up", b.conv("down", x, {.K = 4}), {.K = 8, .shortcut = x}));
          }) == "up: a block that can be skipped would overwrite a slice of both");
}

TEST_CASE("padding that is the same as TensorFlow's") {
    const auto same = [](int H, int R, int stride) {
        const graph::Pad p = graph::Pad::same({1, H, 7}, R, stride);
        return std::pair(p.top, p.bottom);
    };
    CHECK(same(224, 3, 2) == std::pair(0, 1));
    CHECK(same(97, 3, 2) == std::pair(1, 1));
    CHECK(same(5, 3, 1) == std::pair(1, 1));
    CHECK(same(5, 2, 1) == std::pair(0, 1));
    CHECK(same(8, 1, 2) == std::pair(0, 0));  // never negative
    CHECK(same(5, 5, 3) == std::pair(1, 2));
}

TEST_CASE("pools in ceil mode have as many windows as PyTorch's") {
    // Every window that begins inside the map or the padding before it, and is needed to reach the last pixel.
    for (int R : {1, 2, 3, 4, 5})
        for (int stride : {1, 2, 3})
            for (int pad = 0; 2 * pad <= R; ++pad)
                for (int H = R; H < 24; ++H) {
                    Builder b;
                    const int P =
                        b.max_pool("pool", b.input({1, H, H}), {.R = R, .stride = stride, .pad = pad, .ceil = true})
                            .shape.H;
                    int expected = (H + 2 * pad - R + stride - 1) / stride + 1;
                    if ((expected - 1) * stride >= H + pad) --expected;
                    CHECK(b.error.empty());
                    CHECK(P == expected);
                }
}

TEST_CASE("the first complaint is the one that is kept") {
    CHECK(complaint([](Builder& b) {
              const Tensor x = b.conv("one", b.input({3, 4, 4}), {.K = 8, .R = 9});
              b.conv("two", x, {.K = 0});
          }) == "one: a 9x9 window does not fit into 3x4x4 with padding 0");
}

TEST_CASE("blocks that can be skipped must be able to leave their input as their output") {
    CHECK(complaint_about_block([](Builder& b, Tensor y) { return b.conv("wider", y, {.K = 16}); }) ==
          "wider: block 1 of its group turns 8x6x6 into 16x6x6; only the first block of a group may change the shape");
    CHECK(complaint_about_block([](Builder& b, Tensor y) { return b.conv("plain", y, {.K = 8}); }) ==
          "plain: a block that can be skipped must end by adding its own input");
    CHECK(complaint([](Builder& b) { b.begin_block(b.input({3, 4, 4})); }) == "residual block before begin_group()");
    CHECK(complaint([](Builder& b) { b.end_block(b.input({3, 4, 4})); }) == "end_block() without begin_block()");
}

TEST_CASE("a block of one convolution cannot be skipped: it would overwrite the input that it still reads") {
    CHECK(complaint_about_block([](Builder& b, Tensor y) {
              return b.conv("alone", y, {.K = 8, .R = 3, .pad = 1, .shortcut = y});
          }).starts_with("alone: "));
}

TEST_CASE("the input of a block that can be skipped has no reader after the block: by then it may be overwritten") {
    const auto later = complaint([](Builder& b) {
        const Tensor x = b.input({8, 6, 6});
        b.begin_group();
        b.begin_block(x);
        const Tensor y = b.conv("first", b.conv("a", x, {.K = 8}), {.K = 8, .shortcut = x});
        b.end_block(y);
        b.begin_block(y);
        const Tensor z = b.conv("d", b.conv("c", y, {.K = 8}), {.K = 8, .shortcut = y});
        b.end_block(z);
        b.conv("late", z, {.K = 8, .shortcut = y});
    });
    CHECK(later.starts_with("late: "));
}

TEST_CASE("a layer inside a block that can be skipped has no reader outside: the block may not run") {
    const auto inside = [](bool concat) {
        return complaint([concat](Builder& b) {
            const Tensor x = b.input({8, 6, 6});
            b.begin_group();
            b.begin_block(x);
            const Tensor y = b.conv("first", b.conv("a", x, {.K = 8}), {.K = 8, .shortcut = x});
            b.end_block(y);
            b.begin_block(y);
            const Tensor hidden = b.conv("hidden", y, {.K = 8});
            const Tensor z = b.conv("last", hidden, {.K = 8, .shortcut = y});
            b.end_block(z);
            if (concat) b.concat("outside", {b.conv("own", z, {.K = 8}), hidden});
            else b.conv("outside", hidden, {.K = 8});
        });
    };
    CHECK(inside(false) == "outside: reads hidden, a layer inside a block that can be skipped");
    CHECK(inside(true) == "outside: reads hidden, a layer inside a block that can be skipped");
}

TEST_CASE("names are unique, for weights are found by them") {
    CHECK(graph::composition_error<Repeated>.view() == "same: two layers have this name");
}
