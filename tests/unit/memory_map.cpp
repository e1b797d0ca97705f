// The memory map against brute force: each network is walked node by node, for the full mask and for seeded ones, and
// whatever will still be read must not be overwritten.
#include "sluice/graph/memory_map.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "sluice/gate/accounting.hpp"
#include "sluice/nets/networks.hpp"
#include "support/random.hpp"

using namespace sluice;

namespace {

struct Walk {
    const graph::View net;
    std::span<const graph::Placement> places;
    std::vector<bool> runs;  // by node
    std::vector<int> chains = std::vector<int>(net.nodes.size());  // by first node: how many are computed in strips

    // For every float of the arena the node whose output it holds, halo included; -1: nothing.
    std::vector<int> owner;
    std::int64_t peak = 0;  // largest sum of buffers that had to exist at the same time

    Walk(const graph::View& view, std::span<const graph::Placement> map, std::int64_t arena)
        : net(view), places(map), runs(view.nodes.size(), true), owner(static_cast<std::size_t>(arena), -1) {}

    template <class Net>
    void apply(const gate::Mask<Net>& mask) {
        for (std::size_t i = 0; i < net.nodes.size(); ++i)
            runs[i] = net.nodes[i].block < 0 || mask.runs(net.nodes[i].block);
    }

    // Where a node's value comes from: itself, or, if its block is shut, the block's input.
    int source(int node) const {
        while (node >= 0 && !runs[static_cast<std::size_t>(node)])
            node = net.blocks[static_cast<std::size_t>(net.nodes[static_cast<std::size_t>(node)].block)].input;
        return node;
    }
    const graph::Placement& place(int node) const { return places[static_cast<std::size_t>(node)]; }

    // Whether the node's map and the halo around it hold nothing else.
    bool whole(int node) const {
        const graph::Placement& p = place(node);
        return std::all_of(owner.begin() + p.begin, owner.begin() + p.end, [&](int o) { return o == node; });
    }

    // A slice leaves the other channels as they are; its halo is that of the whole, zero whoever writes.
    void write(int node) {
        const graph::Node& n = net.nodes[static_cast<std::size_t>(node)];
        const graph::Placement& p = place(node);
        const int concat = n.op == graph::Op::concat ? node : n.slice_of;
        if (concat < 0) return std::fill(owner.begin() + p.begin, owner.begin() + p.end, node), void();
        if (n.slice_of >= 0 && p.buffer == node) std::fill(owner.begin() + p.begin, owner.begin() + p.end, concat);
        for (int h = 0; h < n.out.H; ++h)
            for (int w = 0; w < n.out.W; ++w) {
                const auto first = owner.begin() + p.origin + std::int64_t(h) * p.row + std::int64_t(w) * p.pixel;
                // Every part has written its own channels before the whole counts as written.
                if (n.op == graph::Op::concat)
                    CHECK(std::all_of(first, first + n.out.C, [&](int o) {
                        return o >= 0 && net.nodes[static_cast<std::size_t>(o)].slice_of == node;
                    }));
                std::fill(first, first + n.out.C, n.op == graph::Op::concat ? concat : node);
            }
    }

    // Executes the network. Every input must still be whole when it is read, the result at the end.
    void run() {
        const int count = static_cast<int>(net.nodes.size());
        for (int i = 0; i < count; ++i) {
            const graph::Node& n = net.nodes[static_cast<std::size_t>(i)];
            if (!runs[static_cast<std::size_t>(i)]) continue;
            CAPTURE(n.name.view());
            for (int read : {n.input, n.shortcut}) {
                if (read < 0 || n.op == graph::Op::concat) continue;
                const int from = source(read);
                CHECK(place(read).origin == place(from).origin);  // a shut block has left its input where its output is
                CHECK(place(read).row == place(from).row);
                CHECK(whole(from));
            }
            // Only a shortcut may lie where the output does; what else is read meanwhile must not be written.
            const int last = std::max(i, i + chains[static_cast<std::size_t>(i)] - 1);  // rings lie elsewhere
            const auto apart = [&](int read) {
                return place(read).end <= place(last).begin || place(last).end <= place(read).begin;
            };
            if (n.input >= 0 && n.op != graph::Op::concat) CHECK(apart(n.input));
            if (n.shortcut >= 0) CHECK((apart(n.shortcut) || place(n.shortcut).buffer == place(i).buffer));
            write(last);
            i = last;
        }
        CHECK(whole(source(count - 1)));
    }
};

template <class F, class... Net>
void for_each_network(F f, nets::List<Net...>) {
    (f(std::type_identity<Net>{}), ...);
}

// Sum of all buffers that are read at node i or later but written at i or earlier, largest over i: no placement needs
// less.
std::int64_t lower_bound(const graph::View& net, std::span<const graph::Placement> places) {
    const int count = static_cast<int>(net.nodes.size());
    std::vector<int> first(places.size(), count), last(places.size(), -1);
    const auto touch = [&](int node, int when) {
        const auto b = static_cast<std::size_t>(places[static_cast<std::size_t>(node)].buffer);
        first[b] = std::min(first[b], when);
        last[b] = std::max(last[b], when);
    };
    for (int i = 0; i < count; ++i) {
        touch(i, i);
        for (int read : {net.nodes[static_cast<std::size_t>(i)].input, net.nodes[static_cast<std::size_t>(i)].shortcut})
            if (read >= 0) touch(read, i);
    }
    std::int64_t most = 0;
    for (int i = 0; i < count; ++i) {
        std::int64_t sum = 0;
        for (std::size_t b = 0; b < places.size(); ++b)
            if (first[b] <= i && i <= last[b]) sum += places[b].end - places[b].begin;
        most = std::max(most, sum);
    }
    return most;
}

// Legal as a plain layer, though not as a block that can be skipped.
struct SelfAdding {
    static constexpr graph::Name name{"self_adding"};
    static constexpr void describe(graph::Builder& b) {
        const auto x = b.conv("first", b.input({8, 6, 6}), {.K = 8});
        b.conv("second", x, {.K = 8, .R = 3, .pad = 1, .shortcut = x});
    }
};

}  // namespace

