// MappedFile: a file's bytes in memory, read only, without reading them first. The only header here that needs an
// operating system (POSIX: open, fstat, mmap).
//
// Pages are fetched when they are touched, and only the tensors that are used cost memory. The other side of it: if
// somebody shortens the file while it is mapped, touching what is gone ends the program (SIGBUS). A file that may
// change underfoot should be read into memory of one's own instead.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "sluice/core/status.hpp"
#include "sluice/io/quote.hpp"

namespace sluice::inline SLUICE_ABI::io {

class MappedFile {
  public:
    // Error::file, with the path and the reason: it does not exist, may not be read, is a directory or a device, is
    // empty, is too large for the address space.
    static Result<MappedFile> open(const char* path) {
        const auto error = [path](const auto&... parts) {
            return Status::error(Error::file, "cannot map ", quoted(path), ": ", parts...);
        };
        // Without O_NONBLOCK opening a named pipe would wait for somebody to write to it.
        const Descriptor file{::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
        if (file.number < 0) return error(reason(errno));
        struct ::stat facts {};
        if (::fstat(file.number, &facts) != 0) return error(reason(errno));
        if (S_ISDIR(facts.st_mode)) return error("it is a directory");
        if (!S_ISREG(facts.st_mode)) return error("it is not a regular file");
        if (facts.st_size == 0) return error("it is empty");
        if (static_cast<std::uintmax_t>(facts.st_size) > std::numeric_limits<std::size_t>::max() / 2)
            return error("its ", facts.st_size, " bytes are too many for this machine's addresses");

        MappedFile self;
        const auto size = static_cast<std::size_t>(facts.st_size);
        void* const bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
        if (bytes == MAP_FAILED) return error(reason(errno));
        self.bytes_ = {static_cast<const std::byte*>(bytes), size};
        return self;  // the mapping stays when the descriptor goes
    }

    MappedFile() = default;
    MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    MappedFile& operator=(MappedFile&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~MappedFile() {
        if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
    }

    // The whole file, aligned to a page; empty only if default-constructed or moved from.
    std::span<const std::byte> bytes() const { return bytes_; }

  private:
    struct Descriptor {
        int number;
        ~Descriptor() {
            if (number >= 0) ::close(number);
        }
    };

    // In place of strerror, which is not safe in threads and whose safe twin has two signatures.
    static Text<40> reason(int error) {
        switch (error) {
            case ENOENT:
                return {"no such file"};
            case ENOTDIR:
                return {"a part of the path is not a directory"};
            case EACCES:
            case EPERM:
                return {"permission denied"};
            case ELOOP:
                return {"too many symbolic links"};
            case ENAMETOOLONG:
                return {"the name is too long"};
            case EMFILE:
            case ENFILE:
                return {"too many open files"};
            case ENOMEM:
                return {"not enough memory"};
            case EOVERFLOW:
                return {"the file is too large"};
            default:
                return text<40>("error ", error, " of the operating system");
        }
    }

    std::span<const std::byte> bytes_;
};

}  // namespace sluice::inline SLUICE_ABI::io
