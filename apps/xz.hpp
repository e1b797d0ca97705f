// Unpacks .xz in memory, through liblzma.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sluice::tools {

bool is_xz(std::span<const std::uint8_t> bytes);

// Throws a Failure that names the file: damaged, cut short, or more than 2 GiB when unpacked.
std::vector<std::uint8_t> unpack_xz(std::span<const std::uint8_t> bytes, const std::string& file);

}  // namespace sluice::tools
