// check_conv(): one convolution by every primitive of the list, held against the naive one.
//
// Each primitive runs whole and cut into parts, on maps whose surroundings are canaries. The result must be right, the
// same to the bit for any number of parts, and nothing else may have changed.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <sstream>

#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/primitives.hpp"
#include "support/guarded.hpp"
#include "support/naive.hpp"
#include "support/random.hpp"
#include "support/tolerance.hpp"

namespace support {

enum class Add { none, in_place, elsewhere };

// How the maps lie in memory, apart from what the shape demands.
struct ConvLayout {
    Add add = Add::none;
    int in_gap = 0, out_gap = 0, add_gap = 0;        // floats between pixels
    int in_halo = 0, out_halo = 0, add_halo = 0;     // pixels around the map that nobody may read or write
    int in_shift = 0, out_shift = 0, add_shift = 0;  // floats off alignment
    int vector_shift = 0;                            // likewise, of scale and bias
    bool strips = false;                             // whether tiles must end with their row
};

// Whether it computes with other weights than it was given: with P::Stored::stored(weight).
template <class P>
inline constexpr bool is_lossy = requires { requires P::Stored::steps > 1; };

// Relative to the largest result. Sums of 300 * 3 * 3 products in single precision were seen to miss by 1.5e-6.
template <class P>
constexpr double tolerance_of() {
    return 5e-6 * (is_lossy<P> ? 1 : P::error_growth);
}

// The library's description of the same convolution.
inline sluice::kernels::Conv conv_of(const NaiveConv& n, const ConvLayout& l, const MapLayout& in, const MapLayout& out,
                                     const MapLayout& add) {
    const NaiveWindow& w = n.window;
    sluice::kernels::Conv c;
    c.C = n.C, c.H = w.H, c.W = w.W, c.K = n.K, c.P = w.P(), c.Q = w.Q();
    c.R = w.R, c.S = w.S, c.stride = w.stride, c.top = w.top, c.left = w.left, c.groups = n.groups;
    c.add = l.add != Add::none;
    c.strips = l.strips;
    using sluice::graph::Activation;
    c.act = n.floor < 0 ? Activation::none : n.ceiling > 6 ? Activation::relu : Activation::relu6;
    c.in_pixel = in.pixel(), c.in_row = in.row();
    c.out_pixel = out.pixel(), c.out_row = out.row();
    if (c.add) c.add_pixel = add.pixel(), c.add_row = add.row();
    return c;
}

inline std::string describe(const NaiveConv& n, const ConvLayout& l) {
    const NaiveWindow& w = n.window;
    std::ostringstream s;
    s << n.C << "x" << w.H << "x" << w.W << " -> " << n.K << "x" << w.P() << "x" << w.Q() << ", " << w.R << "x" << w.S
      << "/" << w.stride << " pad " << w.top << " " << w.left << " " << w.bottom << " " << w.right << ", groups "
      << n.groups << ", from " << n.floor << " to " << n.ceiling << ", add " << static_cast<int>(l.add) << ", gaps " << l.in_gap << " "
      << l.out_gap << " " << l.add_gap << ", halos " << l.in_halo << " " << l.out_halo << " " << l.add_halo
      << ", shifts " << l.in_shift << " " << l.out_shift << " " << l.add_shift << " " << l.vector_shift;
    return s.str();
}

class ConvCheck {
  public:
    ConvCheck(const NaiveConv& shape, const ConvLayout& layout, std::initializer_list<int> parts)
        : shape_(shape), layout_(layout), parts_(parts), in_(in_layout()), out_(out_layout()), add_(add_layout()) {
        const NaiveWindow& w = shape.window;
        const int per_group = shape.C / shape.groups;
        const auto count = [](auto... factors) { return (std::size_t(1) * ... * static_cast<std::size_t>(factors)); };
        image_ = random_values(in_.layout().size(), 1, "in");
        if (layout.add != Add::none) added_ = random_values(out_.layout().size(), 1, "add", 0, 4);
        weights_ = random_values(count(shape.K, per_group, w.R, w.S), 1, "weights");
        scale_ = random_values(count(shape.K), 1, "scale", 1, 0.5f);
        bias_ = random_values(count(shape.K), 1, "bias", 0.5f, 1);
        expected_ = naive_conv(shape, image_, weights_, scale_, bias_, added_);
        in_.set(image_);
        // Exactly the padding that some window reads is zero. With strides that may be less than the padding there is.
        in_.clear_halo(w.top, w.left, (w.P() - 1) * w.stride + w.R - w.top - w.H,
                       (w.Q() - 1) * w.stride + w.S - w.left - w.W);
        if (layout.add == Add::in_place) out_.set(added_);
        if (layout.add == Add::elsewhere) add_.set(added_);
    }

