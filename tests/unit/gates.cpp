// Gates: the rule of proportional layer skipping in exact arithmetic, Table 1 to the digit, masks of any kind, and what
// is said to those who ask for what cannot be.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "sluice/gate/accounting.hpp"
#include "sluice/gate/policies.hpp"
#include "sluice/nets/networks.hpp"

using namespace sluice;
using namespace sluice::nets;
using gate::Ratio;

namespace {

using Net = ResNet152Cifar<>;
using Kept = gate::Keep<Net>;

// Table 1 is written with a comma in place of Mask's 46 bits.
constexpr bool keeps(const gate::Mask<Net>& mask, const Kept& kept) { return mask.kept() == kept; }

static_assert(keeps(gate::table1<Net>(100), {3, 8, 36, 3}) && gate::table1<Net>(100) == gate::Mask<Net>{});
static_assert(keeps(gate::table1<Net>(90), {3, 8, 33, 3}));
static_assert(keeps(gate::table1<Net>(80), {3, 7, 29, 3}));
static_assert(keeps(gate::table1<Net>(70), {3, 6, 26, 3}));
static_assert(keeps(gate::table1<Net>(50), {2, 4, 15, 2}));
static_assert(keeps(gate::table1<Net>(30), {1, 2, 9, 1}));
static_assert(keeps(gate::table1<Net>(10), {1, 1, 2, 1}));

static_assert(parameters<Net>(gate::table1<Net>(100)) == 58'156'618);
static_assert(parameters<Net>(gate::table1<Net>(90)) == 54'805'066);
static_assert(parameters<Net>(gate::table1<Net>(80)) == 50'056'266);
static_assert(parameters<Net>(gate::table1<Net>(70)) == 46'424'650);
static_assert(parameters<Net>(gate::table1<Net>(50)) == 29'042'506);
static_assert(parameters<Net>(gate::table1<Net>(30)) == 17'246'282);
static_assert(parameters<Net>(gate::table1<Net>(10)) == 9'145'930);

// The rule gives the rows 100 to 70 at their label, and the others at 40, 25 and 5 %; at their own label it does not.
static_assert(gate::proportional<Net>(percent(100)) == gate::table1<Net>(100));
static_assert(gate::proportional<Net>(percent(90)) == gate::table1<Net>(90));
static_assert(gate::proportional<Net>(percent(80)) == gate::table1<Net>(80));
static_assert(gate::proportional<Net>(percent(70)) == gate::table1<Net>(70));
static_assert(gate::proportional<Net>(percent(40)) == gate::table1<Net>(50));
static_assert(gate::proportional<Net>(percent(25)) == gate::table1<Net>(30));
static_assert(gate::proportional<Net>(percent(5)) == gate::table1<Net>(10));
static_assert(keeps(gate::proportional<Net>(percent(50)), {2, 4, 18, 2}) &&
              parameters<Net>(gate::proportional<Net>(percent(50))) == 32'394'058);
static_assert(keeps(gate::proportional<Net>(percent(30)), {1, 3, 11, 1}) &&
              parameters<Net>(gate::proportional<Net>(percent(30))) == 19'760'714);
static_assert(keeps(gate::proportional<Net>(percent(10)), {1, 1, 4, 1}) &&
              parameters<Net>(gate::proportional<Net>(percent(10))) == 11'380'298);
static_assert(keeps(gate::proportional<Net>(percent(0)), {1, 1, 1, 1}) &&
              parameters<Net>(gate::proportional<Net>(percent(0))) == 8'028'746);

// A floating-point product would give 56 and 29.
static_assert(Ratio{55, 100}.ceil_of(100) == 55 && Ratio{7, 25}.ceil_of(100) == 28);

constexpr double round_to(double x, double unit) {
    return static_cast<double>(static_cast<std::int64_t>(x / unit + 0.5)) * unit;
}

std::string refusal(std::string_view ratio) {
    const auto r = gate::ratio_from(ratio);
    return r ? "accepted" : r.message();
}
Ratio ratio(std::string_view s) {
    const auto r = gate::ratio_from(s);
    REQUIRE_MESSAGE(r, r.message());
    return *r;
}

}  // namespace

