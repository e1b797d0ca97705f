// What tests of the engine share: an engine with its memory and weights, and the logits of a frame.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "sluice/gate/policies.hpp"
#include "sluice/host_memory.hpp"
#include "sluice/nets/networks.hpp"
#include "sluice_kernels/cpu.hpp"
#include "support/random.hpp"
#include "support/tolerance.hpp"
#include "support/writer.hpp"

namespace support {

// An engine that owns its memory and has loaded a file.
template <class Net, class Plan = sluice::DefaultPlan>
struct Loaded {
    using Engine = sluice::Engine<Net, sluice::Cpu, Plan>;

    sluice::HostMemory memory;
    Engine engine;

    explicit Loaded(std::span<const std::byte> file, std::size_t settings = 0, int parts = 1)
        : memory(sluice::host_memory<Engine>(settings, parts)), engine(memory) {
        const sluice::Status status = engine.load(file);
        REQUIRE_MESSAGE(status, status.message());
    }

    std::vector<float> logits(const std::vector<float>& image, const sluice::gate::Mask<Net>& mask = {},
                              const sluice::Executor& executor = {}) {
        const auto result = engine.run(image, mask, executor);
        REQUIRE_MESSAGE(result, result.message());
        return {result->begin(), result->end()};
    }
};

template <class Net>
std::vector<float> image_for(std::uint64_t seed = 1) {
    return generated_image(seed, sluice::graph_of<Net>.nodes.front().out);
}

// The mask that is written "1101...", one digit for each gate.
template <class Net>
sluice::gate::Mask<Net> mask_of(const std::string& bits) {
    sluice::gate::Mask<Net> mask;
    REQUIRE(bits.size() == static_cast<std::size_t>(mask.gates));
    for (int g = 0; g < mask.gates; ++g) mask.set(g, bits[static_cast<std::size_t>(g)] == '1');
    return mask;
}

inline void check_same(const std::vector<float>& actual, const std::vector<float>& expected) {
    const Verdict verdict = same_bits(actual, expected);
    CHECK_MESSAGE(verdict.good, verdict.why);
}
inline void check_close(const std::vector<float>& actual, const std::vector<float>& expected, double tolerance) {
    const Verdict verdict = close<float>(actual, expected, tolerance);
    CHECK_MESSAGE(verdict.good, verdict.why);
}

}  // namespace support
