#include "profile.hpp"

#include <algorithm>

#include "failure.hpp"
#include "json_lines.hpp"
#include "output_file.hpp"
#include "resumed_json.hpp"

namespace sluice::tools {

namespace {

using Json = Profile::Json;

constexpr int schema_version = 1;

}  // namespace

Profile::Profile(const Subject& subject, std::string path) : subject_(subject), path_(std::move(path)) {
    check_replaceable("--out", path_);
}

const Profile::Row* Profile::find(const Tuple& tuple) const {
    const auto found = place_.find(tuple);
    return found == place_.end() ? nullptr : &rows_[found->second];
}

void Profile::add(MaskChoice mask, std::size_t right) {
    place_.emplace(mask.cost.kept, rows_.size());
    rows_.push_back({std::move(mask), {}, right});
}

void Profile::add_source(const Tuple& tuple, const std::string& source) {
    std::vector<std::string>& sources = rows_[place_.at(tuple)].sources;
    if (std::ranges::find(sources, source) == sources.end()) sources.push_back(source);
}

double Profile::top1(const Row& row) const {
    return 100.0 * static_cast<double>(row.right) / static_cast<double>(subject_.images);
}

Json Profile::json_of(const Row& row) const {
    return {{"keep", row.mask.cost.kept}, {"mask", row.mask.bits()},
            {"sources", row.sources},     {"setting", subject_.has_setting(row.mask)},
            {"macs", row.mask.cost.macs}, {"parameters", row.mask.cost.parameters},
            {"images", subject_.images},  {"right", row.right},
            {"top1", top1(row)}};
}

void Profile::save(const Json& conclusions) const {
    Json file{{"schema_version", schema_version}, {"complete", !conclusions.is_null()}};
    file.update(subject_.json());
    Json& measured = file["measured"] = Json::array();
    for (const Row& row : rows_) measured.push_back(json_of(row));
    if (!conclusions.is_null()) file.update(conclusions);
    replace_file("--out", path_, in_lines(file));
}

void Profile::resume() {
    resume_json(path_, schema_version, "accuracy profile", [&](const Json& file) {
        compare_subject(file);
        for (const Json& row : file.at("measured")) take_row(row);
    });
}

// All that must be equal, by its place in the file, and the option that it comes from.
void Profile::compare_subject(const Json& file) const {
    constexpr std::pair<const char*, const char*> facts[]{{"/network", "--net"},
                                                          {"/weights/digest", "--weights"},
                                                          {"/data/digest", "--data"},
                                                          {"/data/images", "--limit"},
                                                          {"/default_statistics", "--default-statistics"}};
    std::string differences;
    for (const auto& [place, option] : facts) {
        const Json::json_pointer at(place);
        const Json &theirs = file.at(at), &ours = subject_.json().at(at);
        if (theirs != ours)
            differences += "; " + std::string(option) + ": " + theirs.dump() + " there, " + ours.dump() + " now";
    }
    if (!differences.empty())
        fail(Exit::usage, "--out: '", path_, "' holds measurements of something else", differences,
             ". Begin anew with --fresh, or write to another file");
}

// Everything in a row follows from its tuple and its right answers, so that one comparison finds whatever is damaged.
void Profile::take_row(const Json& row) {
    const auto damaged = [&] {
        fail(Exit::format, "--out: '", path_, "' exists and is damaged: measured row ", rows_.size(),
             " contradicts itself: ", row.dump());
    };
    const Json &keep = row.at("keep"), &right = row.at("right");
    const auto whole = [](const Json& number) { return number.is_number_integer(); };
    if (!keep.is_array() || !std::ranges::all_of(keep, whole) || !whole(right)) damaged();
    const auto tuple = keep.get<Tuple>();
    if (!subject_.network.keep(tuple) || find(tuple) != nullptr || right < 0 || right > subject_.images) damaged();
    add(subject_.choice(tuple), right.get<std::size_t>());
    rows_.back().sources = row.at("sources").get<std::vector<std::string>>();
    if (nlohmann::json(json_of(rows_.back())) != nlohmann::json(row) || rows_.back().sources.empty()) damaged();
}

}  // namespace sluice::tools