TEST_CASE("no buffer is overwritten while somebody will read it, whatever the gates") {
    for_each_network(
        []<class Net>(std::type_identity<Net>) {
            CAPTURE(Net::name.view());
            static constexpr auto map = graph::memory_map(graph_of<Net>.nodes);
            const int masks = map.floats < 300'000 ? 10 : 2;
            for (int seed = 0; seed < masks; ++seed) {
                CAPTURE(seed);
                Walk walk(graph_view<Net>, map.nodes, map.floats);
                if (seed > 0) walk.apply(support::random_mask<Net>(static_cast<std::uint64_t>(seed)));
                walk.run();
            }

            static constexpr auto strips = graph::strips(graph_of<Net>);
            static constexpr auto smaller = graph::memory_map(graph_of<Net>.nodes, strips);
            CHECK(smaller.floats <= map.floats);
            Walk walk(graph_view<Net>, smaller.nodes, smaller.floats);
            walk.chains.assign(strips.length.begin(), strips.length.end());
            walk.run();
        },
        nets::networks{});
}

TEST_CASE("a convolution that adds its own input does not write onto it: neighbours still read there") {
    static constexpr auto map = graph::memory_map(graph_of<SelfAdding>.nodes);
    Walk(graph_view<SelfAdding>, map.nodes, map.floats).run();
}

TEST_CASE("halos are as wide as any reader's padding, maps lie inside their buffers") {
    for_each_network(
        []<class Net>(std::type_identity<Net>) {
            CAPTURE(Net::name.view());
            static constexpr auto map = graph::memory_map(graph_of<Net>.nodes);
            for (std::size_t i = 0; i < map.nodes.size(); ++i) {
                const graph::Node& n = graph_of<Net>.nodes[i];
                CAPTURE(n.name.view());
                const graph::Placement& p = map.nodes[i];
                CHECK(p.begin % 16 == 0);
                CHECK((p.begin >= 0 && p.end <= map.floats));
                CHECK(p.pixel >= n.out.C);
                CHECK(p.row == (p.left + n.out.W + p.right) * p.pixel);
                CHECK(p.origin == p.begin + p.top * p.row + p.left * p.pixel + n.channel);
                CHECK(p.end - p.begin == static_cast<std::int64_t>(p.top + n.out.H + p.bottom) * p.row);
                if (n.op != graph::Op::conv) continue;
                const graph::Placement& in = map.nodes[static_cast<std::size_t>(n.input)];
                CHECK(in.top >= n.window.top);
                CHECK(in.left >= n.window.left);
                // The last window's last row and column, counted from the map's end.
                CHECK(in.bottom >= (n.out.H - 1) * n.window.stride - n.window.top + n.window.R - n.in.H);
                CHECK(in.right >= (n.out.W - 1) * n.window.stride - n.window.left + n.window.S - n.in.W);
            }
        },
        nets::networks{});
}

TEST_CASE("blocks that can be skipped write onto their input") {
    for_each_network(
        []<class Net>(std::type_identity<Net>) {
            CAPTURE(Net::name.view());
            static constexpr auto map = graph::memory_map(graph_of<Net>.nodes);
            for (const graph::Block& b : graph_of<Net>.blocks) {
                if (b.gate < 0) continue;
                const graph::Placement& in = map.nodes[static_cast<std::size_t>(b.input)];
                const graph::Placement& out = map.nodes[static_cast<std::size_t>(b.last)];
                CHECK((in.begin == out.begin && in.origin == out.origin && in.pixel == out.pixel && in.row == out.row));
            }
        },
        nets::networks{});
}

TEST_CASE("the arena holds what must exist at the same time, and at most a tenth more") {
    for_each_network(
        []<class Net>(std::type_identity<Net>) {
            static constexpr auto map = graph::memory_map(graph_of<Net>.nodes);
            const std::int64_t bound = lower_bound(graph_view<Net>, map.nodes);
            CHECK(map.floats >= bound);
            CHECK(map.floats * 10 <= bound * 11);
            std::printf("%-18s arena %9lld bytes, at the very least %9lld\n", Net::name.c_str(),
                        static_cast<long long>(map.floats * 4), static_cast<long long>(bound * 4));
        },
        nets::networks{});
}