    // Runs one primitive; false if it does not support the shape.
    template <class P>
    bool run() const {
        const auto conv = this->conv();
        if (!P::supports(conv)) return false;
        INFO(P::name, ": ", describe(shape_, layout_));
        const auto floats = static_cast<std::size_t>(P::packed_floats(conv));
        GuardedFloats packed(floats);
        P::pack(conv, weights_.data(), packed.data());
        CHECK(packed.intact());
        CHECK(packed.filled());

        const GuardedMap whole = output<P>(conv, packed, 1);
        const Verdict verdict = close<double>(whole.get(), expected<P>(), tolerance_of<P>());
        CHECK_MESSAGE(verdict.good, verdict.why);
        for (int parts : parts_) {
            INFO("in ", parts, " parts");
            const Verdict same = support::same_bits(output<P>(conv, packed, parts).get(), whole.get());
            CHECK_MESSAGE(same.good, same.why);
        }
        return true;
    }

    sluice::kernels::Conv conv() const {
        return conv_of(shape_, layout_, in_.layout(), out_.layout(),
                       layout_.add == Add::in_place ? out_.layout() : add_.layout());
    }

  private:
    NaiveConv shape_;
    ConvLayout layout_;
    std::vector<int> parts_;
    GuardedMap in_, out_, add_;
    std::vector<float> image_, added_, weights_, scale_, bias_;
    std::vector<double> expected_;

    // With weights as the primitive stores them: apart from that nothing may be lost.
    template <class P>
    std::vector<double> expected() const {
        if constexpr (is_lossy<P>) {
            std::vector<float> stored(weights_);
            for (float& w : stored) w = P::Stored::stored(w);
            return naive_conv(shape_, image_, stored, scale_, bias_, added_);
        } else {
            return expected_;
        }
    }

    MapLayout in_layout() const {
        const NaiveWindow& w = shape_.window;
        const int more = layout_.in_halo;
        return {shape_.C,        w.H, w.W, w.top + more, w.left + more, w.bottom + more, w.right + more, layout_.in_gap,
                layout_.in_shift};
    }
    MapLayout out_layout() const {
        const int halo = layout_.out_halo;
        return {shape_.K, shape_.window.P(), shape_.window.Q(), halo, halo, halo,
                halo,     layout_.out_gap,   layout_.out_shift};
    }
    MapLayout add_layout() const {
        if (layout_.add != Add::elsewhere) return {};
        const int halo = layout_.add_halo;
        return {shape_.K, shape_.window.P(), shape_.window.Q(), halo, halo, halo,
                halo,     layout_.add_gap,   layout_.add_shift};
    }

    // 16 channels behind the last may be read but must not matter.
    GuardedFloats vector_of(const std::vector<float>& values) const {
        GuardedFloats v(values.size() + 16, layout_.vector_shift);
        std::copy(values.begin(), values.end(), v.data());
        return v;
    }

    template <class P>
    GuardedMap output(const sluice::kernels::Conv& conv, GuardedFloats& packed, int parts) const {
        const GuardedMap in = in_, add = add_;
        GuardedMap out = out_;
        GuardedFloats scale = vector_of(scale_), bias = vector_of(bias_);
        CHECK(P::workspace_bytes(conv) % 64 == 0);
        for (int part = parts - 1; part >= 0; --part) {
            // Each part has scratch of its own, which begins as canaries: what one leaves there is no use to another.
            GuardedFloats workspace(static_cast<std::size_t>(P::workspace_bytes(conv)) / 4);
            P::template run<~std::uint64_t(0)>(conv, {.in = in.data(),
                                                      .out = out.data(),
                                                      .add = layout_.add == Add::in_place    ? out.data()
                                                             : layout_.add == Add::elsewhere ? add.data()
                                                                                             : nullptr,
                                                      .weights = packed.data(),
                                                      .scale = scale.data(),
                                                      .bias = bias.data(),
                                                      .workspace = reinterpret_cast<std::byte*>(workspace.data()),
                                                      .part = part,
                                                      .parts = parts});
            CHECK(workspace.intact());
        }
        CHECK(in.same_bits(in_));
        CHECK(add.same_bits(add_));
        CHECK(out.same_outside(out_));
        return out;
    }
};

// By every primitive of the list. How many of them support the shape.
template <class... P>
int run_each(const ConvCheck& check, sluice::kernels::PrimitiveList<P...>) {
    return (0 + ... + static_cast<int>(check.run<P>()));
}
inline int check_conv(const NaiveConv& shape, const ConvLayout& layout, std::initializer_list<int> parts) {
    return run_each(ConvCheck(shape, layout, parts), sluice::kernels::primitives<sluice::isa::native>{});
}

}  // namespace support
