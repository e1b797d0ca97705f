// The sluice command. docs/cli.md lists what it prints and its exit codes.
#include <iostream>
#include <new>
#include <string_view>

#include "command_line.hpp"
#include "failure.hpp"

namespace {

using sluice::tools::Exit;

Exit complain(Exit code, std::string_view message) {
    std::cout.flush();  // what was found out before things went wrong
    std::cerr << "sluice: " << message << '\n';
    return code;
}

Exit run(int argc, char** argv) {
    try {
        sluice::tools::parse(argc, argv)();
        std::cout.flush();
        if (!std::cout) return complain(Exit::failure, "cannot write to standard output");
        return Exit::ok;
    } catch (const sluice::tools::Failure& f) {
        return complain(f.code, f.what());
    } catch (const std::bad_alloc&) {
        return complain(Exit::failure, "not enough memory");
    } catch (const std::exception& e) {
        return complain(Exit::failure, e.what());
    }
}

}  // namespace

int main(int argc, char** argv) { return static_cast<int>(run(argc, argv)); }
