// A progress bar on stderr: only on a terminal, and only for work that takes longer than a second. No colour.
#pragma once

#include <unistd.h>

#include <cstdio>

#include "trace.hpp"

namespace sluice::tools {

class Progress {
  public:
    explicit Progress(std::size_t total) : total_(total) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() {
        if (drawn_) std::fputs("\r\033[K", stderr);  // leave no trace
    }

    void at(std::size_t done) {
        const double s = seconds_since(start_);
        if (!terminal_ || s < 1 || (drawn_ && s - last_s_ < 0.1)) return;
        drawn_ = true;
        last_s_ = s;
        constexpr int width = 40;
        const double share = static_cast<double>(done) / static_cast<double>(total_);
        const int full = static_cast<int>(share * width);
        const double left = done == 0 ? 0 : s / share - s;
        std::fprintf(stderr, "\r[%.*s%*s] %3.0f %%, %.0f s left\033[K", full,
                     "########################################", width - full, "", 100 * share, left);
    }

  private:
    std::size_t total_;
    bool terminal_ = isatty(STDERR_FILENO) == 1;
    bool drawn_ = false;
    double last_s_ = 0;
    Clock::time_point start_ = Clock::now();
};

}  // namespace sluice::tools
