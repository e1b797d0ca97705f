#include "levels.hpp"

#include <nlohmann/json.hpp>

#include "evaluation.hpp"
#include "failure.hpp"
#include "sluice/io/map.hpp"
#include "subject.hpp"

namespace sluice::tools {

namespace {

using Json = nlohmann::json;

// {"3,8,36,3": 0.876}
std::map<std::string, double> accuracies_in(const std::string& path, const std::string& network) {
    const auto bad = [&](const auto&... what) {
        fail(Exit::format, "--profile: ", path, ": expected a file of `sluice profile-accuracy` about ", network, ", ",
             what...);
    };
    const Result<io::MappedFile> file = io::MappedFile::open(path.c_str());
    check(file.status(), "--profile");
    const auto* text = reinterpret_cast<const char*>(file->bytes().data());
    std::map<std::string, double> found;
    try {
        const Json json = Json::parse(text, text + file->bytes().size());
        if (json.at("network") != network) bad("found one about ", json.at("network").dump());
        for (const char* part : {"measured", "predicted"})
            for (const Json& row : json.at(part)) {
                const double top1 = row.at("top1").get<double>();
                if (!(top1 >= 0 && top1 <= 100)) bad("found a top1 of ", top1);
                found.emplace(text_of(row.at("keep").get<Tuple>()), top1 / 100);
            }
    } catch (const Json::exception& e) {
        bad("found something else (", e.what(), ")");
    }
    return found;
}

}  // namespace

std::vector<SkipLevel> measured_levels(const AnyNetwork& network, const Weights& weights, Session& session,
                                       const Cifar10& data, std::size_t images, const std::string& profile,
                                       const Stop& stop) {
    const Subject subject(network, weights, data, images, false);
    std::vector<MaskChoice> masks;
    std::vector<SkipLevel> levels;
    for (const MaskChoice& mask :
         MaskOptions{.keep = {"0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1"}, .groups = {}, .tuples = {}, .bits = {}}.choices(
             network)) {
        if (!subject.may_run(mask)) continue;
        if (!masks.empty() && masks.back().gates == mask.gates) masks.pop_back(), levels.pop_back();
        masks.push_back(mask);
        levels.push_back({.mask = mask, .ratio = std::stod(mask.given)});
    }
    const Normalisation normalisation(weights);
    const Evaluation evaluation{data, normalisation, session, 1, false, 0};
    Progress progress(images * masks.size());
    const auto known = profile.empty() ? std::map<std::string, double>{} : accuracies_in(profile, network.facts.name);
    for (std::size_t l = 0; l < levels.size(); ++l) {
        if (stop.asked()) fail(Exit::failure, "stopped before the first frame");
        const Answers answers = evaluation.run(std::span(masks).subspan(l, 1), images, progress, l * images).front();
        levels[l].frame_s = answers.median_ms * 1e-3;
        levels[l].accuracy = answers.top(1, images) / 100;
        if (profile.empty()) continue;
        const auto found = known.find(masks[l].kept());
        if (found == known.end()) fail(Exit::format, "--profile: ", profile, ": it has no tuple ", masks[l].kept());
        levels[l].accuracy = found->second;
    }
    return levels;
}

}  // namespace sluice::tools
