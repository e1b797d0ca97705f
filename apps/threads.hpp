// The bounds of --threads. More threads than cores are allowed: somebody may want to see what that costs.
#pragma once

#include "failure.hpp"

namespace sluice::tools {

inline void check_threads(int threads) {
    constexpr int most = 256;
    if (threads < 1 || threads > most) fail(Exit::usage, "--threads: expected 1 to ", most, ", found ", threads);
}

}  // namespace sluice::tools
