// Files that a command writes: opened before the work begins, so that hours of it are not lost to a mistyped path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "failure.hpp"
#include "split.hpp"

namespace sluice::tools {

class OutputFile {
  public:
    // An empty path: no file is wanted.
    OutputFile(std::string option, std::string path) : option_(std::move(option)), path_(std::move(path)) {
        if (path_.empty()) return;
        stream_.open(path_, std::ios::binary);
        if (!stream_) fail(Exit::failure, option_, ": cannot write '", path_, "'");
    }

    bool wanted() const { return !path_.empty(); }
    std::ostream& stream() { return stream_; }

    // Until here nothing is known to be on the disk.
    void close() {
        if (!wanted()) return;
        stream_.close();
        if (!stream_) fail(Exit::failure, option_, ": writing '", path_, "' failed");
    }

  private:
    std::string option_, path_;
    std::ofstream stream_;
};

// Throws if something lies at the path that is no file to be replaced, such as a device.
inline void check_replaceable(const std::string& option, const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    if (const fs::file_status s = fs::status(path, ignored); fs::exists(s) && !fs::is_regular_file(s))
        fail(Exit::failure, option, ": cannot write '", path, "': it is not a regular file");
}

// Puts the content into the file's place at once: whoever looks finds the old content or the new one, also after a kill.
inline void replace_file(const std::string& option, const std::string& path, std::string_view content) {
    const std::string beside = path + ".part";
    OutputFile part(option, beside);
    part.stream() << content;
    part.close();
    std::error_code error;
    std::filesystem::rename(beside, path, error);
    if (error) fail(Exit::failure, option, ": cannot replace '", path, "': ", error.message());
}

// NumPy's .npy, version 1.0: magic, length of the header, a Python dictionary padded to 64 bytes, the numbers.
template <class Number>
void write_npy(std::ostream& out, const std::vector<Number>& values, const std::vector<std::size_t>& shape) {
    static_assert(std::is_same_v<Number, float> || std::is_same_v<Number, std::uint8_t>);
    std::string header = std::string("{'descr': '") + (std::is_same_v<Number, float> ? "<f4" : "|u1") +
                         "', 'fortran_order': False, 'shape': (" + joined(shape, ", ") + "), }";
    constexpr std::size_t before = 10;
    header.resize((before + header.size() + 1 + 63) / 64 * 64 - before, ' ');
    header.back() = '\n';
    out << "\x93NUMPY" << '\x01' << '\0' << static_cast<char>(header.size() & 0xFF)
        << static_cast<char>(header.size() >> 8) << header;
    out.write(reinterpret_cast<const char*>(values.data()),
              static_cast<std::streamsize>(values.size() * sizeof(Number)));
}

}  // namespace sluice::tools
