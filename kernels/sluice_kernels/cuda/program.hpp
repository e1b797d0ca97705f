// What a frame asks of the GPU: a constant array of steps, one for each node of graph_of<Net>, with the bytes at which
// everything lies for N images in a given precision.
//
// Two forms of a convolution. Fused, cuDNN adds bias and shortcut and cuts off at zero: one kernel. Plain, cuDNN only
// convolves and a kernel of ours does the rest: for settings, whose scale cuDNN's fused form does not know, for slices
// of a concatenation, which it does not write, and for ReLU6.
#pragma once

#include <limits>

#include "sluice/graph/graph.hpp"
#include "sluice_kernels/cuda/api.hpp"
#include "sluice_kernels/cuda/map.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

struct Step {
    graph::Op op = graph::Op::concat;
    nvidia::Conv conv;
    nvidia::Pool pool;  // pools, copies; of a convolution the copy that its input needs first, if any
    nvidia::Map out_map;
    bool copies = false;    // a convolution whose input is copied: padding that differs by side, or a slice
    bool in_place = false;  // a convolution whose plain form may write to where its result belongs
    bool fusable = false;   // what the fused form can do
    float floor = 0, ceiling = 0;
    std::int64_t in = 0, out = 0, add = -1;    // bytes from the start of the arena
    std::int64_t weights = 0, typed_bias = 0;  // bytes from the start of the weights
    std::int64_t scale = 0, bias = 0;          // floats from the start of an epilogue
    int gate = -1, skip_to = 0;                // as on the CPU
};

template <Network Net, nvidia::Precision precision, int N>
class Program {
    static constexpr auto& net = graph_of<Net>;
    static constexpr std::size_t nodes = net.nodes.size();
    static constexpr auto map = device_map(net.nodes);
    static constexpr std::int64_t element = nvidia::element_bytes(precision);

    // Regions begin where cuDNN's widest loads may.
    static constexpr std::int64_t aligned(std::int64_t bytes) { return (bytes + 255) / 256 * 256; }
    static constexpr std::int64_t address(const Place& p) { return (p.begin * N + p.channel) * element; }
    static constexpr nvidia::Map map_of(const Shape& s, int pixel) { return {N, s.C, s.H, s.W, pixel}; }

    // cuDNN pads a map alike on opposite sides and computes as many outputs as fit.
    static constexpr bool even_padding(const graph::Node& n) {
        const graph::Window& w = n.window;
        return (n.in.H + 2 * w.top - w.R) / w.stride + 1 == n.out.H &&
               (n.in.W + 2 * w.left - w.S) / w.stride + 1 == n.out.W;
    }

    static_assert(
        [] {
            for (const graph::Node& n : net.nodes)
                if (n.out.size() * N >> 31 != 0) return false;
            return true;
        }(),
        "sluice: a map of this batch has 2^31 numbers or more; our kernels count with 32 bits");

  public:
    struct Table {
        std::array<Step, nodes> steps{};
        std::int64_t weights = 0;   // bytes: weights and biases of all layers in the precision's type
        std::int64_t epilogue = 0;  // floats: scale and bias of all layers
        std::int64_t padded = 0;    // bytes: the largest copied input
        std::int64_t sums = 0;      // bytes: the largest result of a plain form that cannot write where it belongs
    };

    static constexpr Table table = [] {
        Table t;
        for (std::size_t i = 0; i < nodes; ++i) {
            const graph::Node& n = net.nodes[i];
            const Place &in = map.nodes[n.input < 0 ? i : std::size_t(n.input)], &out = map.nodes[i];
            Step& s = t.steps[i];
            s.op = n.op;
            s.in = address(in);
            s.out = address(out);
            if (n.shortcut >= 0) s.add = address(map.nodes[std::size_t(n.shortcut)]);
            s.out_map = map_of(n.out, out.pixel);
            const graph::Window& w = n.window;
            s.pool = {map_of(n.in, in.pixel), s.out_map, w.R, w.S, w.stride, w.top, w.left};
            if (n.block >= 0 && net.blocks[std::size_t(n.block)].gate >= 0) {
                s.gate = net.blocks[std::size_t(n.block)].gate;
                s.skip_to = net.blocks[std::size_t(n.block)].last + 1;
            }
            if (!n.has_weights()) continue;
            s.copies = in.pixel != n.in.C || !even_padding(n);
            const int H = s.copies ? (n.out.H - 1) * w.stride + w.R : n.in.H;
            const int W = s.copies ? (n.out.W - 1) * w.stride + w.S : n.in.W;
            s.conv = {.precision = precision,
                      .N = N,
                      .C = n.in.C,
                      .H = H,
                      .W = W,
                      .K = n.out.C,
                      .P = n.out.H,
                      .Q = n.out.W,
                      .R = w.R,
                      .S = w.S,
                      .stride = w.stride,
                      .top = s.copies ? 0 : w.top,
                      .left = s.copies ? 0 : w.left,
                      .groups = n.groups,
                      .relu = n.act == graph::Activation::relu,
                      .add = n.shortcut >= 0};
            if (s.copies) {
                s.pool.out = map_of({n.in.C, H, W}, n.in.C);
                t.padded = std::max(t.padded, aligned(std::int64_t(N) * H * W * n.in.C * element));
            }
            s.in_place = n.shortcut < 0 && out.pixel == n.out.C;
            s.fusable = out.pixel == n.out.C && n.act != graph::Activation::relu6;
            if (!s.in_place) t.sums = std::max(t.sums, aligned(n.out.size() * N * element));
            constexpr float infinity = std::numeric_limits<float>::infinity();
            s.floor = n.act == graph::Activation::none ? -infinity : 0;
            s.ceiling = n.act == graph::Activation::relu6 ? 6 : infinity;
            s.weights = t.weights;
            s.typed_bias = s.weights + aligned(n.weights() * element);
            t.weights = s.typed_bias + aligned(n.out.C * element);
            s.scale = t.epilogue;
            s.bias = s.scale + n.out.C;
            t.epilogue = s.bias + n.out.C;
        }
        return t;
    }();

    // The activations region: the arena, the images as they come, the logits as they go.
    static constexpr std::int64_t arena = aligned(map.numbers * N * element);
    static constexpr std::int64_t images = aligned(net.nodes.front().out.size() * N * 4);
    static constexpr std::int64_t logits = aligned(net.nodes.back().out.size() * N * 4);
    // The workspace region: a copied input, a plain form's result, then what is left for cuDNN.
    static constexpr std::int64_t least_workspace = table.padded + table.sums;
};

}  // namespace sluice
