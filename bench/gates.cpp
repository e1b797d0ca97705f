// bench_gates: whether a skipped block takes no time. The time of ResNet-152 with half of its blocks kept, beside what the
// kept layers take in a frame with all of them; and what it costs a frame to come with another mask than the one before.
#include <algorithm>
#include <cstdio>
#include <limits>

#include "loaded.hpp"
#include "sluice/gate/policies.hpp"
#include "sluice/nets/resnet.hpp"
#include "sluice/nets/resnet_cifar.hpp"

namespace {

using namespace sluice;
using bench::Loaded;

void skipped_blocks() {
    using Net = nets::ResNet152Cifar<>;
    Loaded<Net> net;
    const gate::Mask<Net> all, half = gate::proportional<Net>(percent(50));
    tools::Trace trace(graph_of<Net>.nodes.size());
    double all_s = std::numeric_limits<double>::infinity(), half_s = all_s;
    for (int i = 0; i < 60; ++i) {  // in turns, so that all meet the same neighbours
        all_s = std::min(all_s, net.frame_s(all));
        half_s = std::min(half_s, net.frame_s(half));
        if (!net.engine.run(net.image, all, Executor{}, trace)) std::exit(1);
        trace.end_frame();
    }
    double kept_s = 0, sum_s = 0;
    for (std::size_t i = 0; i < trace.least_s.size(); ++i) {
        const int block = graph_of<Net>.nodes[i].block;
        sum_s += trace.least_s[i];
        if (block < 0 || half.runs(block)) kept_s += trace.least_s[i];
    }
    std::printf("%s, all blocks: %.2f ms; PLS-50: %.2f ms\n", Net::name.c_str(), 1e3 * all_s, 1e3 * half_s);
    std::printf("PLS-50 / all blocks: %.4f; the kept layers' share of the time: %.4f; difference %+.2f %%\n", half_s / all_s,
                kept_s / sum_s, 100 * (half_s / all_s / (kept_s / sum_s) - 1));
}

void other_masks() {
    using Net = nets::ResNet20Cifar<>;
    Loaded<Net> net;
    gate::Mask<Net> a, b;
    b.set(b.gates - 1, false);
    double same_s = std::numeric_limits<double>::infinity(), other_s = same_s;
    for (int i = 0; i < 5000; ++i) {
        net.frame_s(a);
        same_s = std::min(same_s, net.frame_s(a));
        net.frame_s(b);
        other_s = std::min(other_s, net.frame_s(a));
    }
    std::printf("%s, a frame after one with the same mask: %.2f us; after one with another: %.2f us\n", Net::name.c_str(),
                1e6 * same_s, 1e6 * other_s);
}

}  // namespace

int main() {
    skipped_blocks();
    other_masks();
}
