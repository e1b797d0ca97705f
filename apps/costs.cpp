#include "costs.hpp"

#include <algorithm>
#include <cstdio>

#include "failure.hpp"
#include "graph_names.hpp"
#include "json_lines.hpp"
#include "machine.hpp"
#include "output_file.hpp"
#include "resumed_json.hpp"
#include "sluice/plan/fingerprint.hpp"

namespace sluice::tools {

namespace {

using Json = Costs::Json;

constexpr int schema_version = 2;

Json json_of(const Shape& s) { return {s.C, s.H, s.W}; }
Json index(int node) { return node < 0 ? Json(nullptr) : Json(node); }

Json facts_of(const graph::Node& n) {
    const graph::Window& w = n.window;
    return {{"op", name_of(n.op)},
            {"input", json_of(n.in)},
            {"output", json_of(n.out)},
            {"window", {{"R", w.R}, {"S", w.S}, {"stride", w.stride}, {"padding", {w.top, w.left, w.bottom, w.right}}}},
            {"groups", n.groups},
            {"act", name_of(n.act)}};
}

Json json_of(const RunTimes& t) { return {{"median", t.median_ns}, {"least", t.least_ns}, {"spread", t.spread_ns}}; }
RunTimes times_of(const Json& t) { return {t.at("median"), t.at("least"), t.at("spread")}; }

Json json_of(const LayerCost& c) {
    return {{"name", c.primitive},
            {"read", c.read},
            {"written", c.written},
            {"time_ns", json_of(c.time)},
            {"workspace_bytes", c.workspace_bytes},
            {"persistent_bytes", c.persistent_bytes},
            {"error", c.error}};
}

LayerCost cost_of(const Json& j) {
    return {.primitive = j.at("name"),
            .read = j.at("read"),
            .written = j.at("written"),
            .time = times_of(j.at("time_ns")),
            .workspace_bytes = j.at("workspace_bytes"),
            .persistent_bytes = j.at("persistent_bytes"),
            .error = j.at("error")};
}

LayerCost turn_of(const Json& j) {
    return {.primitive = "",
            .read = j.at("source"),
            .written = j.at("target"),
            .time = times_of(j.at("time_ns")),
            .workspace_bytes = j.at("workspace_bytes")};
}

// What tells layers apart that take different times: distances between pixels too, which the file does not have.
Json key_of(const LayerPlace& l) {
    Json key{facts_of(l.node), l.node.shortcut >= 0, l.clears_halo};
    for (const graph::Placement& p : {l.in, l.out, l.add}) key.push_back({p.pixel, p.row});
    key.push_back({l.in.buffer == l.out.buffer, l.add.buffer == l.out.buffer});
    return key;
}

std::string hexadecimal(std::uint64_t value) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
    return text;
}

}  // namespace

Costs::Costs(const AnyNetwork& network, const std::string& set, int threads, std::string path)
    : network_(network), path_(std::move(path)) {
    check_replaceable("--out", path_);
    const Compiled c = compiled();
    subject_ = {{"version", version()},
                {"network", network.facts.name},
                {"fingerprint", hexadecimal(fingerprint(network.facts.graph))},
                {"machine",
                 {{"cpu", machine().cpu},
                  {"isa", c.isa},
                  {"compiler", c.compiler},
                  {"flags", SLUICE_FLAGS},
                  {"threads", threads}}},
                {"set", set},
                {"basis", "measured"}};
    const AnyNetwork::Facts& f = network.facts;
    std::vector<Json> keys;
    for (std::size_t i = 0; i < f.graph.nodes.size(); ++i) {
        const graph::Node& n = f.graph.nodes[i];
        const auto place = [&](int node) { return f.places[static_cast<std::size_t>(node)]; };
        LayerPlace l{
            .node = n, .in = place(n.input < 0 ? static_cast<int>(i) : n.input), .out = f.places[i], .add = {}};
        if (n.shortcut >= 0) l.add = place(n.shortcut);
        l.clears_halo = l.out.buffer == static_cast<int>(i) && l.out.top + l.out.left + l.out.bottom + l.out.right > 0;
        const auto known = std::find(keys.begin(), keys.end(), key_of(l));
        kind_of_.push_back(static_cast<std::size_t>(known - keys.begin()));
        const auto same = [&](const MapKind& m) { return m.shape == n.out; };
        if (set == "textbook" && std::ranges::none_of(maps_, same)) maps_.push_back({.shape = n.out, .turns = {}});
        if (known != keys.end()) continue;
        keys.push_back(key_of(l));
        kinds_.push_back({.place = l, .facts = facts_of(n), .costs = {}, .rounds = n.op == graph::Op::concat ? rounds : 0});
    }
}

