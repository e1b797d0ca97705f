// One engine's frame on several threads, and several engines on one set of weights: the same bits as ever.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "support/engines.hpp"

using namespace sluice;
using support::check_same;
using support::Loaded;

namespace {

using Net = nets::ResNet20Cifar<>;
using NetEngine = Engine<Net, Cpu>;
// Up to 512 channels: enough columns of weights for threads to share them instead of pixels.
using Wide = nets::ResNet<graph::Name("wide"), nets::Bottleneck, nets::Stem::imagenet, 10, 33, 41, 2, 2>;

// One part after the other, the last one first.
constexpr Executor backwards(int parts) {
    return {.parts = parts, .run = [](void* self, Executor::Task task, void* context) {
                for (int part = *static_cast<int*>(self) - 1; part >= 0; --part) task(context, part);
            }};
}

// A thread for each part.
constexpr Executor threads(int parts) {
    return {.parts = parts, .run = [](void* self, Executor::Task task, void* context) {
                std::vector<std::thread> pool;
                for (int part = 0; part < *static_cast<int*>(self); ++part) pool.emplace_back(task, context, part);
                for (std::thread& t : pool) t.join();
            }};
}

template <class N>
void check_executors() {
    Loaded<N, FastPlan> net(support::generated<N>(), 0, 64);
    const auto image = support::image_for<N>();
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        const auto mask = seed == 0 ? gate::Mask<N>{} : support::random_mask<N>(seed);
        const auto expected = net.logits(image, mask);
        for (int parts : {1, 2, 3, 5, 64}) {
            CAPTURE(parts);
            Executor executor = backwards(parts);
            executor.self = &parts;
            check_same(net.logits(image, mask, executor), expected);
            if (parts > 5) continue;
            executor = threads(parts);
            executor.self = &parts;
            check_same(net.logits(image, mask, executor), expected);
        }
    }
}

}  // namespace

TEST_CASE("an executor runs a task once for each part") {
    for (int parts : {1, 2, 7}) {
        Executor executor = backwards(parts);
        executor.self = &parts;
        std::vector<int> calls(static_cast<std::size_t>(parts), 0);
        executor([&](int part) { ++calls[static_cast<std::size_t>(part)]; });
        CHECK(calls == std::vector<int>(static_cast<std::size_t>(parts), 1));
    }
    int calls = 0;
    Executor{}([&](int part) { calls += part == 0; });
    CHECK(calls == 1);
}

TEST_CASE("any number of parts, in any order and on threads, gives the same bits") {
    check_executors<Net>();
    check_executors<Wide>();
}

TEST_CASE("engines on several threads share one set of weights") {
    Loaded<Net> first(support::generated<Net>());
    constexpr int engines = 4, frames = 12;
    // Each engine has images and masks of its own; what they must give was computed alone.
    std::vector<std::vector<std::vector<float>>> expected(engines);
    const auto mask = [](int engine, int frame) {
        return support::random_mask<Net>(static_cast<std::uint64_t>(engine * 100 + frame));
    };
    for (int e = 0; e < engines; ++e)
        for (int f = 0; f < frames; ++f)
            expected[static_cast<std::size_t>(e)].push_back(
                first.logits(support::image_for<Net>(static_cast<std::uint64_t>(e)), mask(e, f)));

    std::atomic<int> wrong{0}, right{0};
    std::vector<std::thread> pool;
    for (int e = 0; e < engines; ++e)
        pool.emplace_back([&, e] {
            const auto frame_of_mine = frame_memory<NetEngine>();
            NetEngine engine = first.engine.share(frame_of_mine);
            const auto image = support::image_for<Net>(static_cast<std::uint64_t>(e));
            for (int f = 0; f < frames; ++f) {
                const auto logits = engine.run(image, mask(e, f));
                const auto& wanted = expected[static_cast<std::size_t>(e)][static_cast<std::size_t>(f)];
                ++(logits && support::same_bits(*logits, wanted).good ? right : wrong);
            }
        });
    for (std::thread& t : pool) t.join();
    CHECK(wrong == 0);
    CHECK(right == engines * frames);
}

TEST_CASE("an executor that cannot run is refused") {
    HostMemory memory = host_memory<NetEngine>();
    NetEngine engine(memory);
    REQUIRE(engine.load(support::generated<Net>()));
    const auto image = support::image_for<Net>();
    for (int parts : {0, -1, 2}) {
        const auto logits = engine.run(image, {}, Executor{.parts = parts});
        REQUIRE(!logits);
        CHECK(logits.status().kind() == Error::argument);
        CHECK(std::string(logits.message()).find("parts, expected at least 1") != std::string::npos);
    }
}

TEST_CASE("an executor of more parts than there is workspace for is refused, and runs with as much as it names") {
    static_assert(NetEngine::memory.workspace > 0);
    int parts = 3;
    Executor executor = backwards(parts);
    executor.self = &parts;
    const auto image = support::image_for<Net>();
    Loaded<Net> net(support::generated<Net>(), 0, 2);
    const auto refused = net.engine.run(image, {}, executor);
    REQUIRE(!refused);
    CHECK(refused.status().kind() == Error::memory);
    const auto each = std::to_string(NetEngine::memory.workspace);
    CHECK(refused.message() == "the region for workspace has " + std::to_string(2 * NetEngine::memory.workspace) +
                                   " bytes, the executor's 3 parts need " + std::to_string(3 * NetEngine::memory.workspace) +
                                   ": " + each + " each, see MemorySize::for_parts");

    const auto enough = frame_memory<NetEngine>(3);
    NetEngine engine = net.engine.share(enough);
    const auto logits = engine.run(image, {}, executor);
    REQUIRE_MESSAGE(logits, logits.message());
    check_same({logits->begin(), logits->end()}, net.logits(image));
}
