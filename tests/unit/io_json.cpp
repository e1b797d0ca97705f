// JsonCursor, and the UTF-8 it rests on: what it takes, what it refuses, and where it says the fault is.
#include <doctest/doctest.h>

#include <string>

#include "sluice/io/json.hpp"

using sluice::io::JsonCursor;
using sluice::io::utf8_length;
using namespace std::string_view_literals;

namespace {

// The string, or the error in angle brackets.
std::string read_string(std::string_view text) {
    JsonCursor json(text);
    const JsonCursor::String s = json.string();
    json.end();
    return json.status() ? std::string(s.raw) : "<" + std::string(json.status().message()) + ">";
}

std::string read_number(std::string_view text) {
    JsonCursor json(text);
    const std::uint64_t n = json.number();
    json.end();
    return json.status() ? std::to_string(n) : "<" + std::string(json.status().message()) + ">";
}

// The length by the definition: decode by the lead byte's bits, then ask whether the number needed that many bytes.
int utf8_oracle(std::string_view s) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    if (s.empty()) return 0;
    if (byte(0) < 0x80) return 1;
    const std::size_t n = byte(0) >> 5 == 6 ? 2 : byte(0) >> 4 == 14 ? 3 : byte(0) >> 3 == 30 ? 4 : 0;
    if (n == 0 || s.size() < n) return 0;
    unsigned long code = byte(0) & (0xFFu >> (n + 1));
    for (std::size_t i = 1; i < n; ++i) {
        if (byte(i) >> 6 != 2) return 0;
        code = code << 6 | (byte(i) & 0x3Fu);
    }
    const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return 0;
    return static_cast<int>(n);
}

}  // namespace

TEST_CASE("utf8_length agrees with the definition on every sequence that matters") {
    // All pairs of first bytes, with third and fourth bytes on both sides of every border, whole and cut short.
    const unsigned char borders[] = {0x00, 0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    int wrong = 0;
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b)
            for (unsigned char c : borders)
                for (unsigned char d : borders) {
                    const char s[] = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c),
                                      static_cast<char>(d)};
                    for (std::size_t n = 0; n <= 4; ++n) wrong += utf8_length({s, n}) != utf8_oracle({s, n});
                }
    CHECK(wrong == 0);
}

