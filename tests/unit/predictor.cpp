// The predictor: functions that it must find, the optimum that its coefficients claim to be, its own account of its
// errors, and samples that tell nothing.
#include "predictor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace sluice::tools;
using sluice::Generator;

namespace {

const Tuple blocks{5, 6, 7};
constexpr double chance = 0.1;

double share(double log_odds) { return chance + (1 - chance) / (1 + std::exp(-log_odds)); }

double known(const Tuple& t) {
    const double x = 1 - t[0] / 5.0, y = 1 - t[1] / 6.0, z = 1 - t[2] / 7.0;
    return share(2.5 - 2 * x - 4 * y + z - 3 * x * z - y * y);
}

double noise(const Tuple& t) { return static_cast<double>(Generator(1, text_of(t)).at(0, 0, 0.03f)); }

// The diagonal, and tuples drawn at random.
std::vector<Sample> samples_of(double (*right)(const Tuple&), std::size_t random = 40) {
    std::vector<Sample> samples;
    for (int k = 1; k <= 5; ++k) samples.push_back({{k, k + 1, k + 2}, right({k, k + 1, k + 2}), false});
    for (const Tuple& t : drawn(grid_of(blocks), random, 3)) samples.push_back({t, right(t), true});
    return samples;
}

double noisy(const Tuple& t) { return known(t) + noise(t); }

Predictor predictor_of(const std::vector<Sample>& samples, double images = 1e4) {
    return {{blocks, chance, images}, samples};
}

}  // namespace

TEST_CASE("features are the products that their names say") {
    const FeatureSet set{"both", 2, true};
    CHECK(set.names({4, 2}) ==
          std::vector<std::string>{"1", "x0", "x1", "x0*x0", "x0*x1", "x1*x1", "k0<2", "k0<3", "k0<4", "k1<2"});
    CHECK(set.values({3, 1}, {4, 2}) == std::vector<double>{1, 0.25, 0.5, 0.0625, 0.125, 0.25, 0, 0, 1, 1});
    CHECK(FeatureSet{"cubic", 3, false}.names({1, 1, 1, 1}).size() == 1 + 4 + 10 + 20);
}

TEST_CASE("the predictor finds a function that its features can express") {
    const Predictor p = predictor_of(samples_of(known), 1e9);
    double largest = 0;
    for (const Tuple& t : grid_of(blocks)) largest = std::max(largest, std::abs(p.top1(t) - 100 * known(t)));
    CHECK(largest < 0.2);
    CHECK(p.held_out().tuples == 40);
    CHECK(p.held_out().largest_absolute_error < 0.3);
    CHECK(p.features().names(blocks).size() == p.coefficients().size());
}

TEST_CASE("the coefficients are the least of the penalised sum of squares") {
    const auto samples = samples_of(noisy);
    const double images = 1e4;
    const Predictor p = predictor_of(samples, images);
    const std::size_t n = samples.size(), width = p.coefficients().size();
    std::vector<std::vector<double>> x;
    std::vector<double> y, weight, spread(width);
    double total = 0;
    for (const Sample& s : samples) {
        const double q = std::clamp((s.right - chance) / (1 - chance), std::sqrt(chance / ((1 - chance) * images)),
                                    1 - 0.5 / images);
        x.push_back(p.features().values(s.keep, blocks));
        y.push_back(std::log(q) - std::log(1 - q));
        weight.push_back(q * (1 - q));
        total += weight.back();
    }
    for (double& w : weight) w *= static_cast<double>(n) / total;
    for (std::size_t j = 1; j < width; ++j) {  // the constant is not penalised
        double sum = 0, squares = 0;
        for (std::size_t i = 0; i < n; ++i) sum += weight[i] * x[i][j], squares += weight[i] * x[i][j] * x[i][j];
        const auto count = static_cast<double>(n);
        spread[j] = std::sqrt(squares / count - sum / count * (sum / count));
    }
    const auto loss = [&](const std::vector<double>& b) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            double rest = y[i];
            for (std::size_t j = 0; j < width; ++j) rest -= b[j] * x[i][j];
            sum += weight[i] * rest * rest;
        }
        for (std::size_t j = 1; j < width; ++j) sum += p.ridge() * b[j] * b[j] * spread[j] * spread[j];
        return sum;
    };
    const double least = loss(p.coefficients());
    CHECK(least > 0.01);  // the samples are noisy
    for (std::size_t j = 0; j < width; ++j)
        for (const double step : {-1e-4, 1e-4}) {
            auto other = p.coefficients();
            other[j] += step;
            CHECK(loss(other) > least);
        }
}

