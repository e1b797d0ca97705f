// budget WEIGHTS MILLISECONDS [FRAMES]: frames that must be done in time. Each runs as many blocks as the last ones allow.
//
// A deadline is met by skipping: when a frame was late, fewer blocks run in the next; when there was room to spare, more.
// The masks are those for which the weights bring batch-norm statistics, so accuracy falls no more than it must.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sluice/sluice.hpp>
#include <sluice_kernels/cpu.hpp>
#include <vector>

using Net = sluice::nets::ResNet32Cifar<>;
using Engine = sluice::Engine<Net, sluice::Cpu>;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::array ratios{20, 40, 60, 80, 100};  // per cent of the five blocks of each group

// How long a frame takes at each ratio: the mean of what was seen, recent frames counting most.
class Pace {
    std::array<double, ratios.size()> ms_{};

  public:
    void saw(std::size_t level, double ms) { ms_[level] = ms_[level] == 0 ? ms : 0.8 * ms_[level] + 0.2 * ms; }

    // The most blocks whose frames are expected to keep the deadline. A level never tried yet is estimated from this one,
    // since time follows the multiply-accumulates.
    std::size_t choose(std::size_t now, double deadline_ms) const {
        std::size_t best = 0;
        for (std::size_t i = 1; i < ratios.size(); ++i) {
            const double expected = ms_[i] != 0 ? ms_[i] : ms_[now] * macs(i) / macs(now);
            if (expected <= 0.9 * deadline_ms) best = i;  // a tenth is kept for what the machine does besides
        }
        return best;
    }
    static double macs(std::size_t i) { return double(sluice::macs<Net>(mask(i))); }
    static sluice::gate::Mask<Net> mask(std::size_t i) {
        return sluice::gate::proportional<Net>(sluice::percent(ratios[i]));
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return std::puts("usage: budget WEIGHTS MILLISECONDS [FRAMES]"), 2;
    const double deadline_ms = std::atof(argv[2]);
    const int frames = argc > 3 ? std::atoi(argv[3]) : 100;
    const auto file = sluice::io::MappedFile::open(argv[1]);
    if (!file) return std::puts(file.message()), 1;
    const auto memory = sluice::host_memory<Engine>(16);
    Engine engine{memory};
    if (const auto status = engine.load(file->bytes()); !status) return std::puts(status.message()), 1;

    const std::vector<std::uint8_t> camera(32 * 32 * 3, 128);
    Pace pace;
    std::size_t level = ratios.size() - 1;
    std::array<int, ratios.size()> used{};
    int late = 0;
    for (int frame = 0; frame < frames; ++frame) {
        const auto start = Clock::now();
        const auto logits = engine.run(sluice::Pixels{camera}, Pace::mask(level));
        if (!logits) return std::puts(logits.message()), 1;
        const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
        late += ms > deadline_ms;
        ++used[level];
        pace.saw(level, ms);
        level = pace.choose(level, deadline_ms);
    }
    for (std::size_t i = 0; i < ratios.size(); ++i) std::printf("%3d %% of the blocks: %d frames\n", ratios[i], used[i]);
    std::printf("late: %d of %d\n", late, frames);
}