TEST_CASE("Table 1: parameters, compression and GMACs as the paper prints them") {
    struct {
        int label;
        double millions, compression, gmacs;
    } const printed[] = {{100, 58.16, 0, 3.7221},    {90, 54.81, 5.76, 3.5082},  {80, 50.06, 13.93, 3.1517},
                         {70, 46.42, 20.19, 2.8665}, {50, 29.04, 50.07, 1.7970}, {30, 17.25, 70.34, 1.0839},
                         {10, 9.15, 84.27, 0.5135}};
    std::size_t rows = 0;
    for (const auto& p : printed) {
        CAPTURE(p.label);
        const gate::Table1Row& row = gate::table1_rows[rows++];
        REQUIRE(row.label == p.label);
        const auto mask = gate::keep<Net>(row.kept);
        const double millions = round_to(static_cast<double>(parameters<Net>(mask)) / 1e6, 0.01);
        CHECK(millions == doctest::Approx(p.millions).epsilon(1e-9));
        // The compression column follows from the rounded numbers; exact ones would give 20.17, 50.06 and 70.35.
        CHECK(round_to((1 - millions / 58.16) * 100, 0.01) == doctest::Approx(p.compression).epsilon(1e-9));
        CHECK(round_to(static_cast<double>(macs<Net>(mask)) / 1e9, 1e-4) == doctest::Approx(p.gmacs).epsilon(1e-9));
    }
    CHECK(rows == gate::table1_rows.size());
}

TEST_CASE("proportional: the smallest number of blocks that is at least the share, and at least one") {
    const Kept all = blocks_per_group<Net>;
    for (int p = 0; p <= 100; ++p) {
        CAPTURE(p);
        const Kept kept = gate::proportional<Net>(percent(p)).kept();
        for (std::size_t g = 0; g < all.size(); ++g) {
            CAPTURE(g);
            CHECK(kept[g] >= 1);
            CHECK(kept[g] * 100 >= p * all[g]);                         // enough
            CHECK((kept[g] == 1 || (kept[g] - 1) * 100 < p * all[g]));  // one fewer would not be
        }
    }
}

TEST_CASE("proportional: the last blocks of a group go, never an interior subset") {
    for (int p = 0; p <= 100; p += 7) {
        const auto mask = gate::proportional<Net>(percent(p));
        const Kept kept = mask.kept();
        for (std::size_t b = 0; b < graph_of<Net>.blocks.size(); ++b) {
            const graph::Block& block = graph_of<Net>.blocks[b];
            CHECK(mask.runs(static_cast<int>(b)) == (block.index < kept[static_cast<std::size_t>(block.group)]));
        }
    }
}

