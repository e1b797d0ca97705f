// The kernels beside convolution: pooling, option A's shortcut, the image's way into HWC, the zero halo. Odd sizes,
// channels that no vector divides, gaps between pixels, any number of parts.
#include <doctest/doctest.h>

#include <vector>

#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/layout/layout.hpp"
#include "sluice_kernels/pool/pool.hpp"
#include "support/guarded.hpp"
#include "support/naive.hpp"
#include "support/random.hpp"
#include "support/tolerance.hpp"

using namespace sluice;
using support::GuardedMap;
using support::MapLayout;

namespace {

using V = isa::native::Vector;

struct Size {
    int H, W;
};

constexpr int channel_counts[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100};

kernels::Map view(GuardedMap& m) {
    const MapLayout& l = m.layout();
    return {.C = l.C, .H = l.H, .W = l.W, .pixel = l.pixel(), .row = l.row(), .data = m.data()};
}

// A map with canaries in its halo, between its pixels and around it.
GuardedMap guarded(int C, int H, int W, int variant) {
    return GuardedMap({.C = C,
                       .H = H,
                       .W = W,
                       .top = variant,
                       .left = variant % 2,
                       .bottom = 1,
                       .right = variant,
                       .gap = 3 * variant,
                       .misaligned = variant});
}

// Runs kernel(out, part, parts) whole and in parts; the output must come out the same and nothing beside it change.
template <class Kernel>
std::vector<float> output(const GuardedMap& clean, Kernel kernel) {
    const auto run = [&](int parts) {
        GuardedMap out = clean;
        const kernels::Map map = view(out);
        for (int part = parts - 1; part >= 0; --part) kernel(map, part, parts);
        CHECK(out.same_outside(clean));
        return out.get();
    };
    const std::vector<float> whole = run(1);
    for (int parts : {2, 3, 5, 7}) {
        CAPTURE(parts);
        const auto same = support::same_bits(run(parts), whole);
        CHECK_MESSAGE(same.good, same.why);
    }
    return whole;
}

void check_close(const std::vector<float>& actual, const std::vector<double>& expected, double tolerance) {
    const auto verdict = support::close<double>(actual, expected, tolerance);
    CHECK_MESSAGE(verdict.good, verdict.why);
}

}  // namespace

TEST_CASE("max-pooling takes the largest pixel of each window and never the padding") {
    struct {
        int R, stride, pad;
    } const windows[] = {{2, 2, 0}, {3, 2, 1}, {3, 1, 1}, {3, 3, 0}, {5, 2, 2}, {1, 1, 0}, {1, 2, 0}, {2, 1, 1}};
    for (int C : channel_counts)
        for (const auto& w : windows)
            for (const Size& size : {Size{7, 9}, {6, 5}, {13, 8}, {5, 5}})
                for (int variant : {0, 1, 2}) {
                    const int H = size.H, W = size.W;
                    INFO("C ", C, ", R ", w.R, ", stride ", w.stride, ", pad ", w.pad, ", H ", H, ", W ", W,
                         ", variant ", variant);
                    const support::NaiveWindow naive{.H = H,
                                                     .W = W,
                                                     .R = w.R,
                                                     .S = w.R,
                                                     .stride = w.stride,
                                                     .top = w.pad,
                                                     .left = w.pad,
                                                     .bottom = w.pad,
                                                     .right = w.pad};
                    // Negative values alone, so that a padding of zeros would win.
                    const auto values = support::random_values(static_cast<std::size_t>(C * H * W), 1, "max", -2, 1);
                    GuardedMap in = guarded(C, H, W, variant);
                    in.set(values);
                    const graph::Window window{w.R, w.R, w.stride, w.pad, w.pad, w.pad, w.pad};
                    REQUIRE(window.P(H) == naive.P());
                    REQUIRE(window.Q(W) == naive.Q());
                    const auto out = output(guarded(C, naive.P(), naive.Q(), 2 - variant),
                                            [&](const kernels::Map& map, int part, int parts) {
                                                kernels::max_pool<V>(view(in), map, window, part, parts);
                                            });
                    check_close(out, support::naive_max_pool(naive, C, values), 0);
                }
}

