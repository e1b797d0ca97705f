// Which class each photograph of a folder is of: a text file with a photograph on each line.
#pragma once

#include <string>
#include <vector>

namespace sluice::tools {

struct LabelledFile {
    std::string path;  // in the folder
    int label = 0;
    std::size_t line = 0;  // from 1
};

// "cat.jpg<tab>281" or "cat.jpg,281": the file's path within the folder and a number below `classes`; further columns
// are ignored, and a first line whose second column is no number. Throws a Failure that names the line.
std::vector<LabelledFile> read_label_file(const std::string& file, const std::string& folder, int classes);

// Where in the file: how messages begin.
std::string place_in(const std::string& file, std::size_t line);

}  // namespace sluice::tools