std::vector<LayerCost> Costs::quieter(std::vector<LayerCost> round, const std::vector<LayerCost>& earlier) {
    for (LayerCost& c : round)
        for (const LayerCost& e : earlier)
            if (c.primitive == e.primitive && c.read == e.read && c.written == e.written) c.time = c.time.quieter(e.time);
    return round;
}

Json Costs::layers() const {
    Json list = Json::array();
    for (std::size_t i = 0; i < kind_of_.size(); ++i) {
        const graph::Node& n = network_.facts.graph.nodes[i];
        list.push_back({{"name", n.name.view()},
                        {"kind", kind_of_[i]},
                        {"input", index(n.input)},
                        {"shortcut", index(n.shortcut)},
                        {"slice_of", index(n.slice_of)},
                        {"channel", n.channel}});
    }
    return list;
}

void Costs::save() const {
    Json file{{"schema_version", schema_version}};
    file.update(subject_);
    const auto complete = [](const auto& measured) { return measured.rounds >= rounds; };
    file["complete"] = std::ranges::all_of(kinds_, complete) && std::ranges::all_of(maps_, complete);
    file["layers"] = layers();
    for (const char* list : {"blocks", "buffers", "kinds", "maps"}) file[list] = Json::array();
    for (const graph::Block& b : network_.facts.graph.blocks)
        file["blocks"].push_back({{"input", b.input}, {"first", b.first}, {"last", b.last}, {"gate", index(b.gate)}});
    for (const graph::Lifetime& b : network_.facts.whole_buffers)
        if (b.floats > 0) file["buffers"].push_back({{"first", b.first}, {"last", b.last}, {"bytes", 4 * b.size()}});
    for (const Kind& k : kinds_) {
        Json& entry = file["kinds"].emplace_back(k.facts);
        entry["rounds"] = k.rounds;
        entry["primitives"] = Json::array();
        for (const LayerCost& c : k.costs) entry["primitives"].push_back(json_of(c));
    }
    for (const MapKind& m : maps_) {
        Json& entry = file["maps"].emplace_back(
            Json{{"shape", json_of(m.shape)}, {"rounds", m.rounds}, {"conversions", Json::array()}});
        for (const LayerCost& c : m.turns)
            entry["conversions"].push_back({{"source", c.read},
                                            {"target", c.written},
                                            {"time_ns", json_of(c.time)},
                                            {"workspace_bytes", c.workspace_bytes}});
    }
    replace_file("--out", path_, in_lines(file));
}

void Costs::resume() {
    resume_json(path_, schema_version, "cost file", [&](const Json& file) {
        compare_subject(file);
        const Json &kinds = file.at("kinds"), &maps = file.at("maps");
        if (kinds.size() != kinds_.size() || maps.size() != maps_.size())
            fail(Exit::format, "--out: '", path_, "' exists and is damaged: expected ", kinds_.size(),
                 " kinds of layers and ", maps_.size(), " of maps, found ", kinds.size(), " and ", maps.size());
        for (std::size_t i = 0; i < kinds_.size(); ++i) {
            if (kinds_[i].place.node.op == graph::Op::concat) continue;
            for (const Json& c : kinds[i].at("primitives")) kinds_[i].costs.push_back(cost_of(c));
            if (!kinds_[i].costs.empty()) kinds_[i].rounds = kinds[i].at("rounds");
        }
        for (std::size_t i = 0; i < maps_.size(); ++i) {
            for (const Json& c : maps[i].at("conversions")) maps_[i].turns.push_back(turn_of(c));
            if (!maps_[i].turns.empty()) maps_[i].rounds = maps[i].at("rounds");
        }
    });
}

void Costs::compare_subject(const Json& file) const {
    std::string differences;
    for (const auto& [key, ours] : subject_.items())
        if (const Json& theirs = file.at(key); nlohmann::json(theirs) != nlohmann::json(ours))
            differences += "; " + key + ": " + theirs.dump() + " there, " + ours.dump() + " now";
    if (!differences.empty())
        fail(Exit::usage, "--out: '", path_, "' holds costs of something else", differences,
             ". Begin anew with --fresh, or write to another file");
}

}  // namespace sluice::tools
