// bench_threads: what it costs to share a task among a Team and to wait for all of it: the time beyond that of the
// longest part, in microseconds, on idle cores and while other threads keep every core busy. Then what sharing gains:
// frames of ResNet-50 by one thread, by two, and by two engines at once that share nothing but the machine.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <vector>

#include "loaded.hpp"
#include "sluice/nets/resnet.hpp"
#include "sluice/threads/team.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds part{50};  // as long as many a layer's

// Least, median, mean and 99th percentile.
void print(const char* when, int threads) {
    sluice::Team team(threads);
    std::vector<double> us;
    const auto enough = [&, start = Clock::now()] { return us.size() >= 1000 && Clock::now() - start > std::chrono::seconds(1); };
    while (!enough()) {
        const auto start = Clock::now();
        team.executor()([](int) {
            for (const auto begin = Clock::now(); Clock::now() - begin < part;) {
            }
        });
        us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start - part).count());
    }
    std::sort(us.begin(), us.end());
    const double mean = std::accumulate(us.begin(), us.end(), 0.0) / static_cast<double>(us.size());
    std::printf("%-10s %7d %9.2f %9.2f %9.2f %9.2f\n", when, threads, us.front(), us[us.size() / 2], mean,
                us[us.size() * 99 / 100]);
}

struct Times {
    std::vector<double> ms;
    double least() const { return *std::min_element(ms.begin(), ms.end()); }
    double median() {
        std::nth_element(ms.begin(), ms.begin() + static_cast<std::ptrdiff_t>(ms.size() / 2), ms.end());
        return ms[ms.size() / 2];
    }
    void print(const char* what) { std::printf("%-44s least %7.2f ms, median %7.2f ms\n", what, least(), median()); }
};

// A core may be faster while the other one rests, and slower for what they share. What two threads could do at best is
// therefore a frame of each of two engines at the same time.
void scaling() {
    using Net = sluice::nets::ResNet50<>;
    sluice::Team team(2);
    sluice::bench::Loaded<Net> shared(2), other;
    Times one, two, both;
    for (int i = 0; i < 60; ++i) {  // in turns, so that all meet the same neighbours
        one.ms.push_back(1e3 * shared.frame_s());
        two.ms.push_back(1e3 * shared.frame_s({}, team.executor()));
        const auto start = Clock::now();
        team.executor()([&](int own) { (own == 0 ? shared : other).frame_s(); });
        both.ms.push_back(1e3 * sluice::tools::seconds_since(start));
    }
    std::printf("\n%s, a frame:\n", Net::name.c_str());
    one.print("one thread");
    two.print("two threads");
    both.print("two engines of one thread each, at once");
    std::printf("two threads: %.2f times as fast as one; %.2f of the 2 that two engines at once are (medians: %.2f, %.2f)\n",
                one.least() / two.least(), both.least() / two.least(), one.median() / two.median(), both.median() / two.median());
}

}  // namespace

int main() {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    std::printf("%-10s %7s %9s %9s %9s %9s\n", "cores are", "threads", "least us", "median us", "mean us", "99 % us");
    for (int threads = 2; threads <= cores; ++threads) print("idle", threads);

    std::atomic<bool> stop{false};
    std::vector<std::thread> load;
    for (int i = 0; i < cores; ++i)
        load.emplace_back([&] {
            while (!stop.load(std::memory_order_relaxed)) {
            }
        });
    for (int threads = 2; threads <= cores; ++threads) print("busy", threads);
    stop = true;
    for (std::thread& thread : load) thread.join();

    scaling();
}
