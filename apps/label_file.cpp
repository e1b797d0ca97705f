#include "label_file.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include "failure.hpp"
#include "sluice/io/quote.hpp"
#include "split.hpp"
#include "text_lines.hpp"

namespace sluice::tools {

namespace {

namespace fs = std::filesystem;

std::string_view without_spaces(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

// A file that is no label file may have lines of a megabyte.
std::string shortened(std::string_view text) { return io::quoted(text).c_str(); }

// Of any length: one that is too large for a class is still a number.
bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

class LineReader {
  public:
    LineReader(const std::string& file, const std::string& folder, int classes)
        : file_(file), folder_(folder), classes_(classes) {}

    void read(const std::string& text) {
        ++line_;
        if (text.find_first_not_of(" \t") == text.npos) return;
        const bool first = std::exchange(first_, false);
        // A name with a comma in it needs a tab behind it.
        const char separator = text.find('\t') == text.npos ? ',' : '\t';
        const std::vector<std::string> columns = split(text, separator);
        if (columns.size() < 2)
            bad("expected a file and a class number, with a tab or a comma between, found ", shortened(text));
        if (separator == ',' && text.starts_with('"'))
            bad("expected a file without quotes; a tab behind it lets it hold commas; found ", shortened(text));
        const std::string_view number = without_spaces(columns[1]);
        if (!is_number(number)) {
            if (first && !names_a_photograph(columns[0])) return;  // names of columns
            bad("expected a class number in the second column, found ", shortened(number));
        }
        add(path_of(columns[0]), label_of(number));
    }

    std::vector<LabelledFile> take() {
        if (files_.empty())
            fail(Exit::format, "--labels: ", file_, ": expected a photograph and its class on each line, found none");
        return std::move(files_);
    }

  private:
    const std::string &file_, &folder_;
    const int classes_;
    std::size_t line_ = 0;
    bool first_ = true;  // no line but blank ones yet
    std::vector<LabelledFile> files_;
    std::map<std::string, std::size_t> line_of_;  // by path

    template <class... Parts>
    [[noreturn]] void bad(const Parts&... parts) const {
        fail(Exit::format, place_in(file_, line_), parts...);
    }

    // Then a slip in its class must not turn the line into names of columns.
    bool names_a_photograph(const std::string& path) const {
        std::error_code ignored;
        return fs::exists(fs::path(folder_) / path, ignored);
    }

    fs::path path_of(const std::string& text) const {
        const fs::path path(text);
        if (text.empty() || path.is_absolute() || std::ranges::find(path, fs::path("..")) != path.end())
            bad("expected a file within ", folder_, ", no absolute path and no '..', found ", shortened(text));
        return path.lexically_normal();
    }

    int label_of(std::string_view number) const {
        int label = 0;
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), label);
        if (error != std::errc{} || label < 0 || label >= classes_)
            bad("expected a class from 0 to ", classes_ - 1, ", found ", shortened(number));
        return label;
    }

    void add(const fs::path& path, int label) {
        const auto [other, is_new] = line_of_.emplace(path.string(), line_);
        if (!is_new) bad("expected each photograph once; ", path.string(), " is on line ", other->second, " too");
        files_.push_back({(fs::path(folder_) / path).string(), label, line_});
    }
};

}  // namespace

std::string place_in(const std::string& file, std::size_t line) {
    return "--labels: " + file + ": line " + std::to_string(line) + ": ";
}

std::vector<LabelledFile> read_label_file(const std::string& file, const std::string& folder, int classes) {
    LineReader reader(file, folder, classes);
    for (const std::string& line : lines_of(file, "--labels")) reader.read(line);
    return reader.take();
}

}  // namespace sluice::tools
