// Text, Status, Result and Shape: what messages and names are made of.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "sluice/core/shape.hpp"
#include "sluice/core/status.hpp"

using namespace sluice;

static_assert(text<20>("layer", 3, ".", 0).view() == "layer3.0");
static_assert(text<5>("layer", 3).view() == "layer");  // cut off
static_assert(text<3>(12345).view() == "123");
static_assert(Text<4>("abcd") == Text<4>("abcdefg") && !(Text<4>("abcd") == Text<4>("abc")));
static_assert(Text<8>().empty() && Text<0>("x").empty());
static_assert(text<12>(Text<3>("abc"), Text<20>("defg")).view() == "abcdefg");
static_assert(text<1>("").empty());

static_assert(text<20>(0).view() == "0" && text<20>(-1).view() == "-1" && text<20>(10).view() == "10");
static_assert(text<20>(std::numeric_limits<std::int64_t>::min()).view() == "-9223372036854775808");
static_assert(text<20>(std::numeric_limits<std::int64_t>::max()).view() == "9223372036854775807");
static_assert(text<20>(std::numeric_limits<std::uint64_t>::max()).view() == "18446744073709551615");
static_assert(text<20>(std::numeric_limits<std::int32_t>::min()).view() == "-2147483648");
static_assert(text<20>(std::int8_t(-128), std::uint8_t(200)).view() == "-128200");  // numbers, not characters

// A Text can be a template argument.
template <Text<7> name>
constexpr std::string_view name_of = name.view();
static_assert(name_of<"conv1"> == "conv1");

static_assert(Shape{3, 224, 224}.size() == 150'528 && Shape{1 << 20, 1 << 20, 1}.size() == std::int64_t(1) << 40);
static_assert(Shape{64, 7, 9}.text().view() == "64x7x9");
static_assert(Shape{1, 2, 3} != Shape{1, 3, 2});

TEST_CASE("what does not fit a Text is cut off, and the end is marked for C") {
    for (int length = 0; length < 20; ++length) {
        const std::string s(static_cast<std::size_t>(length), 'x');
        const Text<8> t{std::string_view(s)};
        CHECK(t.view() == s.substr(0, 8));
        CHECK(std::string(t.c_str()) == s.substr(0, 8));
        CHECK(t.length == std::min(length, 8));
    }
    Text<4> t("abcd");
    t.append("e").append(1).append(-7);
    CHECK(t.view() == "abcd");
}

TEST_CASE("a Status is good until it is an error with a message") {
    const Status good;
    CHECK(good);
    CHECK(good.kind() == Error::none);
    CHECK(std::string(good.message()).empty());
    const Status bad = Status::error(Error::mismatch, "tensor ", std::string_view("a.weight"), " has ", 3, " axes");
    CHECK_FALSE(bad);
    CHECK(bad.kind() == Error::mismatch);
    CHECK(std::string(bad.message()) == "tensor a.weight has 3 axes");
}

TEST_CASE("a message has an end, however long its parts") {
    const std::string endless(10'000, 'n');
    const Status s = Status::error(Error::format, "name ", std::string_view(endless), " is long");
    CHECK(std::string(s.message()).size() == 230);
    CHECK(std::string(s.message()).starts_with("name nnn"));
}

TEST_CASE("a Result holds a value or the reason why there is none") {
    Result<std::string> good(std::string("value"));
    REQUIRE(good);
    CHECK(*good == "value");
    CHECK(good->size() == 5);
    CHECK(good.status());
    CHECK(good.take() == "value");
    const Result<std::string> bad(Status::error(Error::file, "no such file"));
    CHECK_FALSE(bad);
    CHECK(bad.status().kind() == Error::file);
    CHECK(std::string(bad.message()) == "no such file");
}
