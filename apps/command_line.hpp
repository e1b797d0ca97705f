// parse(): the words of the command line, as a call that does what they ask for.
#pragma once

#include <functional>

namespace sluice::tools {

// Throws a Failure with Exit::usage. --help and --version are calls too: they print.
std::function<void()> parse(int argc, char** argv);

}  // namespace sluice::tools
