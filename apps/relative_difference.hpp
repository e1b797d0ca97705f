// By how much logits differ from those that were expected.
#pragma once

#include <cmath>
#include <vector>

namespace sluice::tools {

// The largest difference, as a share of the largest number that was expected; a NaN if one was found.
inline double relative_difference(const std::vector<float>& got, const std::vector<float>& expected) {
    double difference = 0, largest = 0;
    for (std::size_t k = 0; k < got.size(); ++k) {
        const double d = std::fabs(static_cast<double>(got[k]) - static_cast<double>(expected[k]));
        if (!(d <= difference)) difference = d;  // a NaN stays
        largest = std::fmax(largest, std::fabs(static_cast<double>(expected[k])));
    }
    return difference == 0 ? 0 : difference / largest;
}

}  // namespace sluice::tools
