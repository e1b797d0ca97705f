// sluice evaluate: accuracy and time of a network on CIFAR-10 or on photographs, for one mask or many.
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cifar10.hpp"
#include "commands.hpp"
#include "evaluation.hpp"
#include "failure.hpp"
#include "labelled_photographs.hpp"
#include "output_file.hpp"
#include "registry.hpp"
#include "table.hpp"
#include "threads.hpp"

namespace sluice::tools {

namespace {

using Json = nlohmann::ordered_json;

std::unique_ptr<const LabelledImages> images_of(const EvaluateOptions& o, const AnyNetwork& network) {
    if (!o.labels.empty()) return std::make_unique<LabelledPhotographs>(o.data, o.labels, network, o.resize);
    if (o.resize) fail(Exit::usage, "--resize: expected photographs, and --labels with their classes");
    return std::make_unique<Cifar10>(
        Cifar10::read(o.data, network, "for a directory of photographs, --labels FILE tells their classes"));
}

Json json_of(const MaskChoice& mask, const Answers& a, const std::vector<int>& subsets) {
    const std::size_t images = a.predicted.size();
    Json j{{"keep", mask.given},
           {"option", mask.option},
           {"mask", mask.bits()},
           {"kept", mask.cost.kept},
           {"parameters", mask.cost.parameters},
           {"macs", mask.cost.macs},
           {"images", images},
           {"top1", a.top(1, images)},
           {"top5", a.top(5, images)},
           {"ms_per_frame", a.median_ms}};
    for (int n : subsets) {
        const auto first = static_cast<std::size_t>(n);
        j["subsets"].push_back({{"images", n}, {"top1", first <= images ? Json(a.top(1, first)) : Json(nullptr)}});
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
    const std::vector<MaskChoice> masks = o.masks.choices(network);
    const auto data = images_of(o, network);
    const Weights weights = Weights::from_file(o.weights);
    const auto session = weights.session(network, o.threads, true);
    const Normalisation normalisation(weights);
    OutputFile predictions("--predictions", o.predictions), logits("--logits", o.logits);

    const std::size_t images = images_to_run(o.limit, *data);
    for (int n : subsets)
        if (static_cast<std::size_t>(n) > images)
            std::cerr << "--subsets " << n << ": only " << images << " images are evaluated\n";
    const auto classes = static_cast<std::size_t>(network.facts.classes);
    const Evaluation evaluation{*data,     normalisation,        *session,
                                o.threads, o.default_statistics, logits.wanted() ? classes : 0};
    std::vector<Answers> answers;
    {
        Progress progress(images * masks.size());
        answers = evaluation.run(masks, images, progress);
    }
    if (predictions.wanted()) write_predictions(predictions.stream(), answers);
    if (logits.wanted()) write_npy(logits.stream(), answers.front().logits, {images, classes});
    predictions.close();
    logits.close();

    Json list = Json::array();
    Table table({"keep", "kept", "parameters", "macs", "top-1 %", "top-5 %", "ms per frame"});
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const MaskChoice& m = masks[i];
        list.push_back(json_of(m, answers[i], subsets));
        table.add({m.given, m.kept(), std::to_string(m.cost.parameters), std::to_string(m.cost.macs),
                   fixed(answers[i].top(1, images), 2), fixed(answers[i].top(5, images), 2),
                   fixed(answers[i].median_ms, 3)});
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
                          << " images: " << fixed(answers[i].top(1, first), 2) << " %\n";
}

}  // namespace sluice::tools
