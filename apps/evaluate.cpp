// sluice evaluate: accuracy and time of a network on CIFAR-10, for one mask or many.
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "evaluation.hpp"
#include "failure.hpp"
#include "output_file.hpp"
#include "registry.hpp"
#include "table.hpp"
#include "threads.hpp"

namespace sluice::tools {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const MaskChoice& mask, const Answers& a, const Cifar10& data, const std::vector<int>& subsets) {
    const std::size_t images = a.predicted.size();
    Json j{{"keep", mask.given},
           {"option", mask.option},
           {"mask", mask.bits()},
           {"kept", mask.cost.kept},
           {"parameters", mask.cost.parameters},
           {"macs", mask.cost.macs},
           {"images", images},
           {"top1", a.top1(data, images)},
           {"ms_per_frame", a.median_ms}};
    for (int n : subsets) {
        const auto first = static_cast<std::size_t>(n);
        j["subsets"].push_back({{"images", n}, {"top1", first <= images ? Json(a.top1(data, first)) : Json(nullptr)}});
    }
    return j;
}

// One line per image, one column per mask.
void write_predictions(std::ostream& out, const std::vector<Answers>& answers) {
    for (std::size_t i = 0; i < answers.front().predicted.size(); ++i)
        for (const Answers& a : answers) out << a.predicted[i] << (&a == &answers.back() ? '\n' : ' ');
}

std::vector<int> subsets_of(const EvaluateOptions& o) {
    if (o.subsets.empty()) return {};
    const std::vector<int> sizes = numbers_from(o.subsets, "--subsets", "numbers of images such as 100,1000");
    for (int n : sizes)
        if (n < 1) fail(Exit::usage, "--subsets: expected at least 1 image, found ", n);
    return sizes;
}

}  // namespace

void evaluate(const EvaluateOptions& o) {
    check_threads(o.threads);
    check_limit(o.limit);
    const std::vector<int> subsets = subsets_of(o);
    const AnyNetwork& network = network_named(o.network);
    check_images(network);
    const std::vector<MaskChoice> masks = o.masks.choices(network);
    const Weights weights = Weights::from_file(o.weights);
    const auto session = weights.session(network, o.threads, true);
    const Normalisation normalisation(weights);
    const Cifar10 data = Cifar10::read(o.data);
    OutputFile predictions("--predictions", o.predictions), logits("--logits", o.logits);

    const std::size_t images = images_to_run(o.limit, data);
    for (int n : subsets)
        if (static_cast<std::size_t>(n) > images)
            std::cerr << "--subsets " << n << ": only " << images << " images are evaluated\n";
    const Evaluation evaluation{data, normalisation, *session, o.threads, o.default_statistics};
    std::vector<Answers> answers;
    {
        Progress progress(images * masks.size());
        for (const MaskChoice& m : masks) {
            answers.push_back(evaluation.run(m, images, progress, images * answers.size()));
            if (answers.size() > 1) answers.back().logits = {};  // only the first mask's are ever written
        }
    }
    if (predictions.wanted()) write_predictions(predictions.stream(), answers);
    if (logits.wanted()) write_npy(logits.stream(), answers.front().logits, {images, Cifar10::classes});
    predictions.close();
    logits.close();

    Json list = Json::array();
    Table table({"keep", "kept", "parameters", "macs", "top-1 %", "ms per frame"});
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const MaskChoice& m = masks[i];
        list.push_back(json_of(m, answers[i], data, subsets));
        table.add({m.given, m.kept(), std::to_string(m.cost.parameters), std::to_string(m.cost.macs),
                   fixed(answers[i].top1(data, images), 2), fixed(answers[i].median_ms, 3)});
    }
    if (o.json) {
        std::cout << list.dump(1) << '\n';
        return;
    }
    table.print();
    for (std::size_t i = 0; i < masks.size(); ++i)
        for (int n : subsets)
            if (const auto first = static_cast<std::size_t>(n); first <= images)
                std::cout << masks[i].given << ": top-1 of the first " << n
                          << " images: " << fixed(answers[i].top1(data, first), 2) << " %\n";
}

}  // namespace sluice::tools
