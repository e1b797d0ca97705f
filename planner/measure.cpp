// Times a network by a plan, for ./run plan --measure, which gives PLAN_HEADER and PLAN_TYPE: with whole maps, as its costs
// were measured; with strips, as ready plans are; and beside it the default plan. All logits are compared with the
// reference primitive's first. Prints a line for each: least and median milliseconds of a frame, bytes of workspace of all
// threads and of packed weights. The median is that of the quietest turn, as costs are of the quietest round. That the first
// has the bytes which the plan promises, its engine asserts. A last line holds the plan against the sum of its layers, each
// timed by itself in turns with whole frames: median milliseconds of the sum, and the median of a frame's time in those of
// the sum beside it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <tuple>
#include <vector>

#include PLAN_HEADER
#include "bandwidth.hpp"
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

// The same primitives, but large maps come into being strip by strip.
struct InStrips : DefaultPlan {
    static constexpr std::string_view primitive(int i, const graph::Node& n) { return Plan::primitive(i, n); }
};

std::vector<float> image;

template <class E>
std::vector<float> logits(E& engine, const Executor& executor) {
    const auto found = engine.run(image, gate::Mask<Net>{}, executor);
    return {found->begin(), found->end()};
}

// Engines by one of the plans, and the times of their frames. So many that their weights fill the caches several times over,
// and each frame is the next one's: its weights are as cold as those that the costs are of. All have the same maps. Turns of
// some frames each, one plan after the other: what disturbs the machine for a while disturbs them alike.
template <class P>
class Subject {
    using E = Engine<Net, Cpu, P>;
    struct Copy {
        HostMemory weights{{.weights = E::memory.weights}};
        E engine;
        explicit Copy(Memory frame) : engine({Memory(weights).weights, frame.activations, frame.workspace, {}}) {}
    };
    HostMemory frame_ = frame_memory<E>(Plan::threads);
    std::vector<std::unique_ptr<Copy>> copies_;
    std::size_t next_ = 0;
    double least_ms_ = 1e9, median_ms_ = 1e9;

  public:
    bool load(const std::vector<std::byte>& weights) {
        const std::size_t count = tools::stream_bytes(tools::machine()) / E::memory.weights + 1;
        while (copies_.size() < count) {
            copies_.push_back(std::make_unique<Copy>(frame_));
            const Status s = copies_.back()->engine.load(weights, SelfTest::skip);
            if (!s) std::fprintf(stderr, "%s\n", s.message());
            if (!s) return false;
        }
        return true;
    }
    bool agrees(const std::vector<float>& expected, const Executor& executor) {
        const std::vector<float> found = logits(copies_.front()->engine, executor);
        double difference = 0, largest = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            difference = std::fmax(difference, std::fabs(double(found[i]) - double(expected[i])));
            largest = std::fmax(largest, std::fabs(double(expected[i])));
        }
        constexpr double tolerance = E::error_growth <= 100 ? 1e-4 : 1e-2;  // of weights stored as bfloat16
        if (!expected.empty() && difference <= tolerance * largest) return true;
        std::fprintf(stderr, "the logits differ from the reference primitive's by %g of %g\n", difference, largest);
        return false;
    }
    void turn(const Executor& executor) {
        const auto run = [&] { (void)copies_[next_++ % copies_.size()]->engine.run(image, gate::Mask<Net>{}, executor); };
        run();  // others had the caches
        std::vector<double> ms;
        for (const auto start = tools::Clock::now(); tools::seconds_since(start) < 0.2;) {
            const auto frame = tools::Clock::now();
            run();
            ms.push_back(1e3 * tools::seconds_since(frame));
        }
        std::sort(ms.begin(), ms.end());
        least_ms_ = std::min(least_ms_, ms.front()), median_ms_ = std::min(median_ms_, ms[ms.size() / 2]);
    }
    void print() {
        std::printf("%.6f %.6f %zu %zu\n", least_ms_, median_ms_, E::memory.workspace * Plan::threads,
                    std::size_t(Cpu::Program<Net, P>::program.weights) * sizeof(float));
    }
};

// What the planner assumes of its costs: that layers one by one take together what a frame does. A machine that others use
// too changes its speed from one minute to the next, and costs are of minutes ago; these are of the same moment.
class Layers {
    using E = Engine<Net, Cpu, Plan>;
    static constexpr auto& program = Cpu::Program<Net, Plan>::program;
    HostMemory memory_ = host_memory<E>(0, Plan::threads), other_ = host_memory<E>();
    E engine_{memory_}, cold_{other_};
    std::vector<double> ms_, ratio_;

    // Each layer's maps are in the caches, its weights are not: it runs twice, with weights of two engines.
    double one_by_one_ms(const Executor& executor) {
        kernels::Frame warming{.image = image.data(), .weights = engine_.packed().weights(),
                               .epilogue = engine_.packed().default_epilogue()};
        warming.arena = warming.in = warming.out = reinterpret_cast<float*>(Memory(memory_).activations.data());
        warming.workspace = Memory(memory_).workspace.data();
        kernels::Frame timed = warming;
        timed.weights = cold_.packed().weights();
        double s = 0;
        for (const kernels::Step& step : program.steps) {
            kernels::run_step(step, warming, executor);
            const auto start = tools::Clock::now();
            kernels::run_step(step, timed, executor);
            s += tools::seconds_since(start);
        }
        return 1e3 * s;
    }

  public:
    bool load(const std::vector<std::byte>& weights) {
        return engine_.load(weights, SelfTest::skip) && cold_.load(weights, SelfTest::skip);
    }
    void turn(const Executor& executor) {
        for (const auto start = tools::Clock::now(); tools::seconds_since(start) < 0.4;) {
            const auto frame = tools::Clock::now();
            (void)engine_.run(image, gate::Mask<Net>{}, executor);
            const double frame_ms = 1e3 * tools::seconds_since(frame);
            ms_.push_back(one_by_one_ms(executor));
            ratio_.push_back(frame_ms / ms_.back());
        }
    }
    void print() {
        std::sort(ms_.begin(), ms_.end()), std::sort(ratio_.begin(), ratio_.end());
        std::printf("%.6f %.6f\n", ms_[ms_.size() / 2], ratio_[ratio_.size() / 2]);
    }
};

std::vector<float> reference(const std::vector<std::byte>& weights) {
    using E = Engine<Net, Cpu, UniformPlan<"reference">>;
    const HostMemory memory = host_memory<E>();
    E engine{memory};
    if (!engine.load(weights, SelfTest::skip)) return {};
    return logits(engine, {});
}

template <class... P>
int compare() {
    const std::vector<std::byte> weights = tools::generated_weights(graph_view<Net>, Net::name.view(), 1);
    image.resize(Engine<Net, Cpu, Plan>::input.size());
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = GeneratedImage{1}(std::ptrdiff_t(i));
    Team team(Plan::threads);
    std::tuple<Subject<P>...> subjects;
    Layers layers;
    if (!layers.load(weights)) return 1;
    return std::apply([&](auto&... s) {
        if (!(s.load(weights) && ...)) return 1;
        const std::vector<float> expected = reference(weights);
        if (!(s.agrees(expected, team.executor()) && ...)) return 6;
        for (int turn = 0; turn < 5; ++turn) (s.turn(team.executor()), ...), layers.turn(team.executor());
        (s.print(), ...), layers.print();
        return 0;
    }, subjects);
}

int main() { return compare<Plan, InStrips, DefaultPlan>(); }
