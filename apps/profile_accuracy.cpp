// sluice profile-accuracy: what skipping costs a network in accuracy, measured for many keep tuples and predicted for
// the others.
#include <iostream>

#include "commands.hpp"
#include "failure.hpp"
#include "machine.hpp"
#include "predictor.hpp"
#include "registry.hpp"
#include "survey.hpp"
#include "table.hpp"
#include "threads.hpp"

namespace sluice::tools {

namespace {

using Json = Profile::Json;

constexpr std::size_t most_predicted = 10'000;  // rows of a file that one still wants to read

Predictor predictor_of(const Subject& subject, const Profile& profile) {
    std::vector<Sample> samples;
    for (const Profile::Row& row : profile.rows())
        if (subject.is_predicted(row.mask))
            samples.push_back({row.mask.cost.kept, profile.top1(row) / 100,
                               std::ranges::find(row.sources, "random") != row.sources.end()});
    const AnyNetwork::Facts& f = subject.network.facts;
    return {{f.blocks, 1.0 / f.classes, static_cast<double>(subject.images)}, samples};
}

Json json_of(const Predictor& p, const Tuple& blocks) {
    const Predictor::HeldOut& h = p.held_out();
    Json errors{{"tuples", h.tuples}, {"mean_absolute_error", nullptr}, {"largest_absolute_error", nullptr}};
    if (h.tuples > 0) {
        errors["mean_absolute_error"] = h.mean_absolute_error;
        errors["largest_absolute_error"] = h.largest_absolute_error;
    }
    return {{"form", p.features().name},
            {"ridge", p.ridge()},
            {"features", p.features().names(blocks)},
            {"coefficients", p.coefficients()},
            {"held_out", errors}};
}

// Those that were not measured.
Json predicted_rows(const Subject& subject, const Profile& profile, const Predictor& predictor,
                    const std::vector<Tuple>& grid) {
    Json rows = Json::array();
    if (grid.size() > most_predicted) return rows;
    for (const Tuple& t : grid) {
        if (profile.find(t) != nullptr) continue;
        const MaskChoice mask = subject.choice(t);
        if (!subject.is_predicted(mask)) continue;
        rows.push_back({{"keep", t},
                        {"mask", mask.bits()},
                        {"setting", subject.has_setting(mask)},
                        {"macs", mask.cost.macs},
                        {"parameters", mask.cost.parameters},
                        {"top1", predictor.top1(t)}});
    }
    return rows;
}

void add_row(Table& table, const Profile& profile, const std::string& source, const Tuple& tuple) {
    const Profile::Row& row = *profile.find(tuple);
    table.add({source, row.mask.kept(), std::to_string(row.mask.cost.parameters), std::to_string(row.mask.cost.macs),
               fixed(profile.top1(row), 2)});
}

void print(const Profile& profile, const std::vector<Tuple>& path, const Predictor& predictor) {
    Table table({"source", "keep", "parameters", "macs", "top-1 %"});
    for (const Profile::Row& row : profile.rows())
        if (row.sources.front().starts_with("pls")) add_row(table, profile, row.sources.front(), row.mask.cost.kept);
    for (std::size_t step = 1; step < path.size(); ++step)
        add_row(table, profile, "greedy " + std::to_string(step), path[step]);
    table.print();
    const Predictor::HeldOut& h = predictor.held_out();
    std::cout << "predictor: " << predictor.features().name << ", ridge " << predictor.ridge() << "; ";
    if (h.tuples == 0) {
        std::cout << "its error is unknown: no tuple was drawn at random\n";
        return;
    }
    std::cout << "error on " << h.tuples << " tuples held out: mean " << fixed(h.mean_absolute_error, 2) << ", largest "
              << fixed(h.largest_absolute_error, 2) << " percentage points\n";
}

}  // namespace

void profile_accuracy(const ProfileAccuracyOptions& o) {
    const int threads = o.threads ? *o.threads : std::max(1, machine().cores);
    check_threads(threads);
    check_limit(o.limit);
    if (o.random < 0) fail(Exit::usage, "--random: expected 0 tuples or more, found ", o.random);
    if (o.seed < 0) fail(Exit::usage, "--seed: expected 0 or more, found ", o.seed);
    const AnyNetwork& network = network_named(o.network);
    const Cifar10 data =
        Cifar10::read(o.data, network, "profile-accuracy measures on CIFAR-10 only, not on photographs");
    const Weights weights = Weights::from_file(o.weights);
    const auto session = weights.session(network, threads, true);
    const Normalisation normalisation(weights);
    const Subject subject(network, weights, data, images_to_run(o.limit, data), o.default_statistics);

    Profile profile(subject, o.out);
    if (!o.fresh) profile.resume();
    profile.save(nullptr);  // a path that cannot be written is found out now
    const std::vector<Tuple> grid = grid_of(network.facts.blocks);
    const auto left_out =
        std::ranges::count_if(grid, [&](const Tuple& t) { return !subject.may_run(subject.choice(t)); });
    if (left_out > 0)
        std::cerr << left_out << " of " << grid.size() << " tuples are left out: " << weights.name()
                  << " brings settings, but none for them (--default-statistics runs them all the same)\n";

    std::vector<Tuple> path;
    {
        const Evaluation evaluation{data, normalisation, *session, threads, o.default_statistics};
        Survey survey(subject, evaluation, profile, static_cast<std::size_t>(o.random));
        survey.proportional();
        survey.single_groups();
        path = survey.greedy();
        survey.random(grid, static_cast<std::uint64_t>(o.seed));
    }
    const Predictor predictor = predictor_of(subject, profile);
    Json steps = Json::array();
    for (const Tuple& t : path) {
        const Profile::Row& row = *profile.find(t);
        steps.push_back({{"keep", t}, {"macs", row.mask.cost.macs}, {"top1", profile.top1(row)}});
    }
    profile.save({{"grid", grid.size()},
                  {"left_out", left_out},
                  {"seed", o.seed},
                  {"greedy", steps},
                  {"predictor", json_of(predictor, network.facts.blocks)},
                  {"predicted", predicted_rows(subject, profile, predictor, grid)}});
    print(profile, path, predictor);
}

}  // namespace sluice::tools
