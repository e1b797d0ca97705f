// Settings: gate masks for which a weights file brings scale and bias vectors of their own, because batch-norm statistics
// depend on which blocks run. The file's metadata names them: settings = "50=110111 30=100110", name and mask, one bit for
// each block that has a gate, in network order, 1 for open.
#pragma once

#include <string_view>

#include "sluice/core/status.hpp"

namespace sluice::inline SLUICE_ABI::io {

struct Setting {
    std::string_view name, bits;
};

// Takes the next item off a list separated by spaces; empty at its end. Not substr(), which may throw.
inline std::string_view next_item(std::string_view& list) {
    while (list.starts_with(' ')) list.remove_prefix(1);
    std::size_t length = 0;
    while (length < list.size() && list[length] != ' ') ++length;
    const std::string_view item(list.data(), length);
    list.remove_prefix(length);
    return item;
}

inline int count_settings(std::string_view list) {
    int count = 0;
    while (!next_item(list).empty()) ++count;
    return count;
}

// Walks the list: f(index, setting) -> Status for each. A mask of the wrong length is an error.
template <class F>
Status for_each_setting(std::string_view list, int gates, F f) {
    int index = 0;
    for (std::string_view item; !(item = next_item(list)).empty(); ++index) {
        std::size_t equals = 0;
        while (equals < item.size() && item[equals] != '=') ++equals;
        const std::size_t after = equals < item.size() ? equals + 1 : equals;
        const Setting s{{item.data(), equals}, {item.data() + after, item.size() - after}};
        bool good = !s.name.empty() && s.bits.size() == static_cast<std::size_t>(gates) && after > equals;
        for (char c : s.bits) good = good && (c == '0' || c == '1');
        if (!good)
            return Status::error(Error::format, "setting '", std::string_view(item.data(), item.size() < 60 ? item.size() : 60),
                                 "': expected name=mask with ", gates, " digits 0 or 1");
        if (Status status = f(index, s); !status) return status;
    }
    return {};
}

}  // namespace sluice
