// What the rest of the firmware sees of the choice: no template, no sluice header.
#pragma once

struct Found {
    int clocks, meters;  // that can be read
};

// The number of a level, or -1.
int level_for(double accuracy_min, double deadline_s);
Found look_around();
bool hold_first_clock(double hz);
