// An engine with made-up weights and an image, for benchmarks that need no more than that.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "generated_weights.hpp"
#include "sluice/host_memory.hpp"
#include "sluice_kernels/cpu.hpp"
#include "trace.hpp"

namespace sluice::bench {

template <class Net>
struct Loaded {
    using Engine = sluice::Engine<Net, Cpu>;
    HostMemory memory;
    Engine engine{memory};
    std::vector<float> image = std::vector<float>(Engine::input.size(), 0.5f);

    explicit Loaded(int parts = 1) : memory(host_memory<Engine>(0, parts)) {
        const auto weights = tools::generated_weights(graph_view<Net>, Net::name.view(), 1);
        if (const Status s = engine.load(weights); !s) std::puts(s.message()), std::exit(1);
    }
    double frame_s(const gate::Mask<Net>& mask = {}, const Executor& executor = {}) {
        const auto start = tools::Clock::now();
        if (!engine.run(image, mask, executor)) std::exit(1);
        return tools::seconds_since(start);
    }
};

}  // namespace sluice::bench
