// Times a network by a plan, for ./run plan --measure, which gives PLAN_HEADER and PLAN_TYPE. The logits are compared
// with the reference primitive's first. Prints one line: least and median milliseconds of a frame.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include PLAN_HEADER
#include "generated_weights.hpp"
#include "sluice/host_memory.hpp"
#include "sluice/nets/networks.hpp"
#include "sluice/plan/measured.hpp"
#include "sluice/threads/team.hpp"
#include "sluice_kernels/cpu.hpp"
#include "trace.hpp"

using namespace sluice;
using Plan = plans::PLAN_TYPE;

// The network of the plan's name, out of the list.
template <class... Net>
auto planned(nets::List<Net...>) {
    return std::get<0>(std::tuple_cat(
        std::conditional_t<Net::name.view() == Plan::network, std::tuple<std::type_identity<Net>>, std::tuple<>>{}...));
}
using Net = decltype(planned(nets::networks{}))::type;
using Planned = Engine<Net, Cpu, Plan>;
using Program = Cpu::Program<Net, Plan>;

static_assert(is_plan_of<Plan>(graph_view<Net>), "the plan is of another graph");
static_assert(keeps_to_plan<Plan>(Program::isa, Planned::memory.workspace, std::size_t(Program::program.weights) * 4),
              "the engine has other bytes than the plan says");

template <class E>
std::vector<float> logits(const std::vector<std::byte>& weights, const std::vector<float>& image) {
    const HostMemory memory = host_memory<E>();
    E engine{memory};
    if (Status s = engine.load(weights, SelfTest::skip); !s)
        return std::fprintf(stderr, "%s\n", s.message()), std::vector<float>{};
    const auto found = engine.run(image, gate::Mask<Net>{});
    return {found->begin(), found->end()};
}

int main() {
    const std::vector<std::byte> weights = tools::generated_weights(graph_view<Net>, Net::name.view(), 1);
    std::vector<float> image(Planned::input.size());
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = GeneratedImage{1}(std::ptrdiff_t(i));

    const std::vector<float> found = logits<Planned>(weights, image);
    const std::vector<float> expected = logits<Engine<Net, Cpu, UniformPlan<"reference">>>(weights, image);
    double difference = 0, largest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        difference = std::fmax(difference, std::fabs(double(found[i]) - double(expected[i])));
        largest = std::fmax(largest, std::fabs(double(expected[i])));
    }
    const double tolerance = Planned::error_growth <= 100 ? 1e-4 : 1e-2;  // of weights stored as bfloat16
    if (found.empty() || !(difference <= tolerance * largest)) {
        std::fprintf(stderr, "the logits differ from the reference primitive's by %g of %g\n", difference, largest);
        return 6;
    }

    const HostMemory memory = host_memory<Planned>(0, Plan::threads);
    Planned engine{memory};
    if (Status s = engine.load(weights, SelfTest::skip); !s) return 1;
    Team team(Plan::threads);
    std::vector<double> ms;
    for (const auto start = tools::Clock::now(); ms.size() < 7 || tools::seconds_since(start) < 2;) {
        const auto frame = tools::Clock::now();
        (void)engine.run(image, gate::Mask<Net>{}, team.executor());
        ms.push_back(1e3 * tools::seconds_since(frame));
    }
    std::sort(ms.begin(), ms.end());
    std::printf("%.6f %.6f\n", ms.front(), ms[ms.size() / 2]);
}
