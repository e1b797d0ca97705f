// Predictor: the accuracy of keep tuples that were not measured, from those that were.
//
// With chance c, the share that guessing gets right, and p the share of right answers, q = (p - c) / (1 - c) is what
// the network knows, and its log-odds log(q / (1 - q)) are fitted by ridge regression on features of the tuple. Each
// sample weighs q (1 - q), as the inverse variance of empirical log-odds does: at both ends of the scale they are
// mostly noise. Features and ridge are chosen by cross-validation.
#pragma once

#include "features.hpp"

namespace sluice::tools {

struct Sample {
    Tuple keep;
    double right = 0;    // share of the images, 0 to 1
    bool drawn = false;  // at random, so that it stands for the tuples that were not measured
};

class Predictor {
  public:
    struct Scale {
        Tuple blocks;       // of each group
        double chance = 0;  // below 1
        double images = 0;  // that each sample was measured on
    };

    // Of tuples that the prediction knew nothing about, in percentage points.
    struct HeldOut {
        std::size_t tuples = 0;
        double mean_absolute_error = 0, largest_absolute_error = 0;
    };

    // Samples: one at least. Their order matters: drawn ones belong to folds in turn.
    Predictor(Scale scale, const std::vector<Sample>& samples);

    double top1(const Tuple& keep) const;  // per cent

    const FeatureSet& features() const { return *form_.features; }
    double ridge() const { return form_.ridge; }
    const std::vector<double>& coefficients() const { return coefficients_; }  // one for each feature
    // Cross-validation over the drawn samples. Those of a fold have no part in the choice either.
    const HeldOut& held_out() const { return held_out_; }

  private:
    struct Form {
        const FeatureSet* features;
        double ridge;
    };

    Scale scale_;
    Form form_{};
    std::vector<double> coefficients_;
    HeldOut held_out_;

    Predictor(Scale scale, Form form, const std::vector<Sample>& samples);  // fits and nothing else
    static Form choose(const Scale& scale, const std::vector<Sample>& samples);
    void fit(const std::vector<Sample>& samples);
};

}  // namespace sluice::tools
