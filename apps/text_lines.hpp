// A text file as its lines, whichever system wrote it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "failure.hpp"
#include "sluice/io/map.hpp"
#include "split.hpp"

namespace sluice::tools {

// Without what ends them (\n or \r\n), and without UTF-8's byte order mark. Throws a Failure that begins with the
// option.
inline std::vector<std::string> lines_of(const std::string& path, const std::string& option) {
    const Result<io::MappedFile> file = io::MappedFile::open(path.c_str());
    check(file.status(), option);
    const std::span<const std::byte> bytes = file->bytes();
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.find('\0') != text.npos)
        fail(Exit::format, option, ": ", path, ": expected text in UTF-8, found a byte that is zero");
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::vector<std::string> lines = split(text, '\n');
    if (lines.back().empty()) lines.pop_back();  // behind the end of the last line
    for (std::string& line : lines)
        if (line.ends_with('\r')) line.pop_back();
    return lines;
}

}  // namespace sluice::tools
