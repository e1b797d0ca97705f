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

// Walks the list: f(index, setting) -> Status for each. A mask of the wrong length is an error.
template <class F>
Status for_each_setting(std::string_view list, int gates, F f) {
    for (int index = 0; !list.empty(); ++index) {
        const std::string_view item = list.substr(0, list.find(' '));
        list.remove_prefix(item.size() < list.size() ? item.size() + 1 : list.size());
        const std::size_t equals = item.find('=');
        const Setting s{item.substr(0, equals), equals == item.npos ? "" : item.substr(equals + 1)};
        if (s.name.empty() || s.bits.size() != static_cast<std::size_t>(gates) ||
            s.bits.find_first_not_of("01") != s.bits.npos)
            return Status::error(Error::format, "setting '", item.substr(0, 60), "': expected name=mask with ", gates,
                                 " digits 0 or 1");
        if (Status status = f(index, s); !status) return status;
    }
    return {};
}

inline int count_settings(std::string_view list) {
    int count = list.empty() ? 0 : 1;
    for (char c : list) count += c == ' ';
    return count;
}

}  // namespace sluice
