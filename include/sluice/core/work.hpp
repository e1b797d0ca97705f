// What an observer of a frame is told about each piece of its work.
#pragma once

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI {

// Rows of one node's output: all, or, where strips are computed, one of the first part's: other threads are not observed.
struct Work {
    int node = 0;  // of graph_of<Net>
    int row = 0, rows = 0;
    const float* out = nullptr;          // channel 0 of pixel (row, 0), once the work is done
    int pixel_pitch = 0, row_pitch = 0;  // in floats
};

}  // namespace sluice
