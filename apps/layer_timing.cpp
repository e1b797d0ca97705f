#include "layer_timing.hpp"

#include <algorithm>
#include <cmath>

#include "failure.hpp"
#include "generated_weights.hpp"
#include "relative_difference.hpp"
#include "sluice/host_memory.hpp"
#include "sluice_kernels/cpu.hpp"
#include "sluice_kernels/textbook/textbook.hpp"
#include "textbook_timing.hpp"

namespace sluice::tools {

namespace {

// Of the largest output: as for the logits of whole networks, but for primitives that declare themselves less exact.
template <class P>
constexpr double tolerance = P::error_growth <= 100 ? 1e-4 : 1e-2;

// The layer alone in an arena of its own, with maps as far apart from each other as they need to be.
class Layer {
  public:
    Layer(const LayerPlace& place, const Executor& executor, std::span<std::byte> ring)
        : node_(place.node),
          executor_(executor),
          ring_(ring),
          step_(step_of(place)),
          arena_({.activations = static_cast<std::size_t>(floats_) * sizeof(float)}) {
        const std::int64_t per_vector = std::int64_t(node_.out.C) + 16;  // vectors are read past their end
        epilogue_.assign(static_cast<std::size_t>(2 * per_vector), 1.0f);
        step_.bias = per_vector;
        if (node_.has_weights()) {
            weights_.resize(static_cast<std::size_t>(node_.weights()));
            generate_layer(node_, 1, weights_.data(), epilogue_.data() + per_vector);
        }
        image_.resize(static_cast<std::size_t>(node_.in.size()));
        for (std::size_t i = 0; i < image_.size(); ++i) image_[i] = GeneratedImage{1}(static_cast<std::ptrdiff_t>(i));
    }

    // The cost of a step that needs no weights and has nothing to be compared with.
    LayerCost cost(const char* name, kernels::Step::Kernel kernel) {
        step_.run = kernel;
        fill();
        LayerCost c{.primitive = name, .read = kernel == &kernels::image_step ? "CHW" : "HWC", .written = "HWC"};
        c.time = time_runs([&] { kernels::run_step(step_, frame(nullptr), executor_); });
        return c;
    }

    template <class P>
    void add_cost(std::vector<LayerCost>& costs) {
        if (!P::supports(step_.conv)) return;
        const auto floats = static_cast<std::size_t>(P::packed_floats(step_.conv) + 15) / 16 * 16;  // whole cache lines
        const std::size_t bytes = floats * sizeof(float);
        const std::size_t copies = std::max<std::size_t>(1, ring_.size() / bytes);
        step_.workspace = P::workspace_bytes(step_.conv);
        step_.run = &kernels::conv_step<P, ~std::uint64_t(0)>;
        // Weights larger than the ring are as cold by themselves.
        const HostMemory own({.weights = bytes > ring_.size() ? bytes : 0,
                              .workspace = static_cast<std::size_t>(step_.workspace * executor_.parts)});
        auto* const packed = reinterpret_cast<float*>(bytes > ring_.size() ? Memory(own).weights.data() : ring_.data());
        workspace_ = Memory(own).workspace.data();
        P::pack(step_.conv, static_cast<const float*>(weights_.data()), packed);
        for (std::size_t i = 1; i < copies; ++i) std::copy_n(packed, floats, packed + i * floats);

        LayerCost c{.primitive = std::string(P::name), .read = "HWC", .written = "HWC"};
        c.workspace_bytes = step_.workspace * executor_.parts;
        c.persistent_bytes = static_cast<std::int64_t>(bytes);
        c.error = relative_difference(output(packed), expected_);
        if (!(c.error <= tolerance<P>))
            fail(Exit::verification, node_.name.view(), ": ", P::name, " differs from the reference primitive by ",
                 c.error, " of the largest output, expected at most ", tolerance<P>, "; no time is reported");
        std::size_t next = 0;
        c.time = time_runs([&] {
            kernels::run_step(step_, frame(packed + next * floats), executor_);
            next = (next + 1) % copies;
        });
        costs.push_back(std::move(c));
    }

    // What every primitive is to yield.
    void remember_expected() {
        using P = kernels::Reference;
        std::vector<float> packed(static_cast<std::size_t>(P::packed_floats(step_.conv)));
        P::pack(step_.conv, static_cast<const float*>(weights_.data()), packed.data());
        step_.run = &kernels::conv_step<P, 0>;
        expected_ = output(packed.data());
    }

