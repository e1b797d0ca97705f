#include "subject.hpp"

#include <filesystem>

#include "digest.hpp"
#include "failure.hpp"
#include "sluice/io/settings.hpp"

namespace sluice::tools {

Subject::Subject(const AnyNetwork& n, const Weights& weights, const Cifar10& data, std::size_t count,
                 bool default_statistics)
    : network(n), images(count) {
    const auto keep_bits = [&](int, const io::Setting& s) { return settings_.emplace(s.bits), Status{}; };
    check(io::for_each_setting(weights.metadata("settings").value_or(""), n.facts.graph.gates, keep_bits),
          weights.name());
    all_run_ = settings_.empty() || default_statistics;
    json_ = {{"network", n.facts.name},
             {"weights",
              {{"file", std::filesystem::path(weights.name()).filename().string()},
               {"digest", digest(weights.bytes())},
               {"settings", settings_.size()}}},
             {"data", {{"images", images}, {"digest", digest(data.bytes())}}},
             {"default_statistics", default_statistics && !settings_.empty()}};
}

MaskChoice Subject::choice(const Tuple& tuple) const {
    const Result<Gates> gates = network.keep(tuple);
    check(gates.status(), "tuple " + text_of(tuple));
    return {"tuple", text_of(tuple), *gates, network.cost(*gates)};
}

bool Subject::may_run(const MaskChoice& mask) const {
    return all_run_ || mask.gates == network.whole() || has_setting(mask);
}

bool Subject::is_predicted(const MaskChoice& mask) const {
    if (mask.gates == network.whole()) return true;
    return all_run_ ? !has_setting(mask) : has_setting(mask);
}

}  // namespace sluice::tools