TEST_CASE("average pooling takes the mean of the whole map, or of parts that may overlap") {
    for (int C : channel_counts)
        for (const Size& size : {Size{1, 1}, {7, 7}, {3, 5}, {4, 1}, {13, 9}})
            for (const Size& parts_of : {Size{1, 1}, {2, 3}, {6, 6}, {7, 1}})
                for (int variant : {0, 1, 2}) {
                    const int H = size.H, W = size.W;
                    INFO("C ", C, ", H ", H, ", W ", W, ", variant ", variant);
                    const auto values = support::random_values(static_cast<std::size_t>(C * H * W), 1, "average", 1, 3);
                    GuardedMap in = guarded(C, H, W, variant);
                    in.set(values);
                    const auto out = output(guarded(C, parts_of.H, parts_of.W, 2 - variant),
                                            [&](const kernels::Map& map, int part, int parts) {
                                                kernels::average_pool<V>(view(in), map, part, parts);
                                            });
                    check_close(out, support::naive_average_pool(C, H, W, parts_of.H, parts_of.W, values), 1e-6);
                }
}

TEST_CASE("option A's shortcut takes every stride-th pixel and puts zero channels on both sides") {
    for (int C : {1, 2, 3, 16, 17, 32})
        for (int K : {C, C + 2, 2 * C + C % 2 * 1, C + 16}) {
            if ((K - C) % 2 != 0) continue;
            for (int stride : {1, 2, 3})
                for (const Size& size : {Size{8, 8}, {7, 5}, {1, 1}}) {
                    const int H = size.H, W = size.W;
                    INFO("C ", C, ", K ", K, ", stride ", stride, ", H ", H, ", W ", W);
                    const int P = (H + stride - 1) / stride, Q = (W + stride - 1) / stride;
                    const auto values = support::random_values(static_cast<std::size_t>(C * H * W), 1, "subsample");
                    GuardedMap in = guarded(C, H, W, 1);
                    in.set(values);
                    std::vector<float> expected;
                    for (int k = 0; k < K; ++k)
                        for (int p = 0; p < P; ++p)
                            for (int q = 0; q < Q; ++q) {
                                const int c = k - (K - C) / 2;
                                expected.push_back(c < 0 || c >= C ? 0.0f : in.at(c, p * stride, q * stride));
                            }
                    const auto same =
                        support::same_bits(output(guarded(K, P, Q, 2),
                                                  [&](const kernels::Map& map, int part, int parts) {
                                                      kernels::subsample(view(in), map, stride, part, parts);
                                                  }),
                                           expected);
                    CHECK_MESSAGE(same.good, same.why);
                }
        }
}

TEST_CASE("the image turns from CHW into HWC") {
    for (int C : {1, 3, 4})
        for (const Size& size : {Size{1, 1}, {5, 7}, {32, 32}})
            for (int variant : {0, 1, 2}) {
                const int H = size.H, W = size.W;
                INFO("C ", C, ", H ", H, ", W ", W, ", variant ", variant);
                const auto image = support::random_values(static_cast<std::size_t>(C * H * W), 1, "image");
                const auto source = [&](int c, int h, int w) {
                    return image[static_cast<std::size_t>((c * H + h) * W + w)];
                };
                const auto same = support::same_bits(output(guarded(C, H, W, variant),
                                                            [&](const kernels::Map& map, int part, int parts) {
                                                                kernels::image_to_hwc(source, map, part, parts);
                                                            }),
                                                     image);
                CHECK_MESSAGE(same.good, same.why);
            }
}

TEST_CASE("the halo is zeroed, all of it and nothing else") {
    const int C = 5, H = 3, W = 4;
    for (int top : {0, 1, 3})
        for (int left : {0, 1, 3})
            for (int bottom : {0, 1, 2})
                for (int right : {0, 1, 2})
                    for (int gap : {0, 16}) {
                        INFO("top ", top, ", left ", left, ", bottom ", bottom, ", right ", right, ", gap ", gap);
                        // The placement says where its buffer begins in the arena, here at float 100.
                        graph::Placement p{.begin = 100,
                                           .pixel = C + gap,
                                           .row = (left + W + right) * (C + gap),
                                           .top = top,
                                           .left = left,
                                           .bottom = bottom,
                                           .right = right};
                        p.end = p.begin + (top + H + bottom) * p.row;
                        p.origin = p.begin + top * p.row + left * p.pixel;
                        std::vector<float> arena(static_cast<std::size_t>(p.end) + 100, support::canary);
                        kernels::clear_halo(p, H, arena.data());

                        std::vector<float> expected(arena.size(), support::canary);
                        for (int h = 0; h < top + H + bottom; ++h)
                            for (int w = 0; w < left + W + right; ++w) {
                                if (h >= top && h < top + H && w >= left && w < left + W) continue;
                                for (int c = 0; c < p.pixel; ++c)
                                    expected[static_cast<std::size_t>(p.begin + h * p.row + w * p.pixel + c)] = 0;
                            }
                        const auto same = support::same_bits(arena, expected);
                        CHECK_MESSAGE(same.good, same.why);
                    }
}
