// What a network is made of: nodes (one operation each) in execution order, and residual blocks over ranges of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sluice/core/shape.hpp"

namespace sluice::inline SLUICE_ABI::graph {

enum class Op : std::uint8_t {
    input,         // the image, CHW as PyTorch has it
    conv,          // convolution, folded batch norm, optional shortcut, activation
    linear,        // fully connected: a convolution with a window as large as its map, whose weight is a matrix
    max_pool,
    average_pool,  // of the whole map, or of P x Q parts of almost equal size (PyTorch's adaptive pool)
    subsample,     // He et al.'s option A: every stride-th pixel, zero channels before and after
    concat,        // nothing to compute: its parts write into slices of one map
};

enum class Activation : std::uint8_t { none, relu, relu6 };

// A sliding window of R x S with zero padding. P, Q: output height and width.
struct Window {
    int R = 1, S = 1, stride = 1;
    int top = 0, left = 0, bottom = 0, right = 0;

    constexpr int P(int H) const { return (H + top + bottom - R) / stride + 1; }
    constexpr int Q(int W) const { return (W + left + right - S) / stride + 1; }
    // Rows below (columns right of) the map that the last window really reads; less than `bottom` where stride skips.
    constexpr int below(int H) const { return (P(H) - 1) * stride + R - top - H; }
    constexpr int beside(int W) const { return (Q(W) - 1) * stride + S - left - W; }
};

using Name = Text<47>;

struct Node {
    Op op = Op::input;
    Name name;          // as in the checkpoint: "layer1.0.conv2"
    int input = -1;     // the node whose output this one reads
    int shortcut = -1;  // the node whose output is added before the activation, or -1
    int slice_of = -1;  // the concatenation whose map this one's output is a slice of, or -1
    int channel = 0;    // first channel of that slice
    int block = -1;     // the residual block this belongs to, or -1
    Shape in, out;
    Window window;
    int groups = 1;
    bool norm = false;  // has a batch norm in training: counts 2K parameters
    bool bias = false;  // has a bias of its own: counts K parameters
    Activation act = Activation::none;
    bool overwritten = false;  // a block that can be skipped writes its result onto this one's

    constexpr bool has_weights() const { return op == Op::conv || op == Op::linear; }
    constexpr std::int64_t weights() const {
        return has_weights() ? std::int64_t(out.C) * (in.C / groups) * window.R * window.S : 0;
    }
    constexpr std::int64_t parameters() const {
        return weights() + ((norm ? 2 : 0) + (bias ? 1 : 0)) * std::int64_t(out.C);
    }
    // Multiply-accumulates of one image, as every framework counts them: convolutions and linear layers alone.
    constexpr std::int64_t macs() const { return weights() * out.H * out.W; }
};

// One residual block: nodes [first, last], reading and, if a gate may shut it, overwriting the output of node `input`.
struct Block {
    int group = 0;  // 0-based: torchvision's layer1 is group 0
    int index = 0;  // 0-based position within the group
    int input = -1;
    int first = -1, last = -1;
    int gate = -1;  // bit of the gate mask, or -1: the first block of a group is always run
};

// Run-time view of any network's graph, so that functions over graphs are ordinary functions.
struct View {
    std::span<const Node> nodes;
    std::span<const Block> blocks;
    int groups = 0;
    int gates = 0;
};

// Storage of a graph with exactly N nodes and B blocks.
template <int N, int B>
struct Graph {
    std::array<Node, N> nodes{};
    std::array<Block, B> blocks{};
    int groups = 0;
    int gates = 0;

    constexpr operator View() const { return {nodes, blocks, groups, gates}; }
};

}  // namespace sluice
