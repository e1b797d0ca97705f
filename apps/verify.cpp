// sluice verify: does this build compute from a weights file what PyTorch computed from the checkpoint?
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "failure.hpp"
#include "registry.hpp"
#include "weights.hpp"

namespace sluice::tools {

void verify(const VerifyOptions& o) {
    const AnyNetwork& network = network_named(o.network);
    const Weights weights = Weights::from_file(o.weights);
    const auto session = weights.empty_session(network, 1, Primitives::chosen);
    const Status s = session->load(weights.bytes(), true);
    // A failed comparison has numbers to report; a file that did not load has none.
    if (!s && s.kind() != Error::verify) check(s, weights.name());

    const bool compared = weights.has_self_test();
    const double difference = session->largest_difference(), largest = session->largest_logit();
    if (o.json) {
        nlohmann::ordered_json j{{"network", network.facts.name}, {"self_test", compared}};
        const auto number = [&](const char* key, double value) {
            if (compared && std::isfinite(value))
                j[key] = value;
            else
                j[key] = nullptr;
        };
        number("largest_difference", difference);
        number("largest_logit", largest);
        number("relative", difference / largest);
        if (!compared) j["reason"] = "the file holds no self-test";
        std::cout << j.dump(1) << '\n';
    } else if (!compared) {
        std::cout << network.facts.name
                  << ": the file is well-formed and fits, but holds no self-test to compare with\n";
    } else {
        std::cout << network.facts.name << ": largest difference " << difference << ", largest logit " << largest
                  << ": " << difference / largest << " of it" << (s ? "" : ", too much") << '\n';
    }
    check(s, weights.name());
}

}  // namespace sluice::tools
