// What is asked of a policy, and its answer: a pair of level and clock, or what stands in the way and by how much.
#pragma once

#include "sluice/power/grid.hpp"

namespace sluice::inline SLUICE_ABI::power {

// What is to be as small as possible; for accuracy, as large as possible.
enum class Objective { edp, energy, latency, accuracy };

struct Demand {
    Objective objective = Objective::edp;
    double accuracy_min = 0;  // share of right answers
    double deadline_s = unlimited;
    double energy_max_j = unlimited;  // of a frame
    double ratio_min = 0;             // of the layers that remain
};

enum class Limit { none, ratio, accuracy, latency, energy };

struct Choice {
    int level = -1, clock = -1;  // in the grid
    Cost cost{};

    // If there is none: the first limit that nothing meets, what the best there is has, and how much it lacks.
    Limit limit = Limit::none;
    double best = 0, lacks = 0;

    constexpr explicit operator bool() const { return limit == Limit::none; }
    friend constexpr bool operator==(const Choice&, const Choice&) = default;
};

constexpr Choice infeasible(Limit limit, double best, double asked) {
    return {.limit = limit, .best = best, .lacks = best < asked ? asked - best : best - asked};
}

inline Status check(const Demand& d) {
    const auto bad = [](std::string_view name, double found, std::string_view expected) {
        return Status::error(Error::argument, name, ": expected ", expected, ", found ", decimal(found));
    };
    if (!(d.accuracy_min >= 0 && d.accuracy_min <= 1))
        return bad("least accuracy", d.accuracy_min, "a share from 0 to 1");
    if (!(d.deadline_s > 0)) return bad("deadline", d.deadline_s, "seconds above 0");
    if (!(d.energy_max_j > 0)) return bad("energy budget", d.energy_max_j, "joules above 0");
    if (!(d.ratio_min >= 0 && d.ratio_min <= 1)) return bad("least ratio", d.ratio_min, "a share from 0 to 1");
    return {};
}

// The sentence for a choice that there is not.
inline Status status(const Choice& c, const Demand& d) {
    const auto sentence = [&](std::string_view asked, double bound, std::string_view best, std::string_view unit) {
        return Status::error(Error::argument, "infeasible: ", asked, " ", decimal(bound), unit, ", ", best, " ",
                             decimal(c.best), unit, ": ", decimal(c.lacks), unit, " amiss");
    };
    switch (c.limit) {
        case Limit::ratio:
            return sentence("asked for a ratio of at least", d.ratio_min, "the largest is", "");
        case Limit::accuracy:
            return sentence("asked for an accuracy of at least", d.accuracy_min, "the best level has", "");
        case Limit::latency:
            return sentence("asked for a frame within", d.deadline_s, "the fastest admissible one takes", " s");
        case Limit::energy:
            return sentence("asked for a frame with at most", d.energy_max_j, "the least within the deadline is", " J");
        case Limit::none:
            break;
    }
    return {};
}

// Whether the pair (l, c) is a better choice than the pair (k, b). A total order: ties go to less energy, then the
// lower clock, then fewer layers, so that whoever searches in another order finds the same pair.
constexpr bool better(const Grid& g, Objective o, int l, int c, int k, int b) {
    const Cost &x = g.cost(l, c), &y = g.cost(k, b);
    const auto value = [&](int level, const Cost& cost) {
        switch (o) {
            case Objective::edp:
                return cost.edp_js();
            case Objective::energy:
                return cost.energy_j;
            case Objective::latency:
                return cost.tau_s;
            case Objective::accuracy:
                break;
        }
        return -g.level(level).accuracy;
    };
    if (const double p = value(l, x), q = value(k, y); p != q) return p < q;
    if (x.energy_j != y.energy_j) return x.energy_j < y.energy_j;
    return c != b ? c < b : l < k;
}

}  // namespace sluice
