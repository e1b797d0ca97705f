#include "registry.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "failure.hpp"
#include "network.hpp"
#include "split.hpp"

namespace sluice::tools {

namespace {

// A function's own static, since other translation units fill it before main().
std::map<int, const AnyNetwork*>& registry() {
    static std::map<int, const AnyNetwork*> networks;
    return networks;
}

// Levenshtein's distance, except that what is missing at the end costs nothing: "resnet20" means "resnet20_cifar".
std::size_t distance(const std::string& typed, const std::string& name) {
    if (name.starts_with(typed)) return 0;
    std::vector<std::size_t> row(name.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t(0));
    for (std::size_t i = 0; i < typed.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < name.size(); ++j) {
            const std::size_t replaced = diagonal + (typed[i] == name[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

void enlist(int place, const AnyNetwork& network) { registry()[place] = &network; }

std::vector<const AnyNetwork*> all_networks() {
    std::vector<const AnyNetwork*> all;
    for (const auto& [place, network] : registry()) all.push_back(network);
    return all;
}

const AnyNetwork& network_named(const std::string& name) {
    std::string nearest;
    std::vector<std::string> known;
    std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;  // further off is no slip of the finger
    for (const AnyNetwork* n : all_networks()) {
        if (n->facts.name == name) return *n;
        known.push_back(n->facts.name);
        const std::size_t d = distance(name, n->facts.name);
        if (d < least) least = d, nearest = n->facts.name;
    }
    fail(Exit::usage, "--net: there is no network '", name, "'.", nearest.empty() ? "" : " Did you mean ", nearest,
         nearest.empty() ? "" : "?", " The networks are ", joined(known, ", "));
}

std::vector<const AnyNetwork*> networks_named(const std::vector<std::string>& names) {
    std::vector<const AnyNetwork*> found;
    const auto add = [&](const AnyNetwork* n) {
        if (std::find(found.begin(), found.end(), n) == found.end()) found.push_back(n);
    };
    for (const std::string& list : names)
        for (const std::string& name : split(list, ',')) {
            if (name == "all")
                std::ranges::for_each(all_networks(), add);
            else
                add(&network_named(name));
        }
    return found;
}

}  // namespace sluice::tools
