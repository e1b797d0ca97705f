// Table 1 of the paper (Chan et al.), frozen: the keep tuples that give its seven parameter counts to the digit.
#pragma once

#include "sluice/gate/keep.hpp"

namespace sluice::inline SLUICE_ABI::gate {

struct Table1Row {
    int label;                // as the paper prints it, percent
    std::array<int, 4> kept;  // blocks of groups 1 to 4 of ResNet-152
};

// Rows 100 to 70 follow max(1, ceil(label/100 * n)). Rows 50, 30 and 10 are what that rule gives at 0.40, 0.25 and 0.05:
// there the label is about the share of the parameters that remain (49.9 and 29.7 %; 10 % is out of reach, the first
// blocks alone are 13.8 %). So a row is looked up here, never computed from its label.
inline constexpr std::array<Table1Row, 7> table1_rows{{{100, {3, 8, 36, 3}},
                                                       {90, {3, 8, 33, 3}},
                                                       {80, {3, 7, 29, 3}},
                                                       {70, {3, 6, 26, 3}},
                                                       {50, {2, 4, 15, 2}},
                                                       {30, {1, 2, 9, 1}},
                                                       {10, {1, 1, 2, 1}}}};

// Not constexpr on purpose: calling it is how a label that is no row stops the compiler, with this name in the message.
void table1_has_the_rows_100_90_80_70_50_30_10();

// table1<ResNet152Cifar<10>>(50). Known labels only: any other one ends constant evaluation; at run time use table1_rows.
template <Network Net>
consteval Mask<Net> table1(int label) {
    static_assert(graph_of<Net>.groups == 4 && graph_of<Net>.gates == 46, "Table 1 is about ResNet-152: 3, 8, 36, 3");
    for (const Table1Row& row : table1_rows)
        if (row.label == label) return keep<Net>(row.kept);
    table1_has_the_rows_100_90_80_70_50_30_10();
    return {};
}

}  // namespace sluice
