// Chains of layers computed a strip of rows at a time: which layers, with how many rows, and the same bits as whole
// maps.
#include "sluice/graph/strips.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "sluice/threads/team.hpp"
#include "support/engines.hpp"

using namespace sluice;
using support::check_same;
using support::Loaded;

namespace {

struct Whole : DefaultPlan {
    static constexpr bool strips = false;
};

// Odd sizes, at which some maps are still large.
using Mobile = nets::MobileNetV2<10, 97, 131>;
using Squeeze = nets::SqueezeNet11<10, 131, 97>;

template <class F, class... Net>
void for_each_network(F f, nets::List<Net...>) {
    (f(std::type_identity<Net>{}), ...);
}

// Rows that one strip after the other holds of each map, found by asking which rows every output row needs.
void check_rings(const graph::View& net, int first, int last, std::span<const short> rows, int height) {
    const auto node = [&](int i) -> const graph::Node& { return net.nodes[static_cast<std::size_t>(i)]; };
    for (int begin = 0; begin < node(last).out.H; ++begin) {  // strips begin anywhere, since threads share the rows
        std::set<int> needed;
        for (int h = begin; h < std::min(begin + height, node(last).out.H); ++h) needed.insert(h);
        for (int i = last; i-- > first;) {
            const graph::Window& w = node(i + 1).window;
            std::set<int> below;
            for (int row : needed)
                for (int r = 0; r < w.R; ++r) below.insert(row * w.stride - w.top + r);
            CHECK(*below.rbegin() - *below.begin() < rows[static_cast<std::size_t>(i)]);
            needed = below;
        }
    }
}

}  // namespace

TEST_CASE(
    "maps inside a chain are read by the next layer alone, their rings hold what a strip needs and fit the caches") {
    int chains = 0;
    for_each_network(
        [&]<class Net>(std::type_identity<Net>) {
            CAPTURE(Net::name.view());
            static constexpr auto strips = graph::strips(graph_of<Net>);
            static constexpr auto map = graph::memory_map(graph_of<Net>.nodes, strips);
            const auto& nodes = graph_of<Net>.nodes;
            for (int first = 0; first < static_cast<int>(nodes.size()); ++first) {
                const int length = strips.length[static_cast<std::size_t>(first)], last = first + length - 1;
                if (length == 0) continue;
                ++chains;
                REQUIRE(length > 1);
                check_rings(graph_view<Net>, first, last, strips.rows, strips.height[static_cast<std::size_t>(first)]);
                std::int64_t bytes = 0;
                for (int i = first; i < last; ++i) {
                    const graph::Placement& ring = map.nodes[static_cast<std::size_t>(i)];
                    CHECK(ring.end - ring.begin == std::int64_t(strips.rows[static_cast<std::size_t>(i)]) * ring.row);
                    CHECK(ring.begin * 4 >= bytes);  // behind the one before
                    bytes = ring.end * 4;
                    for (int j = 0; j < static_cast<int>(nodes.size()); ++j) {
                        const graph::Node& reader = nodes[static_cast<std::size_t>(j)];
                        CHECK((reader.input == i) == (j == i + 1));
                        CHECK(reader.shortcut != i);
                    }
                }
                CHECK(bytes <= 2 * graph::most_ring_bytes);
            }
        },
        nets::networks{});
    CHECK(chains > 20);
}

TEST_CASE_TEMPLATE("strips give the bits of whole maps, for any number of threads, in less memory", Net, Mobile,
                   Squeeze) {
    const auto weights = support::generated<Net>();
    Loaded<Net> strips(weights, 0, 5);
    Loaded<Net, Whole> whole(weights, 0, 5);
    CHECK(strips.engine.memory.activations + strips.engine.memory.workspace <
          whole.engine.memory.activations + whole.engine.memory.workspace);
    for (std::uint64_t seed = 1; seed < 3; ++seed) {
        const auto image = support::image_for<Net>(seed);
        const auto expected = whole.logits(image);
        check_same(strips.logits(image), expected);
        for (int threads : {2, 3, 5}) {
            CAPTURE(threads);
            Team team(threads);
            check_same(strips.logits(image, {}, team.executor()), expected);
        }
    }
}

TEST_CASE_TEMPLATE("an observer sees every row of every map once, and the values of whole maps", Net, Mobile, Squeeze) {
    const auto weights = support::generated<Net>();
    Loaded<Net> strips(weights);
    Loaded<Net, Whole> whole(weights);
    const auto image = support::image_for<Net>();
    const auto& nodes = graph_of<Net>.nodes;
    using Maps = std::vector<std::vector<float>>;
    int pieces = 0;
    const auto maps_of = [&](auto& engine) {
        Maps maps(nodes.size());
        std::vector<int> rows(nodes.size());
        const auto logits = engine.run(image, gate::Mask<Net>{}, Executor{}, [&](const Work& work, auto&& call) {
            call();
            ++pieces;
            const auto node = static_cast<std::size_t>(work.node);
            CHECK(work.row == rows[node]);
            rows[node] += work.rows;
            for (int h = 0; h < work.rows; ++h)
                for (int w = 0; w < nodes[node].out.W; ++w) {
                    const float* pixel =
                        work.out + std::ptrdiff_t(h) * work.row_pitch + std::ptrdiff_t(w) * work.pixel_pitch;
                    maps[node].insert(maps[node].end(), pixel, pixel + nodes[node].out.C);
                }
        });
        REQUIRE(logits);
        return maps;
    };
    const Maps expected = maps_of(whole.engine);
    CHECK(pieces == static_cast<int>(nodes.size()));
    const Maps maps = maps_of(strips.engine);
    CHECK(pieces > 2 * static_cast<int>(nodes.size()));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        CAPTURE(nodes[i].name.view());
        check_same(maps[i], expected[i]);
    }
}
