// Host: the machine whose clocks and meters are looked for, and its small files as lines and numbers. Messages name the
// file and what is not allowed.
#pragma once

#include <charconv>

#include "sluice/core/status.hpp"
#include "sluice/power/files.hpp"

namespace sluice::inline SLUICE_ABI::power {

using Line = Text<1023>;  // a list of 90 frequencies in Hz fits

// Of two entries of a folder, the one with the lower number at its end: "policy2" before "policy10".
constexpr bool comes_before(std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

struct Host {
    std::string_view root = "";              // before every path: "", or where some board's /sys was copied to
    const char* nvml = "libnvidia-ml.so.1";  // null: no library is loaded
    Files files = system_files;

    bool exists(const Path& path) const { return files.read(files.self, full(path).c_str(), nullptr, 0) != -ENOENT; }

    // The first line, without spaces and NULs at its end.
    Result<Line> line(const Path& path) const {
        char text[1024];
        const long got = files.read(files.self, full(path).c_str(), text, sizeof text);
        if (got < 0) return refused(path, static_cast<int>(-got), "read");
        std::string_view s(text, static_cast<std::size_t>(got));
        s = s.substr(0, s.find('\n'));
        while (!s.empty() && (s.back() == '\0' || s.back() == ' ')) s.remove_suffix(1);
        if (s.empty()) return Status::error(Error::file, path, ": it is empty");
        return Line(s);
    }
    // The same, empty if there is none.
    Line line_or_nothing(const Path& path) const {
        const auto found = line(path);
        return found ? *found : Line{};
    }

    Result<std::int64_t> number(const Path& path) const {
        const auto text = line(path);
        if (!text) return text.status();
        const std::string_view s = text->view();
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
        if (error != std::errc{} || end != s.data() + s.size())
            return Status::error(Error::format, path, ": expected a whole number, found '", s.substr(0, 40), "'");
        return value;
    }

    Status write(const Path& path, std::string_view text) const {
        const long error = files.write(files.self, full(path).c_str(), text);
        return error < 0 ? refused(path, static_cast<int>(-error), "write") : Status{};
    }
    Status create(const Path& path, std::string_view text) const {
        const long error = files.create(files.self, full(path).c_str(), &text);
        return error < 0 ? refused(path, static_cast<int>(-error), "create") : Status{};
    }
    Status remove(const Path& path) const {
        const long error = files.create(files.self, full(path).c_str(), nullptr);
        return error < 0 ? refused(path, static_cast<int>(-error), "remove") : Status{};
    }

    // f(name) for every entry that begins so, in the order of their numbers. Nothing is kept between two of them but
    // the last name, so the folder is read once for each.
    template <class F>
    void for_each_entry(const Path& folder, std::string_view prefix, F f) const {
        struct Next {
            std::string_view prefix;
            Text<63> last, best;
        } next{prefix, {}, {}};
        const auto look = [](void* context, const char* name) {
            auto& n = *static_cast<Next*>(context);
            const std::string_view s(name);
            if (s.starts_with(n.prefix) && s.size() <= 63 && comes_before(n.last.view(), s) &&
                (n.best.empty() || comes_before(s, n.best.view())))
                n.best = Text<63>(s);
        };
        for (;; next.last = next.best, next.best = {}) {
            files.list(files.self, full(folder).c_str(), look, &next);
            if (next.best.empty()) return;
            f(next.best.view());
        }
    }

  private:
    Text<511> full(const Path& path) const { return text<511>(root, path); }

    static Status refused(const Path& path, int error, std::string_view right) {
        switch (error) {
            case EACCES:
            case EPERM:
            case EROFS:
                return Status::error(Error::file, path, ": this user may not ", right, " it");
            case ENOENT:
                return Status::error(Error::file, path, ": there is no such file");
            case EEXIST:
                return Status::error(Error::file, path, ": it is there already");
            case EINVAL:
                return Status::error(Error::file, path, ": the kernel does not accept this value");
            case EBUSY:
                return Status::error(Error::file, path, ": the kernel is busy with it");
            default:
                return Status::error(Error::file, path, ": cannot ", right, " it: error ", error);
        }
    }
};

}  // namespace sluice