TEST_CASE("a string is handed out as written") {
    CHECK(read_string(R"("abc")") == "abc");
    CHECK(read_string(" \t\r\n\"abc\" \n") == "abc");
    CHECK(read_string(R"("")") == "");
    CHECK(read_string("\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80\"") ==
          "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
    CHECK(read_string("\"\x7F\"") == "\x7F");
    CHECK(read_string(R"("\" \\ \/ \b \f \n \r \t A \ud83d\uDE00")") == R"(\" \\ \/ \b \f \n \r \t A \ud83d\uDE00)");

    JsonCursor plain(R"("abc")"), escaped(R"("a\nc")");
    CHECK_FALSE(plain.string().escaped);
    CHECK(escaped.string().escaped);
}

TEST_CASE("what is not a string is refused at the byte at fault") {
    CHECK(read_string("") == "<header byte 0: expected a string, found the end of the header>");
    CHECK(read_string("  7") == "<header byte 2: expected a string, found '7'>");
    CHECK(read_string("'a'") == "<header byte 0: expected a string, found '''>");
    CHECK(read_string(R"("abc)") == "<header byte 4: expected the end of a string, found the end of the header>");
    CHECK(read_string(R"("abc" x)") == "<header byte 6: expected nothing more, found 'x'>");
    CHECK(read_string("\"a\nb\"") == "<header byte 2: a string holds byte 0x0A; control characters must be escaped>");
    CHECK(read_string("\"a\0b\""sv) == "<header byte 2: a string holds byte 0x00; control characters must be escaped>");
    CHECK(read_string("\"\x1F\"") == "<header byte 1: a string holds byte 0x1F; control characters must be escaped>");
    CHECK(read_string("\"a\xFF\"") == "<header byte 2: not UTF-8: byte 0xFF>");
    CHECK(read_string("\"\xE2\x82\"") == "<header byte 1: not UTF-8: byte 0xE2>");
    CHECK(read_string(R"("\x")") == "<header byte 1: not an escape of JSON>");
    CHECK(read_string("\"\\\0\""sv) == "<header byte 1: not an escape of JSON>");
    CHECK(read_string("\"\\") == "<header byte 1: not an escape of JSON>");
    for (const char* bad : {R"("\u12")", R"("\u12G4")", R"("\u")", "\"\\u", "\"\\u123", R"("\ud83d")", R"("\ude00")",
                            R"("\ud83dA")", R"("\ud83d\n")", R"("\ud83d\u)", R"("\ud83d\ud83d")"}) {
        CAPTURE(bad);
        CHECK(read_string(bad) ==
              "<header byte 1: \\u needs four hexadecimal digits, and one half of a UTF-16 pair the other half>");
    }
}

TEST_CASE("numbers are unsigned integers of at most 64 bits") {
    CHECK(read_number("0") == "0");
    CHECK(read_number(" 42 ") == "42");
    CHECK(read_number("18446744073709551615") == "18446744073709551615");
    CHECK(read_number("18446744073709551616") == "<header byte 0: a number above 2^64 - 1>");
    CHECK(read_number("99999999999999999999999999") == "<header byte 0: a number above 2^64 - 1>");
    CHECK(read_number("007") == "<header byte 0: a number with leading zeros>");
    CHECK(read_number("-1") == "<header byte 0: expected an unsigned integer, found '-'>");
    CHECK(read_number("+1") == "<header byte 0: expected an unsigned integer, found '+'>");
    CHECK(read_number("1.5") == "<header byte 1: expected an unsigned integer, found '.'>");
    CHECK(read_number("2e3") == "<header byte 1: expected an unsigned integer, found 'e'>");
    CHECK(read_number("2E3") == "<header byte 1: expected an unsigned integer, found 'E'>");
    CHECK(read_number("null") == "<header byte 0: expected an unsigned integer, found 'n'>");
    CHECK(read_number("") == "<header byte 0: expected an unsigned integer, found the end of the header>");
}

TEST_CASE("arrays and objects: loops end by themselves, commas are where they belong") {
    const auto sum = [](std::string_view text) {
        JsonCursor json(text);
        std::uint64_t total = 0;
        for (bool more = json.open('['); more; more = json.next(']')) total += json.number();
        json.end();
        return json.status() ? std::to_string(total) : "<" + std::string(json.status().message()) + ">";
    };
    CHECK(sum("[]") == "0");
    CHECK(sum(" [ 1 ,2, 3 ] ") == "6");
    CHECK(sum("[1,]") == "<header byte 3: expected an unsigned integer, found ']'>");
    CHECK(sum("[,1]") == "<header byte 1: expected an unsigned integer, found ','>");
    CHECK(sum("[1 2]") == "<header byte 3: expected ',' or ']', found '2'>");
    CHECK(sum("[1}") == "<header byte 2: expected ',' or ']', found '}'>");
    CHECK(sum("[1") == "<header byte 2: expected ',' or ']', found the end of the header>");
    CHECK(sum("{}") == "<header byte 0: expected an array, found '{'>");
    CHECK(sum("[[1]]") == "<header byte 1: expected an unsigned integer, found '['>");
    CHECK(sum("[1]]") == "<header byte 3: expected nothing more, found ']'>");

    JsonCursor json(R"({"a" : 1 , "b":2})");
    std::string keys;
    for (bool more = json.open('{'); more; more = json.next('}')) {
        keys += json.key().raw;
        json.number();
    }
    CHECK(json.status());
    CHECK(keys == "ab");
}

TEST_CASE("the first error stays, and nothing is read after it") {
    JsonCursor json("[1,x,\"abc\"]");
    for (bool more = json.open('['); more; more = json.next(']')) json.number();
    CHECK(json.string().raw.empty());
    CHECK_FALSE(json.open('{'));
    CHECK(json.status().message() == "header byte 3: expected an unsigned integer, found 'x'"sv);
}

TEST_CASE("long names are cut in messages, between characters") {
    const std::string letters(1000, 'n');
    CHECK(sluice::io::quoted(letters).view() == "'" + letters.substr(0, 60) + "...'");
    std::string euros;
    for (int i = 0; i < 30; ++i) euros += "\xE2\x82\xAC";  // 3 bytes each: 60 is between two of them, 59 + 1 is not
    CHECK(sluice::io::quoted(euros).view() == "'" + euros.substr(0, 60) + "...'");
    CHECK(sluice::io::quoted("x" + euros).view() == "'x" + euros.substr(0, 57) + "...'");
}
