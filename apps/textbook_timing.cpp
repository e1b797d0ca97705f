#include "textbook_timing.hpp"

#include <algorithm>

#include "failure.hpp"
#include "generated_weights.hpp"
#include "relative_difference.hpp"
#include "sluice/host_memory.hpp"
#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/reference/reference.hpp"
#include "sluice_kernels/textbook/textbook.hpp"

namespace sluice::tools {

namespace {

using kernels::Conv;
using kernels::textbook::Layout;

constexpr double tolerance = 1e-4;  // of the largest output

kernels::Conv dense(const graph::Node& n) {
    const graph::Window& w = n.window;
    return {.C = n.in.C,
            .H = n.in.H,
            .W = n.in.W,
            .K = n.out.C,
            .P = n.out.H,
            .Q = n.out.W,
            .R = w.R,
            .S = w.S,
            .stride = w.stride,
            .top = w.top,
            .left = w.left,
            .groups = n.groups,
            .add = n.shortcut >= 0,
            .act = n.act,
            .in_pixel = n.in.C,
            .in_row = n.in.W * n.in.C,
            .out_pixel = n.out.C,
            .out_row = n.out.W * n.out.C,
            .add_pixel = n.out.C,
            .add_row = n.out.W * n.out.C};
}

std::vector<float> values(const Shape& s, const char* name) {
    std::vector<float> v(static_cast<std::size_t>(s.size()));
    const Generator generator(1, name);
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = generator.at(i, 0.5f, 1.0f);
    return v;
}

// From HWC.
std::vector<float> turned(const std::vector<float>& map, Layout to, const Shape& s) {
    std::vector<float> out(map.size());
    if (!map.empty()) kernels::textbook::turn(map.data(), Layout::HWC, out.data(), to, s.C, s.H, s.W, 0, 1);
    return out;
}

class DenseLayer {
  public:
    DenseLayer(const graph::Node& node, const Executor& executor, std::span<std::byte> ring)
        : node_(node),
          executor_(executor),
          ring_(ring),
          conv_(dense(node)),
          in_(values(node.in, "in")),
          add_(conv_.add ? values(node.out, "add") : std::vector<float>{}),
          weights_(static_cast<std::size_t>(node.weights())),
          bias_(static_cast<std::size_t>(node.out.C)),
          scale_(bias_.size(), 1.0f),
          expected_(static_cast<std::size_t>(node.out.size())) {
        generate_layer(node, 1, weights_.data(), bias_.data());
        std::vector<float> packed(weights_.size());
        kernels::Reference::pack(conv_, static_cast<const float*>(weights_.data()), packed.data());
        kernels::Reference::run<0>(conv_, {.in = in_.data(),
                                           .out = expected_.data(),
                                           .add = add_.data(),
                                           .weights = packed.data(),
                                           .scale = scale_.data(),
                                           .bias = bias_.data()});
    }

    template <class P>
    void add_cost(std::vector<LayerCost>& costs) const {
        if (!P::supports(conv_)) return;
        const std::size_t bytes =
            static_cast<std::size_t>(P::packed_floats(conv_) + 15) / 16 * 64;  // whole cache lines
        const std::size_t copies = std::max<std::size_t>(1, ring_.size() / bytes);
        const HostMemory own({.weights = bytes > ring_.size() ? bytes : 0,
                              .workspace = static_cast<std::size_t>(P::workspace_bytes(conv_))});
        std::byte* const packed = bytes > ring_.size() ? Memory(own).weights.data() : ring_.data();
        P::pack(conv_, weights_.data(), reinterpret_cast<float*>(packed));
        for (std::size_t i = 1; i < copies; ++i) std::copy_n(packed, bytes, packed + i * bytes);

        const std::vector<float> in = turned(in_, P::read, node_.in), add = turned(add_, P::written, node_.out);
        std::vector<float> out(expected_.size());
        const auto run = [&](std::size_t copy) {
            executor_([&](int part) {
                P::run(conv_, {.in = in.data(),
                               .out = out.data(),
                               .add = add.data(),
                               .weights = reinterpret_cast<const float*>(packed + copy * bytes),
                               .scale = scale_.data(),
                               .bias = bias_.data(),
                               .workspace = Memory(own).workspace.data(),
                               .part = part,
                               .parts = executor_.parts});
            });
        };
        LayerCost c{.primitive = std::string(P::name),
                    .read = std::string(name_of(P::read)),
                    .written = std::string(name_of(P::written))};
        c.workspace_bytes = (P::workspace_bytes(conv_) + 63) / 64 * 64;
        c.persistent_bytes = static_cast<std::int64_t>(bytes);
        run(0);
        c.error = relative_difference(out, turned(expected_, P::written, node_.out));
        if (!(c.error <= tolerance))
            fail(Exit::verification, node_.name.view(), ": the textbook's ", P::name, " from ", c.read, " to ",
                 c.written, " differs from the reference primitive by ", c.error,
                 " of the largest output, expected at most ", tolerance, "; no time is reported");
        std::size_t next = 0;
        c.time = time_runs([&] { run(next), next = (next + 1) % copies; });
        costs.push_back(std::move(c));
    }

  private:
    const graph::Node& node_;
    const Executor& executor_;
    std::span<std::byte> ring_;
    Conv conv_;
    std::vector<float> in_, add_, weights_, bias_, scale_, expected_;  // maps in HWC
};

template <class... P>
std::vector<LayerCost> costs_of(const DenseLayer& layer, kernels::textbook::List<P...>) {
    std::vector<LayerCost> costs;
    (layer.template add_cost<P>(costs), ...);
    return costs;
}

// The times alone.
LayerCost time_turn(const Shape& s, Layout from, Layout to, const Executor& executor) {
    const std::vector<float> in = values(s, "in");
    std::vector<float> out(in.size());
    LayerCost c{.primitive = "", .read = std::string(name_of(from)), .written = std::string(name_of(to))};
    c.time = time_runs([&] {
        executor([&](int part) {
            kernels::textbook::turn(in.data(), from, out.data(), to, s.C, s.H, s.W, part, executor.parts);
        });
    });
    return c;
}

}  // namespace

std::vector<LayerCost> time_textbook(const graph::Node& layer, const Executor& executor, std::span<std::byte> ring) {
    if (layer.groups > 1) return {};
    return costs_of(DenseLayer(layer, executor, ring), kernels::textbook::primitives<isa::native>{});
}

LayerCost time_image(const Shape& image, const Executor& executor) {
    LayerCost c = time_turn(image, Layout::CHW, Layout::CHW, executor);
    c.primitive = "input";
    return c;
}

std::vector<LayerCost> time_turns(const Shape& map, const Executor& executor) {
    std::vector<LayerCost> turns;
    for (Layout from : kernels::textbook::layouts)
        for (Layout to : kernels::textbook::layouts)
            if (from != to) turns.push_back(time_turn(map, from, to, executor));
    for (LayerCost& c : turns) c.workspace_bytes = (4 * map.size() + 63) / 64 * 64;
    return turns;
}

}  // namespace sluice::tools
