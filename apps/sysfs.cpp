#include "sysfs.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::tools {

std::string line_of(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    while (!line.empty() && (line.back() == '\0' || line.back() == ' ')) line.pop_back();
    return line;
}

std::string line_after(const std::string& path, const std::string& key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(key)) return line.substr(key.size());
    return {};
}

std::vector<std::string> entries(const std::string& folder, const std::string& prefix) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (std::filesystem::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored))
        if (std::string name = at->path().filename().string(); name.starts_with(prefix)) names.push_back(name);
    // The shorter number is the smaller one, since none begins with a zero.
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
        return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    return names;
}

std::vector<int> cpus_in(const std::string& list) {
    constexpr int most = 1 << 16;  // more than any kernel is built for
    std::vector<int> cpus;
    std::istringstream in(list);
    const auto next_is = [&](char c) { return !in.eof() && in.peek() == c; };
    for (int first = 0; in >> first;) {
        int last = first;
        if (next_is('-')) in.ignore() >> last;
        if (!in || first < 0 || last >= most) return {};
        for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
        if (next_is(',')) in.ignore();
    }
    return cpus;
}

bool exists(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

}  // namespace sluice::tools
