// Files: how clocks and meters reach the kernel's small files. A program without POSIX, and a test that wants a kernel
// which misbehaves, brings its own four functions.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "sluice/core/text.hpp"

namespace sluice::inline SLUICE_ABI::power {

using Path = Text<255>;

// Each returns a number that is not negative, or an errno turned negative.
struct Files {
    // The beginning of a file, at most `size` characters: how many. With size 0 it is only opened.
    long (*read)(void* self, const char* path, char* into, std::size_t size);
    // Into a file that is there.
    long (*write)(void* self, const char* path, std::string_view text);
    // A new file, which must not be there yet; null: the file is removed.
    long (*create)(void* self, const char* path, const std::string_view* text);
    // Calls each(context, name) for every entry of a folder.
    long (*list)(void* self, const char* folder, void (*each)(void* context, const char* name), void* context);
    void* self = nullptr;
};

namespace detail {

inline long file_read(void*, const char* path, char* into, std::size_t size) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    const long got = size == 0 ? 0 : read(file, into, size);
    const int error = errno;
    close(file);
    return got < 0 ? -error : got;
}

inline long text_into(const char* path, int how, std::string_view text) {
    const int file = open(path, how | O_WRONLY | O_CLOEXEC, 0644);
    if (file < 0) return -errno;
    const long put = write(file, text.data(), text.size());
    const int error = errno;
    close(file);
    return put < 0 ? -error : put < static_cast<long>(text.size()) ? -EIO : 0;
}
inline long file_write(void*, const char* path, std::string_view text) { return text_into(path, O_TRUNC, text); }
inline long file_create(void*, const char* path, const std::string_view* text) {
    if (text != nullptr) return text_into(path, O_CREAT | O_EXCL, *text);
    return unlink(path) < 0 ? -errno : 0;
}

// The system call itself: opendir() takes its buffer from the heap.
inline long folder_list(void*, const char* folder, void (*each)(void*, const char*), void* context) {
    struct Entry {  // struct linux_dirent64
        std::uint64_t inode;
        std::int64_t next;
        unsigned short length;
        unsigned char type;
        char name[1];
    };
    const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return -errno;
    alignas(Entry) char buffer[4096];
    long got = 0;
    while ((got = syscall(SYS_getdents64, file, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < got;) {
            const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
            const char* const name = buffer + at + offsetof(Entry, name);
            if (name[0] != '.') each(context, name);
            at += entry->length;
        }
    const int error = errno;
    close(file);
    return got < 0 ? -error : 0;
}

}  // namespace detail

inline constexpr Files system_files{detail::file_read, detail::file_write, detail::file_create, detail::folder_list};

}  // namespace sluice
