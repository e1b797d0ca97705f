// bench_threads: what it costs to share a task among a Team and to wait for all of it: the time beyond that of the
// longest part, in microseconds, on idle cores and while other threads keep every core busy.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <vector>

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
}