    const kernels::Conv& conv() const { return step_.conv; }

  private:
    const graph::Node& node_;
    const Executor& executor_;
    std::span<std::byte> ring_;
    std::int64_t floats_ = 0;  // of the arena
    kernels::Step step_;
    HostMemory arena_;
    std::vector<float> weights_, epilogue_, image_, expected_;
    std::byte* workspace_ = nullptr;

    // The buffers that the layer knows, one after the other.
    kernels::Step step_of(const LayerPlace& place) {
        std::vector<std::pair<int, std::int64_t>> begins;  // of buffers that have their place
        const auto moved = [&](graph::Placement p) {
            if (p.buffer < 0) return p;
            auto known = std::find_if(begins.begin(), begins.end(), [&](const auto& b) { return b.first == p.buffer; });
            if (known == begins.end()) {
                known = begins.insert(known, {p.buffer, floats_});
                floats_ += (p.end - p.begin + 15) / 16 * 16;
            }
            const std::int64_t by = known->second - p.begin;
            p.begin += by, p.end += by, p.origin += by;
            return p;
        };
        kernels::Step s;
        s.window = place.node.window;
        s.in = moved(place.in), s.out = moved(place.out), s.add = moved(place.add);
        s.conv = kernels::conv_of(place.node, s.in, s.out, s.add);
        s.clear_halo = place.clears_halo;
        return s;
    }

    float* arena() const { return reinterpret_cast<float*>(Memory(arena_).activations.data()); }

    kernels::Frame frame(const float* packed) const {
        kernels::Frame f;
        f.image = image_.data(), f.weights = packed, f.epilogue = epilogue_.data();
        f.arena = f.in = f.out = arena();
        f.workspace = workspace_;
        return f;
    }

    // Numbers in the maps that are read, zeros around them.
    void fill() {
        std::fill_n(arena(), floats_, 0.0f);
        const auto values = [&](const graph::Placement& p, const Shape& shape, const char* name) {
            const Generator generator(1, name);
            std::uint64_t i = 0;
            for (int h = 0; h < shape.H; ++h)
                for (int w = 0; w < shape.W; ++w)
                    for (int c = 0; c < shape.C; ++c)
                        arena()[p.origin + std::int64_t(h) * p.row + std::int64_t(w) * p.pixel + c] =
                            generator.at(i++, 0.5f, 1.0f);
        };
        if (node_.op != graph::Op::input) values(step_.in, node_.in, "in");
        if (step_.conv.add) values(step_.add, node_.out, "add");
    }

    std::vector<float> output(const float* packed) {
        fill();
        kernels::run_step(step_, frame(packed), executor_);
        std::vector<float> out;
        const kernels::Map map = step_.output(frame(packed));
        for (int h = 0; h < map.H; ++h)
            for (int w = 0; w < map.W; ++w) out.insert(out.end(), map.at(h, w), map.at(h, w) + map.C);
        return out;
    }
};

template <class... P>
std::vector<LayerCost> costs_of(Layer& layer, kernels::PrimitiveList<P...>) {
    std::vector<LayerCost> costs;
    layer.remember_expected();
    (layer.template add_cost<P>(costs), ...);
    return costs;
}

}  // namespace

std::vector<LayerCost> time_layer(const LayerPlace& place, PrimitiveSet set, const Executor& executor,
                                  std::span<std::byte> ring) {
    using namespace kernels;
    using Isa = isa::native;
    using V = Isa::Vector;
    Layer layer(place, executor, ring);
    switch (place.node.op) {
        case graph::Op::input:
            if (set == PrimitiveSet::all) return {layer.cost("input", &image_step)};
            return {layer.cost("input", &image_step), time_image(place.node.in, executor)};
        case graph::Op::subsample:
            return {layer.cost("subsample", &subsample_step)};
        case graph::Op::max_pool:
            return {layer.cost("max_pool", &max_pool_step<V>)};
        case graph::Op::average_pool:
            return {layer.cost("average_pool", &average_pool_step<V>)};
        case graph::Op::concat:
            return {};  // its parts have written it
        case graph::Op::conv:
        case graph::Op::linear: {
            if (set == PrimitiveSet::all) return costs_of(layer, primitives<Isa>{});
            std::vector<LayerCost> costs = costs_of(layer, textbook::shared<Isa>{});
            for (LayerCost& c : time_textbook(place.node, executor, ring)) costs.push_back(std::move(c));
            return costs;
        }
    }
    return {};
}

}  // namespace sluice::tools