TEST_CASE("the stated error is that of predictors that have not seen the fold") {
    const auto samples = samples_of(noisy, 23);
    const Predictor::HeldOut stated = predictor_of(samples).held_out();
    double sum = 0, largest = 0;
    for (std::size_t fold = 0; fold < 5; ++fold) {
        std::vector<Sample> seen, held;
        std::size_t nth = 0;
        for (const Sample& s : samples) (s.drawn && nth++ % 5 == fold ? held : seen).push_back(s);
        const Predictor p = predictor_of(seen);
        for (const Sample& s : held) {
            sum += std::abs(p.top1(s.keep) - 100 * s.right);
            largest = std::max(largest, std::abs(p.top1(s.keep) - 100 * s.right));
        }
    }
    CHECK(stated.tuples == 23);
    CHECK(stated.mean_absolute_error == doctest::Approx(sum / 23));
    CHECK(stated.largest_absolute_error == doctest::Approx(largest));
    CHECK(stated.mean_absolute_error > 0.3);  // what noise of 3 points up and down leaves, and no perfect memory
}

TEST_CASE("a single sample, or equal ones, are predicted everywhere") {
    for (const std::size_t random : {0, 1, 40}) {
        auto samples = samples_of([](const Tuple&) { return 0.8; }, random);
        if (random == 0) samples.resize(1);
        const Predictor p = predictor_of(samples);
        for (const Tuple& t : grid_of(blocks)) CHECK(p.top1(t) == doctest::Approx(80));
        CHECK(p.held_out().tuples == random);
        CHECK(p.held_out().largest_absolute_error == doctest::Approx(0));
    }
}

TEST_CASE("fewer samples than features still predict within the scale") {
    for (const std::size_t random : {1, 2, 3}) {
        const Predictor p = predictor_of(samples_of(noisy, random));
        CHECK(p.held_out().tuples == random);
        for (const Tuple& t : grid_of(blocks)) CHECK_UNARY(p.top1(t) >= 10 && p.top1(t) <= 100);
    }
}

TEST_CASE("all right, all wrong and worse than guessing are within an image or the noise of guessing") {
    const Predictor right = predictor_of(samples_of([](const Tuple&) { return 1.0; }), 1000);
    const Predictor wrong = predictor_of(samples_of([](const Tuple&) { return 0.0; }), 1000);
    for (const Tuple& t : grid_of(blocks)) {
        CHECK(right.top1(t) == doctest::Approx(100 - 0.5 * 0.9 / 10));               // half of one of 1,000 images
        CHECK(wrong.top1(t) == doctest::Approx(10 + 100 * std::sqrt(0.09 / 1000)));  // one standard deviation
    }
    // Both in one network: a cliff.
    const Predictor cliff = predictor_of(samples_of([](const Tuple& t) { return t[1] > 3 ? 1.0 : 0.1; }), 1000);
    for (const Tuple& t : grid_of(blocks)) {
        CHECK_UNARY(cliff.top1(t) >= 10 && cliff.top1(t) <= 100);
        if (t[1] == 6) CHECK(cliff.top1(t) > 90);
        if (t[1] == 1) CHECK(cliff.top1(t) < 20);
    }
}