TEST_CASE("a ratio is read exactly") {
    CHECK(ratio("0.55") == Ratio{11, 20});
    CHECK(ratio("0.55").ceil_of(100) == 55);
    for (int p = 0; p <= 99; ++p) {
        const std::string digits = std::to_string(p);
        CHECK(ratio("0." + std::string(2 - digits.size(), '0') + digits).ceil_of(100) == p);
    }
    CHECK(ratio("1") == Ratio{1, 1});
    CHECK(ratio("1.000") == Ratio{1, 1});
    CHECK(ratio("0") == Ratio{0, 1});
    CHECK(ratio(".5") == Ratio{1, 2});
    CHECK(ratio("00.25") == Ratio{1, 4});
    CHECK(ratio("0.000000001") == Ratio{1, 1'000'000'000});
    CHECK(ratio("0.999999999").ceil_of(36) == 36);
}

TEST_CASE("what is no ratio is quoted back") {
    CHECK(refusal("80%") == "'80%' is not a ratio: expected a decimal from 0 to 1 such as 0.8");
    for (const char* junk : {"",
                             ".",
                             "..",
                             "0..5",
                             "0.5.",
                             "-0.5",
                             "+1",
                             "1.1",
                             "2",
                             "80",
                             "0,8",
                             "0.8 ",
                             " 0.8",
                             "1e-1",
                             "nan",
                             "0x1",
                             "one",
                             "0.0000000001",
                             "1.0000000000",
                             "99999999999999999999",
                             "1.00000000000000000001"})
        CHECK(refusal(junk) ==
              "'" + std::string(junk) + "' is not a ratio: expected a decimal from 0 to 1 such as 0.8");
}

TEST_CASE("keep tuples from outside are checked, from inside clamped") {
    REQUIRE(gate::keep_checked<Net>({2, 4, 15, 2}));
    CHECK(*gate::keep_checked<Net>({2, 4, 15, 2}) == gate::table1<Net>(50));
    CHECK(std::string(gate::keep_checked<Net>({3, 9, 36, 3}).message()) ==
          "group 1 of resnet152_cifar can keep 1 to 8 blocks (the first is always run), not 9");
    CHECK(std::string(gate::keep_checked<Net>({0, 8, 36, 3}).message()) ==
          "group 0 of resnet152_cifar can keep 1 to 3 blocks (the first is always run), not 0");
    CHECK(gate::keep_checked<Net>({3, 8, 36, -1}).status().kind() == Error::argument);
    CHECK(gate::keep<Net>({0, 99, -5, 3}) == gate::keep<Net>({1, 8, 1, 3}));
}

TEST_CASE("a block that cannot be skipped says why, and which block there is not") {
    gate::Mask<ResNet18<>> mask;
    CHECK(std::string(mask.set_block(1, 0, false).message()) ==
          "block 0 of group 1 cannot be skipped: it turns 64x56x56 into 128x28x28, and the blocks after it need that "
          "shape");
    // The first group of a basic-block network keeps its shape; its first block stays for another reason.
    CHECK(std::string(mask.set_block(0, 0, false).message()) ==
          "block 0 of group 0 cannot be skipped: every group keeps its first block");
    CHECK(std::string(mask.set_block(0, 2, false).message()) == "resnet18 has no block 2 in group 0");
    CHECK(std::string(mask.set_block(4, 0, true).message()) == "resnet18 has no block 0 in group 4");
    CHECK(std::string(mask.set_block(-1, 0, true).message()) == "resnet18 has no block 0 in group -1");
    CHECK(mask.set_block(1, 0, false).kind() == Error::argument);
    CHECK(mask == gate::Mask<ResNet18<>>{});  // refused: nothing has changed

    CHECK(mask.set_block(1, 0, true));  // it is open anyway
    CHECK(mask.set_block(2, 1, false));
    CHECK(mask.kept() == std::array{2, 2, 1, 2});
    CHECK(mask.set_block(2, 1, true));
    CHECK(mask == gate::Mask<ResNet18<>>{});
}

TEST_CASE("any subset of the gates is a mask, across the words that hold it") {
    using Deep = CifarResNet<graph::Name("deep"), Shortcut::A, 10, 30>;  // 87 gates: more than one word of bits
    static_assert(gateable_blocks<Deep> == 87);
    for (int only = 0; only < 87; ++only) {
        gate::Mask<Deep> shut;
        shut.set(only, false);
        int open = 0;
        for (int g = 0; g < 87; ++g) open += shut.open(g);
        CHECK(open == 86);
        CHECK_FALSE(shut.open(only));
        int run = 0;
        for (std::size_t b = 0; b < graph_of<Deep>.blocks.size(); ++b) run += shut.runs(static_cast<int>(b));
        CHECK(run == 89);
        const auto kept = shut.kept();
        CHECK(kept[0] + kept[1] + kept[2] == 89);
        CHECK(kept[static_cast<std::size_t>(only / 29)] == 29);
        shut.set(only, true);
        CHECK(shut == gate::Mask<Deep>{});
    }
}
