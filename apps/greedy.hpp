// The greedy path from the full network to one block per group.
#pragma once

#include <functional>
#include <vector>

#include "tuples.hpp"

namespace sluice::tools {

// What the path asks about a tuple.
struct Candidates {
    std::function<bool(const Tuple&)> may_run;
    std::function<std::int64_t(const Tuple&)> macs;
    std::function<std::int64_t(const Tuple&, int step)> right;  // of the same images each time; step 0: full network
};

// Each step shuts the last open block of that one group which loses the fewest right answers per multiply-accumulate
// saved. Among equals the one that saves most goes first, then the lower group. The path ends when every group keeps
// one block, or when no candidate may run. Its first tuple is the full network.
inline std::vector<Tuple> greedy_path(const Tuple& blocks, const Candidates& of) {
    std::vector<Tuple> path{blocks};
    std::int64_t right = of.right(blocks, 0), macs = of.macs(blocks);
    for (int step = 1;; ++step) {
        struct {
            Tuple tuple;  // empty: none yet
            std::int64_t lost = 0, saved = 0;
        } best;
        for (std::size_t g = 0; g < blocks.size(); ++g) {
            Tuple t = path.back();
            if (--t[g] < 1 || !of.may_run(t)) continue;
            const std::int64_t lost = right - of.right(t, step), saved = macs - of.macs(t);
            // lost / saved compared exactly: a million images and 10^12 multiply-accumulates still fit 64 bits.
            const std::int64_t mine = lost * best.saved, others = best.lost * saved;
            if (best.tuple.empty() || mine < others || (mine == others && saved > best.saved))
                best = {std::move(t), lost, saved};
        }
        if (best.tuple.empty()) return path;
        right -= best.lost;
        macs -= best.saved;
        path.push_back(std::move(best.tuple));
    }
}

}  // namespace sluice::tools
