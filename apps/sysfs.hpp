// Small files of /proc and /sys. What is not there is empty: no part of either need exist.
#pragma once

#include <string>
#include <vector>

namespace sluice::tools {

// The first line without what it ends in: line break, NUL, spaces.
std::string line_of(const std::string& path);

// What follows the key in the first line that begins with it.
std::string line_after(const std::string& path, const std::string& key);

// The names in a folder that begin so, in the order of their numbers: "policy2" before "policy10".
std::vector<std::string> entries(const std::string& folder, const std::string& prefix = "");

// "0-3,8" as the kernel writes sets of CPUs: 0 1 2 3 8.
std::vector<int> cpus_in(const std::string& list);

bool exists(const std::string& path);

}  // namespace sluice::tools
