// How the sluice command ends: exit codes, and Failure, which carries one and a sentence for the user to main().
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

#include "sluice/core/status.hpp"

namespace sluice::tools {

// Documented in docs/cli.md: scripts rely on the numbers.
enum class Exit : int {
    ok = 0,
    failure = 1,
    usage = 2,         // an option that does not exist or cannot mean anything
    file = 3,          // a file that is missing or cannot be read
    format = 4,        // a file that is damaged, or that belongs to another network
    infeasible = 5,    // no choice meets what was asked for
    verification = 6,  // a result that is not what it should be
};

struct Failure : std::runtime_error {
    Exit code;
    Failure(Exit c, const std::string& message) : std::runtime_error(message), code(c) {}
};

template <class... Parts>
[[noreturn]] void fail(Exit code, const Parts&... parts) {
    std::ostringstream message;
    (message << ... << parts);
    throw Failure(code, message.str());
}

inline Exit exit_code(Error kind) {
    switch (kind) {
        case Error::none:
            return Exit::ok;
        case Error::argument:
            return Exit::usage;
        case Error::file:
            return Exit::file;
        case Error::format:
        case Error::mismatch:
            return Exit::format;
        case Error::memory:
        case Error::device:
            return Exit::failure;
        case Error::verify:
            return Exit::verification;
    }
    return Exit::failure;
}

// Throws if the library says that something went wrong. about: the option or file it went wrong with.
inline void check(const Status& s, const std::string& about) {
    if (!s) fail(exit_code(s.kind()), about, ": ", s.message());
}

}  // namespace sluice::tools
