// Files that a command writes: opened before the work begins, so that hours of it are not lost to a mistyped path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "failure.hpp"

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

// Puts the text into the file's place at once: whoever looks finds the old content or the new one, also after a kill.
inline void replace_file(const std::string& option, const std::string& path, const std::string& text) {
    const std::string beside = path + ".part";
    OutputFile part(option, beside);
    part.stream() << text;
    part.close();
    std::error_code error;
    std::filesystem::rename(beside, path, error);
    if (error) fail(Exit::failure, option, ": cannot replace '", path, "': ", error.message());
}

// NumPy's .npy, version 1.0: magic, length of the header, a Python dictionary padded to 64 bytes, the numbers.
inline void write_npy(std::ostream& out, std::span<const float> values, std::size_t columns) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                         std::to_string(values.size() / columns) + ", " + std::to_string(columns) + "), }";
    constexpr std::size_t before = 10;
    header.resize((before + header.size() + 1 + 63) / 64 * 64 - before, ' ');
    header.back() = '\n';
    out << "\x93NUMPY" << '\x01' << '\0' << static_cast<char>(header.size() & 0xFF)
        << static_cast<char>(header.size() >> 8) << header;
    out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
}

}  // namespace sluice::tools
