// Names of classes, from a text file with one on each line: the first line is class 0.
#pragma once

#include <string>
#include <vector>

#include "network.hpp"
#include "text_lines.hpp"

namespace sluice::tools {

// An empty path: no names. Throws a Failure if there are not as many as the network has classes.
inline std::vector<std::string> read_labels(const std::string& path, const AnyNetwork& network) {
    if (path.empty()) return {};
    std::vector<std::string> labels = lines_of(path, "--labels");
    if (labels.size() != static_cast<std::size_t>(network.facts.classes))
        fail(Exit::format, "--labels: ", path, ": expected ", network.facts.classes, " lines, one for each class of ",
             network.facts.name, ", found ", labels.size());
    return labels;
}

}  // namespace sluice::tools
