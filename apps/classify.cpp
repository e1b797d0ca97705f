// sluice classify: what a network sees in photographs.
#include <iomanip>
#include <iostream>

#include "commands.hpp"
#include "failure.hpp"
#include "guesses.hpp"
#include "labels.hpp"
#include "photographs.hpp"
#include "registry.hpp"
#include "table.hpp"

namespace sluice::tools {

namespace {

MaskChoice the_mask(const MaskOptions& o, const AnyNetwork& network) {
    const std::vector<MaskChoice> masks = o.choices(network);
    if (masks.size() != 1) fail(Exit::usage, "classify: expected one mask, found ", masks.size());
    return masks.front();
}

Json json_of(const std::vector<Guess>& top, const std::vector<std::string>& labels) {
    Json list = Json::array();
    for (const Guess& g : top)
        list.push_back({{"class", g.index},
                        {"label", labels.empty() ? Json(nullptr) : Json(labels[g.index])},
                        {"probability", g.probability},
                        {"logit", g.logit}});
    return list;
}

void print(const std::string& file, const std::vector<Guess>& top, const std::vector<std::string>& labels) {
    std::cout << file << '\n';
    for (const Guess& g : top)
        std::cout << std::setw(6) << g.index << "  " << fixed(g.probability, 4)
                  << (labels.empty() ? "" : "  " + labels[g.index]) << '\n';
}

}  // namespace

void classify(const ClassifyOptions& o) {
    const AnyNetwork& network = network_named(o.network);
    const int classes = network.facts.classes;
    if (o.top < 1 || o.top > classes)
        fail(Exit::usage, "--top: expected 1 to ", classes, ", the classes of ", network.facts.name, "; found ", o.top);
    const Preprocessing preprocessing = preprocessing_for(network, o.resize);
    const MaskChoice mask = the_mask(o.masks, network);
    const std::vector<std::string> labels = read_labels(o.labels, network);
    const Weights weights = Weights::from_file(o.weights);
    const auto session = weights.session(network, 1, true);
    const Normalisation normalisation(weights);

    Json list = Json::array();
    const Unreadable unreadable = each_picture(o.files, [&](const std::string& file, const Picture& picture) {
        const std::vector<float> input = network_input(preprocess(picture, preprocessing), normalisation);
        const auto logits = session->run(input, mask.gates, {.default_statistics = o.default_statistics});
        check(logits.status(), mask.asked());
        const std::vector<Guess> top = guesses(finite(*logits, weights.name()), static_cast<std::size_t>(o.top));
        list.push_back(json_of(file, picture));
        list.back()["top"] = json_of(top, labels);
        if (!o.json) print(file, top, labels);
    });
    if (o.json) std::cout << text_of(list) << '\n';
    unreadable.raise();
}

}  // namespace sluice::tools
