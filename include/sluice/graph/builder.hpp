// Builder: how a network describes itself. Shapes propagate, so every size is stated once; the first thing that does
// not fit is kept as a sentence that names the layer, and graph.hpp turns it into a compile error.
#pragma once

#include <initializer_list>

#include "sluice/graph/node.hpp"

namespace sluice::inline SLUICE_ABI::graph {

// The output of a node, as the builder hands it around.
struct Tensor {
    int node = -1;
    Shape shape;
};

// Zeros around a map.
struct Pad {
    int top = 0, left = 0, bottom = 0, right = 0;

    constexpr Pad(int all = 0) : Pad(all, all, all, all) {}
    constexpr Pad(int t, int l, int b, int r) : top(t), left(l), bottom(b), right(r) {}

    // TensorFlow's "same": ceil(H / stride) rows come out, and an odd number of zeros has the larger half behind.
    static constexpr Pad same(Shape x, int R, int stride) {
        const auto zeros = [&](int n) {
            const int all = ((n + stride - 1) / stride - 1) * stride + R - n;
            return all > 0 ? all : 0;
        };
        const int h = zeros(x.H), w = zeros(x.W);
        return {h / 2, w / 2, h - h / 2, w - w / 2};
    }
};

struct ConvOptions {
    int K = 0;         // output channels
    int R = 1, S = 0;  // kernel; S = 0: square
    int stride = 1;
    Pad pad = 0;
    int groups = 1;
    bool norm = true;
    bool bias = false;
    Activation act = Activation::relu;
    Tensor shortcut = {};  // added before the activation
};

struct PoolOptions {
    int R = 2, stride = 2, pad = 0;
    bool ceil = false;  // the last window may begin before the end of the map and reach beyond it
};

class Builder {
  public:
    static constexpr int max_nodes = 1024, max_blocks = 512;

    // Keeps the first complaint. Defined before its callers: clang 14 does not see templates further down the class.
    template <class... Parts>
    constexpr void fail(const Parts&... parts) {
        if (error.empty()) error = text<200>(parts...);
    }

    constexpr Tensor input(Shape shape) {
        Node n;
        n.op = Op::input;
        n.name = Name("input");
        n.in = shape;
        return add(n, shape);
    }

    constexpr Tensor conv(const Name& name, Tensor x, const ConvOptions& o) {
        Node n = reading(Op::conv, name, x);
        const int S = o.S > 0 ? o.S : o.R;
        n.window = {o.R, S, o.stride, o.pad.top, o.pad.left, o.pad.bottom, o.pad.right};
        n.groups = o.groups;
        n.norm = o.norm;
        n.bias = o.bias;
        n.act = o.act;
        const bool pads = o.pad.top >= 0 && o.pad.left >= 0 && o.pad.bottom >= 0 && o.pad.right >= 0;
        if (o.K < 1 || o.R < 1 || o.stride < 1 || !pads || o.groups < 1)
            fail(name, ": K, R, stride and groups must be positive, pad not negative");
        else if (x.shape.C % o.groups != 0 || o.K % o.groups != 0)
            fail(name, ": ", o.groups, " groups do not divide ", x.shape.C, " input and ", o.K, " output channels");
        const Shape out = windowed(n, o.K);
        if (o.shortcut.node >= 0) {
            n.shortcut = o.shortcut.node;
            check_readable(name, o.shortcut);
            if (o.shortcut.shape != out)
                fail(name, ": the shortcut is ", o.shortcut.shape.text(), " but the layer gives ", out.text());
        }
        return add(n, out);
    }

    // Its weight is [K][C * H * W] of the map that it reads, in PyTorch's order.
    constexpr Tensor linear(const Name& name, Tensor x, int K, Activation act = Activation::none) {
        Node n = reading(Op::linear, name, x);
        n.window = {.R = x.shape.H, .S = x.shape.W};
        n.bias = true;
        n.act = act;
        if (K < 1) fail(name, ": needs at least one class");
        return add(n, {K, 1, 1});
    }

    constexpr Tensor max_pool(const Name& name, Tensor x, const PoolOptions& o) {
        Node n = reading(Op::max_pool, name, x);
        n.window = {o.R, o.R, o.stride, o.pad, o.pad, o.pad, o.pad};
        if (o.ceil && o.stride > 0) {
            n.window.bottom += beyond(n.window.P(x.shape.H), x.shape.H, o);
            n.window.right += beyond(n.window.Q(x.shape.W), x.shape.W, o);
        }
        if (o.R < 1 || o.stride < 1 || o.pad < 0 || 2 * o.pad > o.R)
            fail(name, ": R and stride must be positive, and pad at most R / 2");
        return add(n, windowed(n, x.shape.C));
    }

    // P x Q means, of overlapping parts where P or Q does not divide the map. A map that has this size already is left
    // alone.
    constexpr Tensor average_pool(const Name& name, Tensor x, int P = 1, int Q = 1) {
        if (P < 1 || Q < 1) fail(name, ": needs a size");
        if (x.shape.H == P && x.shape.W == Q) return x;
        return add(reading(Op::average_pool, name, x), {x.shape.C, P, Q});
    }

