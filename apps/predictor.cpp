#include "predictor.hpp"

// A few dozen columns do without vector instructions, and without gcc 12's false alarms about Eigen's use of them.
#define EIGEN_DONT_VECTORIZE
#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <numeric>

namespace sluice::tools {

namespace {

constexpr std::size_t most_folds = 5;
constexpr double ridges[]{0.01, 0.1, 1, 10};  // of features with variance 1 and samples that weigh 1 on average

using Places = std::vector<std::size_t>;

Places drawn_places(const std::vector<Sample>& samples) {
    Places places;
    for (std::size_t i = 0; i < samples.size(); ++i)
        if (samples[i].drawn) places.push_back(i);
    return places;
}

// Absolute errors in percentage points at the places, each of a predictor that was made without the place's fold.
template <class Make>
std::vector<double> held_out_errors(const std::vector<Sample>& samples, const Places& held, Make make) {
    const std::size_t folds = std::min(most_folds, held.size());
    std::vector<double> errors;
    for (std::size_t fold = 0; fold < folds; ++fold) {
        std::vector<bool> out(samples.size());
        for (std::size_t i = fold; i < held.size(); i += folds) out[held[i]] = true;
        std::vector<Sample> rest;
        for (std::size_t i = 0; i < samples.size(); ++i)
            if (!out[i]) rest.push_back(samples[i]);
        if (rest.empty()) continue;  // nothing to learn from
        const Predictor predictor = make(rest);
        for (std::size_t i = 0; i < samples.size(); ++i)
            if (out[i]) errors.push_back(std::abs(predictor.top1(samples[i].keep) - 100 * samples[i].right));
    }
    return errors;
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Predictor::Predictor(Scale scale, const std::vector<Sample>& samples)
    : Predictor(scale, choose(scale, samples), samples) {
    const std::vector<double> errors =
        held_out_errors(samples, drawn_places(samples),
                        [&](const std::vector<Sample>& rest) { return Predictor(scale, choose(scale, rest), rest); });
    if (!errors.empty()) held_out_ = {errors.size(), mean(errors), *std::ranges::max_element(errors)};
}

Predictor::Predictor(Scale scale, Form form, const std::vector<Sample>& samples)
    : scale_(std::move(scale)), form_(form) {
    fit(samples);
}

double Predictor::top1(const Tuple& keep) const {
    const std::vector<double> x = form_.features->values(keep, scale_.blocks);
    const double log_odds = std::inner_product(x.begin(), x.end(), coefficients_.begin(), 0.0);
    return 100 * (scale_.chance + (1 - scale_.chance) / (1 + std::exp(-log_odds)));
}

// The form with the least mean error of the drawn samples; of all, if the drawn ones are too few to tell.
Predictor::Form Predictor::choose(const Scale& scale, const std::vector<Sample>& samples) {
    Places held = drawn_places(samples);
    if (held.size() < most_folds) {
        held.resize(samples.size());
        std::iota(held.begin(), held.end(), std::size_t(0));
    }
    Form best{&feature_sets[0], ridges[0]};
    double least = std::numeric_limits<double>::infinity();
    for (const FeatureSet& features : feature_sets)
        for (const double ridge : ridges) {
            const Form form{&features, ridge};
            const double error = mean(held_out_errors(
                samples, held, [&](const std::vector<Sample>& rest) { return Predictor(scale, form, rest); }));
            if (error < least) least = error, best = form;  // never with a single sample: 0 / 0
        }
    return best;
}

void Predictor::fit(const std::vector<Sample>& samples) {
    const auto n = static_cast<Eigen::Index>(samples.size());
    // Knowledge counts from one standard deviation of guessing on, and up to half an image from perfect: beyond that
    // its log-odds are noise, or infinite.
    const double c = scale_.chance, least = std::sqrt(c / ((1 - c) * scale_.images)), most = 1 - 0.5 / scale_.images;
    Eigen::MatrixXd x;
    Eigen::VectorXd y(n), weight(n);
    for (Eigen::Index i = 0; i < n; ++i) {
        const Sample& s = samples[static_cast<std::size_t>(i)];
        const std::vector<double> values = form_.features->values(s.keep, scale_.blocks);
        const auto width = static_cast<Eigen::Index>(values.size()) - 1;
        if (i == 0) x.resize(n, width);
        x.row(i) = Eigen::Map<const Eigen::RowVectorXd>(values.data() + 1, width);  // without the constant
        const double q = std::clamp((s.right - c) / (1 - c), least, most);
        y(i) = std::log(q / (1 - q));
        weight(i) = q * (1 - q);
    }
    weight /= weight.mean();

    // Centred and scaled to variance 1, so that the ridge treats features alike and leaves the constant alone.
    const Eigen::RowVectorXd middle = weight.transpose() * x / static_cast<double>(n);
    x.rowwise() -= middle;
    Eigen::RowVectorXd spread = (weight.transpose() * x.cwiseAbs2() / static_cast<double>(n)).cwiseSqrt();
    spread = (spread.array() > 1e-9).select(spread, 1.0);  // a feature that never varies gets the coefficient 0
    x.array().rowwise() /= spread.array();
    const double level = weight.dot(y) / static_cast<double>(n);
    Eigen::MatrixXd normal = x.transpose() * weight.asDiagonal() * x;
    normal.diagonal().array() += form_.ridge;
    const Eigen::VectorXd solution =
        normal.ldlt().solve(x.transpose() * weight.asDiagonal() * (y.array() - level).matrix());
    const Eigen::RowVectorXd slopes = solution.transpose().cwiseQuotient(spread);

    coefficients_.assign(1, level - slopes.dot(middle));
    coefficients_.insert(coefficients_.end(), slopes.begin(), slopes.end());
}

}  // namespace sluice::tools
