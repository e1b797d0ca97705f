// Survey: which tuples an accuracy profile measures, in four parts, and the measuring. A tuple is run once, whoever
// asks for it, and the profile's file is replaced after each. Tuples that may not run are passed over.
#pragma once

#include "evaluation.hpp"
#include "profile.hpp"

namespace sluice::tools {

class Survey {
  public:
    // random: how many tuples the last part draws.
    Survey(const Subject& subject, const Evaluation& evaluation, Profile& profile, std::size_t random);

    // Every distinct tuple of proportional layer skipping at 100 to 1 %; its source names the highest of them.
    void proportional();
    // One group keeps fewer blocks, the others all of theirs.
    void single_groups();
    // Returns the greedy path, whose candidates are measured.
    std::vector<Tuple> greedy();
    // Tuples of the grid that no other part has asked for, each as likely as the other; all if there are fewer.
    void random(const std::vector<Tuple>& grid, std::uint64_t seed);

  private:
    const Subject& subject_;
    const Evaluation& evaluation_;
    Profile& profile_;
    const Tuple& blocks_;
    const std::vector<std::pair<int, Tuple>> proportional_;  // highest per cent, tuple
    const std::size_t shuttable_, random_;
    std::set<Tuple> asked_;
    std::size_t passed_ = 0;  // of the tuples that the parts go through
    Progress progress_;

    bool may_run(const Tuple& tuple) const { return subject_.may_run(subject_.choice(tuple)); }
    // Right answers with a tuple that may run.
    std::int64_t measure(const Tuple& tuple, const std::string& source);
};

}  // namespace sluice::tools