    // The channels of all parts, one after the other. Their layers write into it, so nothing is copied.
    constexpr Tensor concat(const Name& name, std::initializer_list<Tensor> parts) {
        if (parts.size() == 0) return fail(name, ": concatenates nothing"), Tensor{};
        Node n = reading(Op::concat, name, *parts.begin());
        n.in.C = 0;
        for (Tensor x : parts) {
            check_readable(name, x);
            if (x.node < 0 || x.node >= node_count) continue;
            Node& part = nodes[x.node];
            if (x.shape.H != n.in.H || x.shape.W != n.in.W)
                fail(name, ": ", part.name, " gives ", x.shape.text(), ", expected ", n.in.H, "x", n.in.W, " pixels");
            if (part.slice_of >= 0 || part.op == Op::concat)
                fail(name, ": ", part.name, " is part of a concatenation already");
            if (part.shortcut >= 0)
                fail(name, ": ", part.name, " has a shortcut, and may have to overwrite that one's map");
            part.slice_of = node_count;
            part.channel = n.in.C;
            n.in.C += x.shape.C;
        }
        return add(n, n.in);
    }

    constexpr Tensor subsample(const Name& name, Tensor x, int K, int stride) {
        Node n = reading(Op::subsample, name, x);
        n.window.stride = stride;
        if (K < x.shape.C || (K - x.shape.C) % 2 != 0)
            fail(name, ": cannot pad ", x.shape.C, " channels evenly to ", K);
        return add(n, {K, n.window.P(x.shape.H), n.window.Q(x.shape.W)});
    }

    // Residual blocks. All but the first of a group can be shut, so they must overwrite their input in place.
    constexpr void begin_group() { ++groups, blocks_in_group = 0; }
    constexpr void begin_block(Tensor x) {
        if (groups == 0) fail("residual block before begin_group()");
        if (block_count >= max_blocks) return fail("more than ", max_blocks, " residual blocks");
        Block& b = blocks[block_count];
        b = {groups - 1, blocks_in_group++, x.node, node_count, -1, -1};
        block_input = x;
        in_block = true;
    }
    constexpr void end_block(Tensor y) {
        if (!in_block) return fail("end_block() without begin_block()");
        Block& b = blocks[block_count++];
        in_block = false;
        b.last = y.node;
        if (b.index == 0) return;
        const Node& last = nodes[y.node];
        if (y.shape != block_input.shape)
            return fail(last.name, ": block ", b.index, " of its group turns ", block_input.shape.text(), " into ",
                        y.shape.text(), "; only the first block of a group may change the shape");
        if (last.op != Op::conv || last.shortcut != block_input.node || y.node != node_count - 1)
            return fail(last.name, ": a block that can be skipped must end by adding its own input");
        if (last.input == block_input.node)
            return fail(last.name, ": a block that can be skipped needs two layers; a single one would overwrite the ",
                        "input that it still reads");
        if (nodes[block_input.node].slice_of >= 0)
            return fail(last.name, ": a block that can be skipped would overwrite a slice of ",
                        nodes[nodes[block_input.node].slice_of].name);
        b.gate = gates++;
        nodes[block_input.node].overwritten = true;
    }

    // The parts, read by graph.hpp.
    std::array<Node, max_nodes> nodes{};
    std::array<Block, max_blocks> blocks{};
    int node_count = 0, block_count = 0, groups = 0, gates = 0;
    Text<200> error;  // empty: everything fits

  private:
    int blocks_in_group = 0;
    bool in_block = false;
    Tensor block_input;

    constexpr void check_readable(const Name& name, Tensor x) {
        if (x.node < 0 || x.node >= node_count)
            fail(name, ": reads a tensor that no layer of this network gives");
        else if (nodes[x.node].overwritten)
            fail(name, ": reads the input of a block that can be skipped, after that block has overwritten it");
        else if (const int b = nodes[x.node].block;
                 b >= 0 && b < block_count && blocks[b].gate >= 0 && blocks[b].last != x.node)
            fail(name, ": reads ", nodes[x.node].name, ", a layer inside a block that can be skipped");
    }

    constexpr Node reading(Op op, const Name& name, Tensor x) {
        Node n;
        n.op = op;
        n.name = name;
        n.input = x.node;
        n.in = x.shape;
        check_readable(name, x);
        return n;
    }

    // Zeros by which PyTorch's ceil mode has one more window than P, if that one begins inside the map or its padding.
    static constexpr int beyond(int P, int H, const PoolOptions& o) {
        const int left_over = (H + 2 * o.pad - o.R) % o.stride;
        return left_over > 0 && P * o.stride < H + o.pad ? o.stride - left_over : 0;
    }

    constexpr Shape windowed(const Node& n, int K) {
        const Window& w = n.window;
        if (n.in.H + w.top + w.bottom < w.R || n.in.W + w.left + w.right < w.S || w.stride < 1) {
            fail(n.name, ": a ", w.R, "x", w.S, " window does not fit into ", n.in.text(), " with padding ", w.top);
            return {K, 1, 1};
        }
        return {K, w.P(n.in.H), w.Q(n.in.W)};
    }

    constexpr Tensor add(Node n, Shape out) {
        if (out.size() < 1 || out.size() > (std::int64_t(1) << 31) - 1)
            fail(n.name, ": gives ", out.text(), ", which is empty or too large");
        if (node_count == max_nodes) {
            fail(n.name, ": a network has at most ", max_nodes, " layers");
            return {0, out};
        }
        n.out = out;
        n.block = in_block ? block_count : -1;
        nodes[node_count] = n;
        return {node_count++, out};
    }
};

}  // namespace sluice
