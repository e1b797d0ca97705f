// A kernel in memory: small files that can be read and written, and ways in which they misbehave.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>
#include <string>

#include "sluice/power/files.hpp"
#include "support/boards.hpp"

namespace support {

class FakeFiles {
  public:
    Tree tree;
    std::map<std::string, int> read_error, write_error;                     // path: errno
    std::map<std::string, std::function<std::string(std::string)>> stores;  // path: what a write leaves there
    std::function<void()> written;                                          // after every write
    int writes = 0;

    explicit FakeFiles(Tree t) : tree(std::move(t)) {}

    std::string at(const std::string& path) const {
        const auto found = tree.find(path);
        return found == tree.end() ? "" : found->second.substr(0, found->second.find('\n'));
    }

    sluice::power::Files files() {
        return {
            [](void* self, const char* path, char* into, std::size_t size) { return of(self).read(path, into, size); },
            [](void* self, const char* path, std::string_view text) { return of(self).write(path, std::string(text)); },
            [](void* self, const char* path, const std::string_view* text) { return of(self).create(path, text); },
            [](void* self, const char* folder, void (*each)(void*, const char*), void* context) {
                return of(self).list(folder, each, context);
            },
            this};
    }

  private:
    static FakeFiles& of(void* self) { return *static_cast<FakeFiles*>(self); }

    long read(const std::string& path, char* into, std::size_t size) {
        if (read_error.count(path) != 0) return -read_error[path];
        if (tree.count(path) == 0) return -ENOENT;
        return static_cast<long>(tree[path].copy(into, size));
    }
    long write(const std::string& path, const std::string& text) {
        ++writes;
        if (write_error.count(path) != 0) return -write_error[path];
        if (tree.count(path) == 0) return -ENOENT;
        tree[path] = stores.count(path) != 0 ? stores[path](text) : text + "\n";
        if (written) written();
        return 0;
    }
    long create(const std::string& path, const std::string_view* text) {
        if (write_error.count(path) != 0) return -write_error[path];
        if (text == nullptr) return tree.erase(path) == 1 ? 0 : -ENOENT;
        if (tree.count(path) != 0) return -EEXIST;
        tree[path] = *text;
        return 0;
    }
    long list(std::string folder, void (*each)(void*, const char*), void* context) const {
        if (!folder.ends_with('/')) folder += '/';
        std::set<std::string> names;
        for (const auto& [path, content] : tree)
            if (path.starts_with(folder))
                names.insert(path.substr(folder.size(), path.find('/', folder.size()) - folder.size()));
        for (const std::string& name : names) each(context, name.c_str());
        return names.empty() ? -ENOENT : 0;
    }
};

}  // namespace support
