// Held: a clock that is put back as it was when its scope ends. Before the first write its state goes to a file, so
// that restore_clocks() can mend what a killed program left behind.
#pragma once

#include "sluice/power/saved.hpp"

namespace sluice::inline SLUICE_ABI::power {

// Clock: save(), restored by Saved::restore() unless it has a release() of its own.
template <class Clock>
class Held {
  public:
    // Nothing is written yet but the file, which is also what keeps two programs from holding the same clock.
    static Result<Held> hold(Clock clock) {
        const auto saved = clock.save();
        if (!saved) return saved.status();
        const Path file = text<255>(saved_folder, saved_prefix, clock.name());
        if (Status s = clock.host().create(file, saved->text().view()); !s) {
            if (!clock.host().exists(file)) return s;
            return Status::error(Error::file, file, ": it is there already: another program holds ", clock.name(),
                                 ", or one was killed; `sluice doctor --restore-clocks` puts the clock back");
        }
        return Held(std::move(clock), *saved, file);
    }

    Held(Held&& other) noexcept : clock_(std::move(other.clock_)), saved_(other.saved_), file_(other.file_) {
        other.file_ = {};
    }
    Held& operator=(Held&&) = delete;
    ~Held() { (void)release(); }

    const Clock& clock() const { return clock_; }

    // What the destructor does, for those who want to know whether it worked. The file stays if it did not.
    Status release() {
        if (file_.empty()) return {};
        const Path file = file_;
        file_ = {};
        if (Status s = put_back(); !s) return s;
        return clock_.host().remove(file);
    }

  private:
    Clock clock_;
    Saved saved_;
    Path file_;  // empty: nothing is held any more

    Held(Clock&& clock, const Saved& saved, const Path& file) : clock_(std::move(clock)), saved_(saved), file_(file) {}

    Status put_back() const {
        if constexpr (requires { clock_.release(); })
            return clock_.release();
        else
            return saved_.restore(clock_.host());
    }
};

}  // namespace sluice
