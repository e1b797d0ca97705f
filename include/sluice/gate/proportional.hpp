// Proportional layer skipping (Chan et al., Algorithm 1): every group keeps the same share of its blocks.
#pragma once

#include <numeric>
#include <string_view>

#include "sluice/gate/keep.hpp"

namespace sluice::inline SLUICE_ABI::gate {

// An exact share. Floating point would not do: ceil(0.55 * 100) is 56.
struct Ratio {
    std::int64_t numerator = 1, denominator = 1;

    // ceil(ratio * n) for a ratio in [0, 1] and n >= 0.
    constexpr int ceil_of(int n) const {
        return static_cast<int>((numerator * n + denominator - 1) / denominator);
    }
    friend constexpr bool operator==(const Ratio&, const Ratio&) = default;
};

// "1", "0.8", ".25", "1.000": digits and at most one point, between 0 and 1, at most 9 decimals.
inline Result<Ratio> ratio_from(std::string_view s) {
    Ratio r{0, 1};
    bool point = false, digit = false, fits = true;
    for (char c : s) {
        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9' && (fits = fits && r.denominator < 1'000'000'000 && r.numerator <= r.denominator)) {
            digit = true;
            r.numerator = r.numerator * 10 + (c - '0');
            if (point) r.denominator *= 10;
        } else {
            digit = false;
            break;
        }
    }
    if (!digit || r.numerator > r.denominator)
        return Status::error(Error::argument, "'", s, "' is not a ratio: expected a decimal from 0 to 1 such as 0.8");
    const std::int64_t common = std::gcd(r.numerator, r.denominator);
    return Ratio{r.numerator / common, r.denominator / common};
}

// k_g = max(1, ceil(r * n_g)) blocks of group g are kept: the only rule that gives the paper's Table 1.
template <Network Net>
constexpr Mask<Net> proportional(Ratio r) {
    Keep<Net> n{}, k{};
    for (const graph::Block& b : graph_of<Net>.blocks) ++n[b.group];
    for (std::size_t g = 0; g < n.size(); ++g) k[g] = r.ceil_of(n[g]) > 1 ? r.ceil_of(n[g]) : 1;
    return keep<Net>(k);
}

}  // namespace sluice

namespace sluice::inline SLUICE_ABI {

// percent(80): four fifths of every group's blocks.
constexpr gate::Ratio percent(int p) { return {p, 100}; }

}  // namespace sluice
