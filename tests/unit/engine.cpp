// The engine frame by frame: gates, memory, errors of the caller. What load() refuses is in engine_load.cpp.
#include <doctest/doctest.h>

#include <cstring>
#include <set>

#include "sluice/gate/accounting.hpp"
#include "support/allocations.hpp"
#include "support/engines.hpp"

using namespace sluice;
using support::check_same;
using support::Loaded;
using support::WeightsWriter;

namespace {

using Net = nets::ResNet20Cifar<>;
using NetEngine = Engine<Net, Cpu>;

// The same family with two blocks in each group instead of three.
using Shorter = nets::CifarResNet<graph::Name("shorter"), nets::Shortcut::A, 10, 2>;
using LongB = nets::CifarResNet<graph::Name("long_b"), nets::Shortcut::B, 10, 3>;
using ShortB = nets::CifarResNet<graph::Name("short_b"), nets::Shortcut::B, 10, 2>;

// Bottlenecks, up to 512 channels, whose pixels have gaps between them.
template <graph::Name name, int... blocks>
using Bottlenecks = nets::ResNet<name, nets::Bottleneck, nets::Stem::cifar, 10, 8, 8, blocks...>;
using LongBottlenecks = Bottlenecks<graph::Name("long_bottlenecks"), 2, 3>;
using ShortBottlenecks = Bottlenecks<graph::Name("short_bottlenecks"), 1, 2>;

// Logits of Long with the given gates must be those of Short, whose weights have the same names and so the same values.
// FastPlan: under the default plan's bound a layer's primitive depends on the other layers.
template <class Long, class Short>
void check_as_if_never_built(const gate::Mask<Long>& mask) {
    REQUIRE(mask.kept() == blocks_per_group<Short>);
    Loaded<Long, FastPlan> gated(support::generated<Long>(7));
    Loaded<Short, FastPlan> built(support::generated<Short>(7));
    const auto image = support::image_for<Long>();
    check_same(gated.logits(image, mask), built.logits(image));
}

}  // namespace

TEST_CASE("a network with its last blocks shut is, to the bit, the network without them") {
    check_as_if_never_built<Net, Shorter>(gate::keep<Net>({2, 2, 2}));
    check_as_if_never_built<LongB, ShortB>(gate::keep<LongB>({2, 2, 2}));
    check_as_if_never_built<LongBottlenecks, ShortBottlenecks>(gate::keep<LongBottlenecks>({1, 2}));
}

TEST_CASE("a network with an inner block shut is, to the bit, the one in which later blocks have moved up") {
    WeightsWriter file(support::generated<Net>(7));
    Loaded<Net, FastPlan> gated(file.bytes());
    for (const char* group : {"layer1.", "layer2.", "layer3."}) {
        file.remove(group + std::string("1."));
        for (auto& t : file.tensors)
            if (t.name.starts_with(group + std::string("2."))) t.name[7] = '1';
    }
    file.metadata["network"] = "shorter";
    Loaded<Shorter, FastPlan> built(file.bytes());
    const auto image = support::image_for<Net>();
    check_same(gated.logits(image, support::mask_of<Net>("010101")), built.logits(image));
}

TEST_CASE("a shut gate executes nothing: steps and multiply-accumulates of every mask of ResNet-20") {
    Loaded<Net> net(support::generated<Net>());
    const auto image = support::image_for<Net>();
    std::set<std::vector<float>> different;
    for (unsigned bits = 0; bits < 64; ++bits) {
        gate::Mask<Net> mask;
        for (int g = 0; g < 6; ++g) mask.set(g, (bits >> g & 1) != 0);
        std::int64_t executed = 0;
        std::vector<int> steps, expected;
        const auto logits = net.engine.run(image, mask, {}, [&](const Work& work, auto&& call) {
            executed += graph_of<Net>.nodes[static_cast<std::size_t>(work.node)].macs();
            steps.push_back(work.node);
            call();
        });
        REQUIRE(logits);
        different.insert({logits->begin(), logits->end()});
        for (std::size_t i = 0; i < graph_of<Net>.nodes.size(); ++i)
            if (const int block = graph_of<Net>.nodes[i].block; block < 0 || mask.runs(block))
                expected.push_back(static_cast<int>(i));
        CHECK(executed == macs<Net>(mask));
        CHECK(steps == expected);
    }
    CHECK(different.size() == 64);  // every gate matters
}

