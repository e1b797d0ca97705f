// Cpu: the backend that computes on the processor it runs on, with the instruction set of the compiler's flags.
#pragma once

#include "sluice/engine.hpp"
#include "sluice_kernels/choice.hpp"
#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/primitives.hpp"
#include "sluice_kernels/strips.hpp"

namespace sluice::inline SLUICE_ABI {

namespace kernels {

// The convolution that a node describes, with the distances that the memory map gives it.
constexpr Conv conv_of(const graph::Node& n, const graph::Placement& in, const graph::Placement& out,
                       const graph::Placement& add) {
    return {.C = n.in.C, .H = n.in.H, .W = n.in.W, .K = n.out.C, .P = n.out.H, .Q = n.out.W,
            .R = n.window.R, .S = n.window.S, .stride = n.window.stride, .top = n.window.top, .left = n.window.left,
            .groups = n.groups, .add = n.shortcut >= 0, .act = n.act,
            .in_pixel = in.pixel, .in_row = in.row, .out_pixel = out.pixel, .out_row = out.row,
            .add_pixel = add.pixel, .add_row = add.row};
}

// Not constexpr on purpose: graph/strips.hpp knows no primitive of those layers that needs any.
void a_layer_computed_in_strips_needs_workspace();

// The steps of one network under one plan, and the memory they need.
template <class Net, class Plan, class Isa, class List>
class CpuProgram;

template <class Net, class Plan, class Isa, class... P>
class CpuProgram<Net, Plan, Isa, PrimitiveList<P...>> {
    static constexpr auto& net = graph_of<Net>;
    static constexpr int count = static_cast<int>(net.nodes.size());
    static constexpr auto strips = Plan::strips ? graph::strips(net) : graph::Strips<count>{};
    static constexpr auto map = graph::memory_map(net.nodes, strips);
    using V = typename Isa::Vector;

    static constexpr Conv conv(int i) {
        const graph::Node& n = net.nodes[i];
        Conv c = conv_of(n, map.nodes[n.input < 0 ? i : n.input], map.nodes[i],
                         n.shortcut >= 0 ? map.nodes[n.shortcut] : graph::Placement{});
        c.strips = strips.inside[i];
        return c;
    }

    // What the plan decides about: by node, a convolution (or one without weights) and the primitive that it names.
    struct Layers {
        static constexpr int nodes = count;
        static constexpr double most_weights = Plan::most_weights, most_error = Plan::most_error;
        static constexpr bool has(int i) { return net.nodes[i].has_weights(); }
        static constexpr Conv conv(int i) { return CpuProgram::conv(i); }
        static constexpr std::string_view wanted(int i) { return Plan::primitive(i, net.nodes[i]); }
    };
    // By node: index into P..., or -1 for nodes that are no convolution.
    static constexpr auto choice = Choice<Layers, P...>::primitives();

    // f(primitive, is this the one?) until one is: the compile-time list meets the run-time (or constexpr) index.
    template <class F>
    static constexpr void with_primitive(int chosen, F f) {
        int index = 0;
        ((index++ == chosen ? f(std::type_identity<P>{}) : void()), ...);
    }

    template <class Q>
    static constexpr std::uint64_t variants = [] {
        std::uint64_t used = 0;
        for (int i = 0; i < count; ++i)
            if (choice[i] >= 0)
                with_primitive(choice[i], [&]<class R>(std::type_identity<R>) {
                    if constexpr (std::is_same_v<R, Q>) used |= Q::variants(conv(i));
                });
        return used;
    }();
    template <class Q>
    static constexpr bool chosen_somewhere = [] {
        bool found = false;
        for (int i = 0; i < count; ++i)
            if (choice[i] >= 0)
                with_primitive(choice[i], [&]<class R>(std::type_identity<R>) { found |= std::is_same_v<R, Q>; });
        return found;
    }();

    static constexpr std::int64_t cache_lines(std::int64_t floats) { return (floats + 15) / 16 * 16; }

  public:
    static constexpr std::string_view isa = Isa::name;
    // Sheets of other machines pack weights and compute nothing: see isa/foreign.hpp.
    static constexpr bool executable = !requires { Isa::foreign; };

    // Floats behind the last layer's scale and bias, where a vector that begins inside may be read as a whole.
    static constexpr int epilogue_slack = 16;

    struct Program {
        std::array<Step, count> steps{};
        std::int64_t weights = 0;    // floats
        std::int64_t epilogue = 0;   // floats
        std::int64_t workspace = 0;  // bytes, for each part of an executor
        double error_growth = 1;     // the largest of its primitives
    };

