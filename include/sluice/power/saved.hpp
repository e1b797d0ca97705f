// What a clock was like before it was set: kept in memory for the scope's end, and in a file for those whose program
// was killed.
#pragma once

#include <array>
#include <span>

#include "sluice/power/host.hpp"

namespace sluice::inline SLUICE_ABI::power {

inline constexpr std::string_view saved_folder = "/run/", saved_prefix = "sluice-clock.";

class Saved {
  public:
    struct Item {
        Path file;
        Text<63> value;
    };

    void add(const Path& file, std::string_view value) {
        if (count_ < items_.size()) items_[count_++] = {file, Text<63>(value)};
    }
    std::span<const Item> items() const { return std::span(items_).first(count_); }

    // A line for each: the file, a tab, the value.
    Text<1023> text() const {
        Text<1023> t;
        for (const Item& i : items()) t.append(i.file).append("\t").append(i.value).append("\n");
        return t;
    }
    static Result<Saved> parse(std::string_view text) {
        Saved saved;
        while (!text.empty()) {
            const std::size_t end = text.find('\n'), tab = text.find('\t');
            if (end == text.npos || tab == text.npos || tab > end || tab == 0 || tab + 1 == end || text[0] != '/' ||
                saved.count_ == saved.items_.size())
                return Status::error(Error::format, "expected lines of a file, a tab and its value, found '",
                                     text.substr(0, text.find('\n')).substr(0, 60), "'");
            saved.add(Path(text.substr(0, tab)), text.substr(tab + 1, end - tab - 1));
            text.remove_prefix(end + 1);
        }
        return saved;
    }

    // Puts the values back. The kernel refuses a lower limit above the upper one, so what fails is tried again when the
    // others are done. The first that failed for good is told.
    Status restore(const Host& host) const {
        Status first;
        std::array<bool, most> done{};
        for (int attempt = 0; attempt < 2; ++attempt) {
            first = {};
            for (std::size_t i = 0; i < count_; ++i) {
                if (done[i]) continue;
                const Item& item = items_[i];
                if (host.line_or_nothing(item.file).view() == item.value.view()) continue;  // no right to write needed
                Status s = host.write(item.file, item.value.view());
                if (s && host.line_or_nothing(item.file).view() != item.value.view())
                    s = Status::error(Error::verify, item.file, ": wrote ", item.value, ", found ",
                                      host.line_or_nothing(item.file));
                if (s)
                    done[i] = true;
                else if (first)
                    first = s;
            }
        }
        return first;
    }

  private:
    static constexpr std::size_t most = 6;
    std::array<Item, most> items_;
    std::size_t count_ = 0;
};

}  // namespace sluice
