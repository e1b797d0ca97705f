// Names of classes, from a text file with one on each line: the first line is class 0.
#pragma once

#include <string>
#include <vector>

#include "network.hpp"
#include "sluice/io/map.hpp"
#include "split.hpp"

namespace sluice::tools {

// An empty path: no names. Throws a Failure if there are not as many as the network has classes.
inline std::vector<std::string> read_labels(const std::string& path, const AnyNetwork& network) {
    if (path.empty()) return {};
    const Result<io::MappedFile> file = io::MappedFile::open(path.c_str());
    check(file.status(), "--labels");
    const std::span<const std::byte> bytes = file->bytes();
    std::vector<std::string> labels = split({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, '\n');
    if (labels.back().empty()) labels.pop_back();  // behind the end of the last line
    for (std::string& label : labels)
        if (label.ends_with('\r')) label.pop_back();
    if (labels.size() != static_cast<std::size_t>(network.facts.classes))
        fail(Exit::format, "--labels: ", path, ": expected ", network.facts.classes, " lines, one for each class of ",
             network.facts.name, ", found ", labels.size());
    return labels;
}

}  // namespace sluice::tools
