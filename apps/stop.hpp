// Stop: while there is one, Ctrl-C, kill and a closed terminal do not end the program but are remembered. Work that has
// set something, such as a clock, then ends by itself and puts it back.
#pragma once

#include <array>
#include <csignal>

namespace sluice::tools {

class Stop {
  public:
    Stop() {
        asked_ = 0;
        for (std::size_t i = 0; i < which.size(); ++i) before_[i] = std::signal(which[i], [](int) { asked_ = 1; });
    }
    ~Stop() {
        for (std::size_t i = 0; i < which.size(); ++i) std::signal(which[i], before_[i]);
    }
    Stop(const Stop&) = delete;
    Stop& operator=(const Stop&) = delete;

    bool asked() const { return asked_ != 0; }

  private:
    static constexpr std::array which{SIGINT, SIGTERM, SIGHUP};
    static inline volatile std::sig_atomic_t asked_ = 0;
    std::array<void (*)(int), which.size()> before_{};
};

}  // namespace sluice::tools
