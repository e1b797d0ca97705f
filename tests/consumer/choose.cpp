// The firmware that chooses: what it would run for some deadlines, and what this machine lets it see. It sets no clock
// unless asked to.
#include <cstdio>
#include <cstdlib>

#include "governor.hpp"

int main(int argc, char** argv) {
    std::printf("levels %d %d %d\n", level_for(0.9, 20e-3), level_for(0.85, 20e-3), level_for(0.99, 20e-3));
    const Found found = look_around();
    std::printf("%d clocks, %d meters\n", found.clocks, found.meters);
    return argc > 1 && !hold_first_clock(std::atof(argv[1]));
}
