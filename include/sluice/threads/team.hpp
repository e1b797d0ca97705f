// Team: threads that share the work of each layer, for programs that have none of their own to lend. Not part of the
// core: nothing includes it but the program that wants it.
//
//     sluice::Team team(4);
//     auto memory = sluice::host_memory<Engine>(0, 4);  // layers may need scratch for each thread
//     auto logits = engine.run(image, gates, team.executor());
//
// A frame forks and joins once a layer, a hundred times in a few milliseconds, so waiting threads first spin. After
// about 50 microseconds without work they sleep: an idle engine should not heat a board. A part belongs to the thread of
// its number, which has what it wrote a layer ago in its caches; but where that thread does not come, asleep still or
// without a core of its own, the calling thread does its part too.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "sluice/core/executor.hpp"

namespace sluice::inline SLUICE_ABI {

class Team {
  public:
    // The calling thread is one of them: it does part 0 of everything.
    explicit Team(int threads) {
#if defined(__cpp_exceptions)
        try {
            begin(threads);
        } catch (...) {
            dismiss();  // the machine has not that many threads to give
            throw;
        }
#else
        begin(threads);
#endif
    }
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;
    ~Team() { dismiss(); }

    int size() const { return static_cast<int>(threads_.size()) + 1; }
    Executor executor() {
        return {size(), [](void* self, Executor::Task task, void* f) { static_cast<Team*>(self)->run(task, f); }, this};
    }

  private:
    void begin(int threads) {
        claims_ = std::make_unique<Claim[]>(static_cast<std::size_t>(threads > 1 ? threads : 1));
        for (int part = 1; part < threads; ++part) threads_.emplace_back([this, part] { work(part); });
    }

    void run(Executor::Task task, void* context) {
        task_ = task;
        context_ = context;
        busy_.store(static_cast<unsigned>(threads_.size()), std::memory_order_relaxed);
        const unsigned round = start();
        task(context, 0);
        for (int part = 1; part < size(); ++part)
            if (claim(part, round)) {
                task(context, part);
                busy_.fetch_sub(1, std::memory_order_acq_rel);
            }
        for (unsigned left; (left = busy_.load(std::memory_order_acquire)) != 0;) wait(busy_, left);
    }

    void work(int part) {
        for (unsigned seen = 0;;) {
            wait(round_, seen);
            seen = round_.load(std::memory_order_acquire);
            if (!claim(part, seen)) continue;
            // A claimed part keeps run() from returning, so both still belong to this round.
            if (task_ == nullptr) return;
            task_(context_, part);
            if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
        }
    }

    // Whether the part is this thread's to do. Every part of every round is somebody's, so a claim is one round behind.
    bool claim(int part, unsigned round) {
        unsigned before = round - 1;
        return claims_[static_cast<std::size_t>(part)].round.compare_exchange_strong(before, round,
                                                                                     std::memory_order_acq_rel);
    }

    unsigned start() {
        const unsigned round = round_.fetch_add(1, std::memory_order_release) + 1;  // publishes task_ and context_
        round_.notify_all();
        return round;
    }

    void dismiss() {
        task_ = nullptr;
        start();
        for (std::thread& t : threads_) t.join();
    }

    static void wait(const std::atomic<unsigned>& value, unsigned old) {
        for (int spins = 0; spins < 1000; ++spins) {
            if (value.load(std::memory_order_acquire) != old) return;
            relax();
        }
        value.wait(old, std::memory_order_acquire);
    }

    static void relax() {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
        asm volatile("yield");
#endif
    }

    struct alignas(64) Claim {
        std::atomic<unsigned> round{0};  // the last one in which somebody has claimed the part
    };

    std::vector<std::thread> threads_;
    std::unique_ptr<Claim[]> claims_;
    Executor::Task task_ = nullptr;
    void* context_ = nullptr;
    alignas(64) std::atomic<unsigned> round_{0};  // counts the tasks; each on a cache line of its own
    alignas(64) std::atomic<unsigned> busy_{0};   // threads that have not finished the current one
};

}  // namespace sluice
