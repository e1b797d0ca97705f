// What an accuracy profile is of: a network, its weights, the images; and which keep tuples may run with them.
#pragma once

#include <nlohmann/json.hpp>
#include <set>

#include "cifar10.hpp"
#include "masks.hpp"
#include "tuples.hpp"
#include "weights.hpp"

namespace sluice::tools {

class Subject {
  public:
    using Json = nlohmann::ordered_json;

    // images: how many of the data. default_statistics: tuples without a gate setting run with the full network's.
    Subject(const AnyNetwork& network, const Weights& weights, const Cifar10& data, std::size_t images,
            bool default_statistics);

    const AnyNetwork& network;
    const std::size_t images;

    // Measurements of equal subjects can be mixed. The file's name is in it for the reader.
    const Json& json() const { return json_; }

    // The tuple must be one of the grid.
    MaskChoice choice(const Tuple& tuple) const;
    // Whether the weights bring batch-norm statistics for this very mask.
    bool has_setting(const MaskChoice& mask) const { return settings_.contains(mask.bits()); }
    // The full network always may, and without any setting everything.
    bool may_run(const MaskChoice& mask) const;
    // Whether it may run and the predictor is about it. With --default-statistics that is about the tuples without a
    // setting: skipping costs them far more, and one fit of both kinds would be good for neither.
    bool is_predicted(const MaskChoice& mask) const;

  private:
    std::set<std::string> settings_;  // masks as digits
    bool all_run_;
    Json json_;
};

}  // namespace sluice::tools