TEST_CASE("no mask, the mask with all gates open, and the way back to it give the same bits") {
    Loaded<Net> net(support::generated<Net>());
    const auto image = support::image_for<Net>();
    const auto whole = net.logits(image);
    check_same(net.logits(image, support::mask_of<Net>("111111")), whole);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto mask = support::random_mask<Net>(seed);
        const auto once = net.logits(image, mask);
        CHECK((once != whole || mask == gate::Mask<Net>{}));
        check_same(net.logits(image), whole);
        check_same(net.logits(image, mask), once);
    }
}

TEST_CASE("a frame depends on nothing that an earlier one or the lender left in memory") {
    const auto file = support::generated<Net>();
    const auto image = support::image_for<Net>();
    Loaded<Net> clean(file);
    const auto memory = host_memory<NetEngine>();
    const Memory regions = memory;
    for (const auto& region : {regions.weights, regions.activations, regions.workspace})
        std::fill(region.begin(), region.end(), std::byte{0xFF});  // NaNs
    NetEngine engine{memory};
    REQUIRE(engine.load(file));
    for (const char* bits : {"111111", "000000", "101010"}) {
        for (const auto& region : {regions.activations, regions.workspace})
            std::fill(region.begin(), region.end(), std::byte{0xFF});
        const auto logits = engine.run(image, support::mask_of<Net>(bits));
        REQUIRE(logits);
        check_same({logits->begin(), logits->end()}, clean.logits(image, support::mask_of<Net>(bits)));
    }
}

TEST_CASE("load and run take nothing from the heap") {
    WeightsWriter writer(support::generated<Net>());
    const auto image = support::image_for<Net>();
    writer.add("selftest.logits", Loaded<Net>(writer.bytes()).logits(image));
    writer.metadata["selftest_seed"] = "1", writer.metadata["input"] = "3x32x32";
    const auto file = writer.bytes();
    const auto memory = host_memory<NetEngine>();
    NetEngine engine{memory};
    const auto mask = support::mask_of<Net>("011010");

    const std::int64_t before = support::allocations();
    const bool loaded = static_cast<bool>(engine.load(file));
    const std::int64_t after_load = support::allocations();
    bool ran = true;
    for (int frame = 0; frame < 3; ++frame) ran = ran && engine.run(image) && engine.run(image, mask);
    const std::int64_t after_run = support::allocations();
    const bool refused = !engine.run({image.data(), 7});
    const std::int64_t after_error = support::allocations();

    CHECK(loaded);
    CHECK(ran);
    CHECK(refused);
    CHECK(after_load == before);
    CHECK(after_run == after_load);
    CHECK(after_error == after_run);
}

TEST_CASE("the engine touches the memory that it was lent and no byte beside it") {
    constexpr std::size_t guard = 256;
    const auto need = NetEngine::memory;
    struct Region {
        std::vector<std::byte> bytes;
        std::size_t begin = 0, size = 0;
        std::span<std::byte> lend(std::size_t n) {
            size = n;
            bytes.assign(n + 2 * guard + memory_alignment, std::byte{0xA5});
            while (reinterpret_cast<std::uintptr_t>(bytes.data() + guard + begin) % memory_alignment != 0) ++begin;
            begin += guard;
            return {bytes.data() + begin, n};
        }
        bool intact() const {
            for (std::size_t i = 0; i < bytes.size(); ++i)
                if ((i < begin || i >= begin + size) && bytes[i] != std::byte{0xA5}) return false;
            return true;
        }
    } weights, activations, workspace;
    NetEngine engine{{.weights = weights.lend(need.weights),
                      .activations = activations.lend(need.activations),
                      .workspace = workspace.lend(need.workspace),
                      .settings = {}}};
    const auto file = support::generated<Net>();
    const auto copy = file;
    REQUIRE(engine.load(file));
    const auto image = support::image_for<Net>(), image_copy = image;
    const auto packed = weights.bytes;
    for (const char* bits : {"111111", "000000", "101010"}) REQUIRE(engine.run(image, support::mask_of<Net>(bits)));
    CHECK(weights.intact());
    CHECK(activations.intact());
    CHECK(workspace.intact());
    CHECK(weights.bytes == packed);  // constant after load
    CHECK(file == copy);
    CHECK(image == image_copy);
}

