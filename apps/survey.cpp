#include "survey.hpp"

#include <numeric>

#include "greedy.hpp"

namespace sluice::tools {

namespace {

std::vector<std::pair<int, Tuple>> proportional_tuples(const AnyNetwork& network) {
    std::vector<std::pair<int, Tuple>> tuples;
    for (int p = 100; p >= 1; --p) {  // rarer as p falls: equal ones are neighbours
        Tuple t = network.cost(network.proportional(percent(p))).kept;
        if (tuples.empty() || tuples.back().second != t) tuples.emplace_back(p, std::move(t));
    }
    return tuples;
}

}  // namespace

// The greedy path shuts one block a step and has a candidate in every group, at most.
Survey::Survey(const Subject& subject, const Evaluation& evaluation, Profile& profile, std::size_t random)
    : subject_(subject),
      evaluation_(evaluation),
      profile_(profile),
      blocks_(subject.network.facts.blocks),
      proportional_(proportional_tuples(subject.network)),
      shuttable_(static_cast<std::size_t>(subject.network.facts.graph.gates)),
      random_(random),
      progress_(subject.images * (proportional_.size() + shuttable_ + shuttable_ * blocks_.size() + random)) {}

std::int64_t Survey::measure(const Tuple& tuple, const std::string& source) {
    asked_.insert(tuple);
    if (profile_.find(tuple) == nullptr) {
        MaskChoice mask = subject_.choice(tuple);
        const std::vector<Answers> a =
            evaluation_.run({&mask, 1}, subject_.images, progress_, subject_.images * passed_);
        profile_.add(std::move(mask), a.front().right(subject_.images));
        profile_.add_source(tuple, source);
        profile_.save(nullptr);
    }
    profile_.add_source(tuple, source);
    return static_cast<std::int64_t>(profile_.find(tuple)->right);
}

void Survey::proportional() {
    for (const auto& [p, tuple] : proportional_) {
        if (may_run(tuple)) measure(tuple, "pls " + std::to_string(p) + " %");
        ++passed_;
    }
}

void Survey::single_groups() {
    for (std::size_t g = 0; g < blocks_.size(); ++g)
        for (Tuple tuple = blocks_; --tuple[g] >= 1; ++passed_)
            if (may_run(tuple)) measure(tuple, "group " + std::to_string(g));
}

std::vector<Tuple> Survey::greedy() {
    const std::size_t before = passed_;
    const std::vector<Tuple> path =
        greedy_path(blocks_, {.may_run = [&](const Tuple& t) { return may_run(t); },
                              .macs = [&](const Tuple& t) { return subject_.choice(t).cost.macs; },
                              .right =
                                  [&](const Tuple& t, int step) {
                                      const std::int64_t right = measure(t, "greedy " + std::to_string(step));
                                      ++passed_;
                                      return right;
                                  }});
    passed_ = before + shuttable_ * blocks_.size();
    return path;
}

void Survey::random(const std::vector<Tuple>& grid, std::uint64_t seed) {
    // Not "not yet measured": after a break the same tuples must be drawn, and some of them are measured.
    std::vector<Tuple> left;
    for (const Tuple& t : grid)
        if (may_run(t) && !asked_.contains(t)) left.push_back(t);
    for (const Tuple& t : drawn(left, random_, seed)) {
        measure(t, "random");
        ++passed_;
    }
}

}  // namespace sluice::tools
