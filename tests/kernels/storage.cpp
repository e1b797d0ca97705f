// What becomes of weights that are stored in half the room.
#include "sluice_kernels/direct/storage.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "sluice_kernels/isa/isa.hpp"

using namespace sluice;
using kernels::Bf16Storage;

namespace {

float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

}  // namespace

TEST_CASE("bfloat16: the nearest of the two neighbours, and of equally near ones the even") {
    int ties = 0;
    for (std::uint32_t upper = 0; upper < 0x7f7fu; upper += 37)
        for (const std::uint32_t lower : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu})
            for (const std::uint32_t sign : {0u, 0x80000000u}) {
                const float weight = float_of(sign | upper << 16 | lower);
                const float below = float_of(sign | upper << 16), above = float_of(sign | (upper + 1) << 16);
                const double down = std::abs(double(weight) - below), up = std::abs(double(above) - weight);
                ties += down == up;
                const float nearest = down < up ? below : up < down ? above : upper % 2 == 0 ? below : above;
                CHECK(Bf16Storage::stored(weight) == nearest);
            }
    CHECK(ties > 800);
}

TEST_CASE("bfloat16: infinities stay, and what is no number stays none") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    CHECK(Bf16Storage::stored(infinity) == infinity);
    CHECK(Bf16Storage::stored(-infinity) == -infinity);
    CHECK(std::isnan(Bf16Storage::stored(float_of(0x7f800001u))));
    CHECK(std::isnan(Bf16Storage::stored(float_of(0xffffffffu))));
}

TEST_CASE("bfloat16: two weights in a float's room come back in their order, in every lane") {
    using V = isa::native::Vector;
    float packed[V::width], first[V::width], second[V::width];
    for (int i = 0; i < V::width; ++i) {
        const float pair[2] = {-1.5f - static_cast<float>(i), 0.25f * static_cast<float>(i)};
        packed[i] = Bf16Storage::pack(pair);
    }
    V weights[2];
    Bf16Storage::load(packed, weights);
    weights[0].store(first);
    weights[1].store(second);
    for (int i = 0; i < V::width; ++i) {
        CHECK(first[i] == -1.5f - static_cast<float>(i));
        CHECK(second[i] == 0.25f * static_cast<float>(i));
    }
}
