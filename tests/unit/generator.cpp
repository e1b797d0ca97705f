// The generator against values that weights_tools computed: both must agree to the bit, for golden results are stored
// without their weights and images.
#include "sluice/core/generator.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#if !defined(SLUICE_GOLDEN_DIR)
#error "compile with -DSLUICE_GOLDEN_DIR='\"tests/golden\"'"
#endif

using namespace sluice;

static_assert(Generator::fnv1a("") == 0xCBF29CE484222325 && Generator::fnv1a("a") == 0xAF63DC4C8601EC8C);  // published
static_assert(Generator::mix(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF);  // SplitMix64's first number for seed 0

TEST_CASE("the generator gives the values of generator.json") {
    std::ifstream file(SLUICE_GOLDEN_DIR "/generator.json");
    REQUIRE_MESSAGE(file, "cannot open " SLUICE_GOLDEN_DIR "/generator.json");
    const auto cases = nlohmann::json::parse(file);
    REQUIRE(cases.size() >= 10);
    const auto number = [](const nlohmann::json& hex) { return std::strtod(hex.get<std::string>().c_str(), nullptr); };
    for (const auto& c : cases) {
        const auto seed = c.at("seed").get<std::uint64_t>();
        const auto name = c.at("name").get<std::string>();
        const auto index = c.at("index").get<std::uint64_t>();
        INFO("seed ", seed, ", name ", name, ", index ", index);
        const auto mid = static_cast<float>(number(c.at("mid"))), half = static_cast<float>(number(c.at("half")));
        CHECK(Generator(seed, name).at(index, mid, half) == static_cast<float>(number(c.at("value"))));
        // The 24 random bits themselves, without the rounding: half = 2^23 makes them whole numbers.
        CHECK(Generator(seed, name).at(index, 0x1p23f, 0x1p23f) == static_cast<float>(c.at("bits").get<int>()));
    }
}

TEST_CASE("values stay within their bounds, spread evenly, and differ by seed, name and index") {
    double sum = 0, squares = 0;
    const int count = 100'000;
    const Generator g(5, "spread");
    for (int i = 0; i < count; ++i) {
        const float x = g.at(static_cast<std::uint64_t>(i), 2, 3);
        CHECK_UNARY(x >= -1 && x <= 5);
        sum += x;
        squares += (x - 2) * (x - 2);
    }
    CHECK(std::abs(sum / count - 2) < 0.03);      // 5 standard errors
    CHECK(std::abs(squares / count - 3) < 0.05);  // variance half^2 / 3
    CHECK(Generator(1, "a").at(0, 0, 1) != Generator(2, "a").at(0, 0, 1));
    CHECK(Generator(1, "a").at(0, 0, 1) != Generator(1, "b").at(0, 0, 1));
    CHECK(Generator(1, "a").at(0, 0, 1) != Generator(1, "a").at(1, 0, 1));
    CHECK(GeneratedImage{3}(7) == Generator(3, "input").at(7, 0, std::sqrt(3.0f)));
}