    static constexpr Program program = [] {
        Program p;
        for (int i = 0; i < count; ++i) {
            const graph::Node& n = net.nodes[i];
            Step& s = p.steps[i];
            s.conv = conv(i);
            s.window = n.window;
            s.in = map.nodes[n.input < 0 ? i : n.input];
            s.out = map.nodes[i];
            if (n.shortcut >= 0) s.add = map.nodes[n.shortcut];
            s.chain = strips.length[i];
            s.height = strips.height[i];
            if (s.chain > 0) s.rings = cache_lines(map.nodes[i + s.chain - 2].end) * 4;
            if (s.rings > p.workspace) p.workspace = s.rings;
            s.clear_halo = s.out.buffer == i && s.out.top + s.out.left + s.out.bottom + s.out.right > 0;
            if (n.block >= 0 && net.blocks[n.block].gate >= 0) {
                s.gate = net.blocks[n.block].gate;
                s.skip_to = net.blocks[n.block].last + 1;
            }
            switch (n.op) {
                case graph::Op::input: s.run = &image_step; break;
                case graph::Op::subsample: s.run = &subsample_step; break;
                case graph::Op::concat: break;
                case graph::Op::max_pool:
                    if constexpr (executable) s.run = &max_pool_step<V>;
                    break;
                case graph::Op::average_pool:
                    if constexpr (executable) s.run = &average_pool_step<V>;
                    break;
                case graph::Op::conv:
                case graph::Op::linear:
                    with_primitive(choice[i], [&]<class Q>(std::type_identity<Q>) {
                        if constexpr (chosen_somewhere<Q>) {
                            if constexpr (executable) s.run = &conv_step<Q, variants<Q>>;
                            s.weights = p.weights;
                            p.weights += cache_lines(Q::packed_floats(s.conv));
                            s.workspace = Q::workspace_bytes(s.conv);
                            if (strips.inside[i] && s.workspace > 0) a_layer_computed_in_strips_needs_workspace();
                            if (s.workspace > p.workspace) p.workspace = s.workspace;
                            if (Q::error_growth > p.error_growth) p.error_growth = Q::error_growth;
                        }
                    });
                    s.scale = p.epilogue;
                    s.bias = s.scale + cache_lines(n.out.C);
                    p.epilogue = s.bias + cache_lines(n.out.C);
            }
        }
        p.epilogue += epilogue_slack;
        return p;
    }();

    // FNV-1a of all that decides where which weight lies: a packed file of another one is no use.
    static constexpr std::uint64_t fingerprint = [] {
        std::uint64_t h = 0xcbf29ce484222325;
        const auto mix = [&](std::uint64_t value) { h = (h ^ value) * 0x100000001b3; };
        for (int i = 0; i < count; ++i)
            with_primitive(choice[i], [&]<class Q>(std::type_identity<Q>) {
                const Step& s = program.steps[i];
                for (char c : std::string_view(Q::name)) mix(static_cast<unsigned char>(c));
                for (std::int64_t value : {s.weights, s.scale, s.bias}) mix(static_cast<std::uint64_t>(value));
                for (int value : {s.conv.C, s.conv.K, s.conv.R, s.conv.S, s.conv.groups})
                    mix(static_cast<std::uint64_t>(value));
                mix(Q::packing(s.conv));
            });
        return h;
    }();

    static constexpr double error_growth = program.error_growth;
    static constexpr std::int64_t arena_floats = map.floats;
    static constexpr graph::Placement result = map.nodes[count - 1];

    // Which primitive computes node i; empty for nodes without weights.
    static constexpr std::string_view primitive(int i) {
        std::string_view name;
        with_primitive(choice[i], [&]<class Q>(std::type_identity<Q>) { name = Q::name; });
        return name;
    }

    // source[j]: [K][C / groups][R][S]; weights: the start of the packed weights.
    template <class Source>
    static void pack(int i, const Source& source, float* weights) {
        with_primitive(choice[i], [&]<class Q>(std::type_identity<Q>) {
            if constexpr (chosen_somewhere<Q>) Q::pack(program.steps[i].conv, source, weights + program.steps[i].weights);
        });
    }

    // One frame. observe(work, call) runs each step, or each strip of it, by calling call(); a shut gate costs one branch
    // per block.
    template <class Observer>
    static void run(Frame frame, const gate::Mask<Net>& gates, const Executor& executor, Observer&& observe) {
        frame.in = frame.out = frame.arena;
        for (int i = 0; i < count;) {
            const Step& s = program.steps[i];
            if (s.gate >= 0 && !gates.open(s.gate)) {
                i = s.skip_to;
                continue;
            }
            if (s.chain > 0) {
                const auto chain = std::span(program.steps).subspan(static_cast<std::size_t>(i), static_cast<std::size_t>(s.chain));
                executor([&](int part) { run_strips(chain, i, frame, part, executor.parts, observe); });
                i += s.chain;
                continue;
            }
            observe(work_of(s, i, 0, frame), [&] { run_step(s, frame, executor); });
            ++i;
        }
    }
};

}  // namespace kernels

template <class Isa>
struct BasicCpu {
    static constexpr const char* name = Isa::name;
    using Frame = kernels::Frame;
    template <class Net, class Plan>
    using Program = kernels::CpuProgram<Net, Plan, Isa, kernels::primitives<Isa>>;
};

using Cpu = BasicCpu<isa::native>;

}  // namespace sluice
