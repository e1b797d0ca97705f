// Folders on the command line: the photographs in them.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "failure.hpp"

namespace sluice::tools {

// By the name's ending, in any case: a folder of photographs holds other files too.
inline bool is_photograph(const std::filesystem::path& file) {
    constexpr std::array<std::string_view, 3> endings{".png", ".jpg", ".jpeg"};
    std::string ending = file.extension().string();
    for (char& c : ending)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return std::ranges::find(endings, ending) != endings.end();
}

// What a path stands for: a folder for the photographs directly in it, in the order of their names' bytes, and
// everything else for itself. Throws a Failure if a folder cannot be listed or has none.
inline std::vector<std::string> photographs_at(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error, ignored;
    if (!fs::is_directory(path, ignored)) return {path};
    std::vector<std::string> files;
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
        if (is_photograph(at->path()) && !at->is_directory(ignored)) files.push_back(at->path().string());
    if (error) fail(Exit::file, path, ": cannot list this folder: ", error.message());
    if (files.empty()) fail(Exit::file, path, ": expected photographs in this folder, .png, .jpg or .jpeg, found none");
    std::ranges::sort(files);
    return files;
}

}  // namespace sluice::tools