TEST_CASE("regions that do not suffice are named") {
    const auto file = support::generated<Net>();
    const auto own = host_memory<NetEngine>();
    const Memory good = own;
    const auto message = [&](const Memory& m) { return std::string(NetEngine{m}.load(file).message()); };
    const auto need = [](std::size_t have, std::size_t bytes, const std::string& pool) {
        return "the region for " + pool + " has " + std::to_string(have) + " bytes, needs " + std::to_string(bytes);
    };
    Memory m = good;
    m.weights = m.weights.first(m.weights.size() - 1);
    CHECK(message(m) == need(NetEngine::memory.weights - 1, NetEngine::memory.weights, "weights"));
    m = good, m.activations = {};
    CHECK(message(m) == need(0, NetEngine::memory.activations, "activations"));
    m = good;
    std::vector<std::byte> little(64);
    m.settings = little;  // lent, but not enough for a single setting
    CHECK(message(m) == need(64, NetEngine::memory.setting, "settings"));

    const HostMemory wide(
        MemorySize{.weights = NetEngine::memory.weights + 64, .activations = 0, .workspace = 0, .setting = 0});
    m = good, m.weights = Memory(wide).weights.subspan(4);
    CHECK(message(m) == "the region for weights is not aligned to 64 bytes");
    CHECK(NetEngine{m}.load(file).kind() == Error::memory);

    // A twin is checked when it runs.
    Loaded<Net> net(file);
    m = good, m.activations = m.activations.first(64);
    CHECK(std::string(net.engine.share(m).run(support::image_for<Net>()).message()) ==
          need(64, NetEngine::memory.activations, "activations"));
}

TEST_CASE("run refuses to run without weights, and an image of another size") {
    const auto memory = host_memory<NetEngine>();
    NetEngine engine{memory};
    const auto image = support::image_for<Net>();
    CHECK(std::string(engine.run(image).message()) == "the engine has no weights: load() them first");
    REQUIRE(engine.load(support::generated<Net>()));
    CHECK(std::string(engine.run({image.data(), image.size() - 1}).message()) ==
          "the image has 3071 floats, expected 3x32x32 = 3072");
    CHECK(engine.run(std::span<const float>{}).status().kind() == Error::argument);
    std::vector<float> larger = image;
    larger.push_back(0);
    CHECK(std::string(engine.run(larger).message()) == "the image has 3073 floats, expected 3x32x32 = 3072");
    CHECK(engine.run(image));
}

TEST_CASE("the plan of reference primitives agrees with the default plan") {
    const auto file = support::generated<Net>(3);
    const auto image = support::image_for<Net>(3);
    Loaded<Net> net(file);
    Loaded<Net, UniformPlan<"reference">> yardstick(file);
    for (std::size_t i = 0; i < graph_of<Net>.nodes.size(); ++i) {
        const bool has_weights = graph_of<Net>.nodes[i].has_weights();
        CHECK(decltype(yardstick.engine)::primitive(static_cast<int>(i)) == (has_weights ? "reference" : ""));
        CHECK(NetEngine::primitive(static_cast<int>(i)).empty() == !has_weights);
    }
    CHECK(NetEngine::primitive(1) != "reference");
    for (const char* bits : {"111111", "000000", "010110"}) {
        const auto mask = support::mask_of<Net>(bits);
        support::check_close(net.logits(image, mask), yardstick.logits(image, mask), 1e-5);
    }
}
