// allocations(): how often this program has asked for memory from the heap so far, by new or by malloc and its kin.
#pragma once

#include <cstdint>

namespace support {

std::int64_t allocations();

// Whether malloc is counted too: with glibc and without a sanitizer, which brings a malloc of its own.
bool counts_malloc();

}  // namespace support
