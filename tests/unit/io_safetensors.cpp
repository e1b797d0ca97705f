// The safetensors reader on good files, on a file cut at every byte, and on a table of bad files with the message that
// each must give. tests/io_oracle.py asks the reference implementation about many more, tests/fuzz/ about any bytes.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "sluice/io/map.hpp"
#include "sluice/io/safetensors.hpp"

using namespace sluice::io;
using namespace std::string_literals;
using sluice::Error;

namespace {

using Bytes = std::vector<std::byte>;  // from the heap, so aligned for any element

Bytes bytes(std::uint64_t header_length, std::string_view rest) {
    Bytes b;
    for (int i = 0; i < 8; ++i) b.push_back(static_cast<std::byte>(header_length >> (8 * i)));
    for (char c : rest) b.push_back(static_cast<std::byte>(c));
    return b;
}

// A file of that header, padded with spaces to a multiple of 8 as the library pads it, and that many bytes of data:
// 0, 1, 2, ...
Bytes file(std::string header, std::size_t data, bool pad = true) {
    while (pad && header.size() % 8 != 0) header += ' ';
    const std::size_t length = header.size();
    for (std::size_t i = 0; i < data; ++i) header += static_cast<char>(i);
    return bytes(length, header);
}

// One entry of a header: entry("a", "F32", "2", 0, 8).
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape, std::uint64_t begin,
                  std::uint64_t end) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":[" +
           std::to_string(begin) + "," + std::to_string(end) + "]}";
}

// A file whose one tensor has that text after its name.
Bytes one(const std::string& value, std::size_t data) { return file("{\"a\":" + value + "}", data); }

std::string message(const Bytes& b, std::size_t slots = 16) {
    std::vector<Tensor> index(slots);
    return Safetensors::open(b, index).message();
}

}  // namespace

TEST_CASE("a good file: tensors, types, shapes, data, metadata") {
    const Bytes b = file("{\"__metadata__\":{\"format\":\"pt\",\"note\":\"a \\\"quoted\\\" word\",\"empty\":\"\"}, " +
                             entry("layer1.0.conv1.weight", "F32", "2,1,1,2", 8, 24) + "," +
                             entry("bias", "F16", "2", 24, 28) + "," + entry("steps", "I64", "", 0, 8) + "," +
                             entry("nothing", "U8", "0,3", 28, 28) + "," + entry("gates", "BOOL", "3", 28, 31) + "}",
                         31);
    CHECK(*Safetensors::count(b) == 5);
    Tensor index[8];
    const auto st = Safetensors::open(b, index);
    REQUIRE_MESSAGE(st, st.message());
    REQUIRE(st->tensors().size() == 5);
    const char* sorted[] = {"bias", "gates", "layer1.0.conv1.weight", "nothing", "steps"};
    for (std::size_t i = 0; i < 5; ++i) CHECK(st->tensors()[i].name == sorted[i]);

    const Tensor* w = st->find("layer1.0.conv1.weight");
    REQUIRE(w);
    CHECK(w->dtype == Dtype::f32);
    CHECK(w->rank == 4);
    CHECK(w->shape_text().view() == "[2, 1, 1, 2]");
    CHECK(w->data.size() == 16);
    CHECK(w->elements() == 4);
    CHECK(w->data[0] == std::byte{8});

    const Tensor* scalar = st->find("steps");
    REQUIRE(scalar);
    CHECK(scalar->rank == 0);
    CHECK(scalar->shape_text().view() == "[]");
    CHECK(scalar->elements() == 1);

    const Tensor* nothing = st->find("nothing");
    REQUIRE(nothing);
    CHECK(nothing->data.empty());
    CHECK(nothing->shape_text().view() == "[0, 3]");

    for (const char* absent : {"", "a", "bia", "biass", "zzz"}) CHECK(st->find(absent) == nullptr);
    CHECK(st->metadata("format") == "pt");
    CHECK(st->metadata("note") == "a \\\"quoted\\\" word");  // as written
    CHECK(st->metadata("empty") == "");
    CHECK(st->metadata("absent") == std::nullopt);
    CHECK(st->metadata_raw() == "{\"format\":\"pt\",\"note\":\"a \\\"quoted\\\" word\",\"empty\":\"\"}");
}

TEST_CASE("the smallest files, and white space wherever JSON has it") {
    CHECK(message(file("{}", 0)) == "");
    CHECK(message(bytes(2, "{}")) == "");
    CHECK(message(file("{}  \n\t\r ", 0)) == "");
    CHECK(message(file("{\"__metadata__\":{}}", 0)) == "");
    CHECK(message(file("{ \"a\" : { \"shape\" : [ 1 , 2 ] ,\n\"data_offsets\":[ 0 , 8 ],\t\"dtype\" : \"F32\" } } ",
                       8)) == "");
    CHECK(message(file("{" + entry("", "U8", "1", 0, 1) + "}", 1)) == "");  // an empty name is a name
    CHECK(message(file("{" + entry("gr\xC3\xBC\xC3\x9F", "U8", "1", 0, 1) + "}", 1)) == "");
    CHECK(message(file("{" + entry("a", "U8", "1,1,1,1,1,1,1,1", 0, 1) + "}", 1)) == "");

    const Bytes b = file("{\"__metadata__\" :  {\"a\" : \"b\"}  ,  " + entry("t", "U8", "1", 0, 1) + "}", 1);
    Tensor index[1];
    const auto st = Safetensors::open(b, index);
    REQUIRE(st);
    CHECK(st->metadata_raw() == "{\"a\" : \"b\"}");
    CHECK(st->metadata("a") == "b");
}

TEST_CASE("every type has its size") {
    for (const DtypeInfo& type : dtypes) {
        CAPTURE(type.name);
        const auto size = static_cast<std::size_t>(type.bytes);
        const std::string name(type.name);
        CHECK(message(file("{" + entry("a", name, "3", 0, 3 * size) + "}", 3 * size)) == "");
        CHECK(message(file("{" + entry("a", name, "3", 0, 3 * size + 1) + "}", 3 * size + 1)) != "");
        CHECK(info(*dtype_named(name)).name == name);
    }
}

TEST_CASE("many tensors, in an order that is neither theirs nor their data's") {
    constexpr std::uint64_t n = 1000;
    std::string header = "{";
    for (std::uint64_t i = 0; i < n; ++i) {
        const std::uint64_t place = i * 377 % n;  // 377 and 1000 have no common factor: every place once
        header += (i ? "," : "") + entry("tensor" + std::to_string(i * 611 % n), "F32", "1", 4 * place, 4 * place + 4);
    }
    const Bytes b = file(header + "}", 4 * n);
    std::vector<Tensor> index(n);
    const auto st = Safetensors::open(b, index);
    REQUIRE_MESSAGE(st, st.message());
    for (std::uint64_t i = 0; i < n; ++i) {
        const Tensor* t = st->find("tensor" + std::to_string(i * 611 % n));
        REQUIRE(t);
        CHECK(t->data.data() == b.data() + (b.size() - 4 * n) + 4 * (i * 377 % n));
    }
}

TEST_CASE("the index lent bounds the number of tensors, and the message says how many it takes") {
    const Bytes b = file(
        "{" + entry("a", "U8", "1", 0, 1) + "," + entry("b", "U8", "1", 1, 2) + "," + entry("c", "U8", "1", 2, 3) + "}",
        3);
    Tensor index[3];
    CHECK(Safetensors::open(b, index));
    const auto tight = Safetensors::open(b, std::span(index, 2));
    CHECK(tight.status().kind() == Error::memory);
    CHECK(tight.message() == "the file has 3 tensors, the index lent has room for 2"s);
    CHECK(Safetensors::open(b, {}).message() == "the file has 3 tensors, the index lent has room for 0"s);
    CHECK(*Safetensors::count(b) == 3);
    CHECK_FALSE(Safetensors::count(one("{", 0)));
}

TEST_CASE("a file cut at any byte is refused") {
    const Bytes b = file(
        "{\"__metadata__\":{\"k\":\"v\"}," + entry("a", "F32", "2", 0, 8) + "," + entry("b", "F32", "1", 8, 12) + "}",
        12);
    REQUIRE(message(b) == "");
    for (std::size_t n = 0; n < b.size(); ++n) {
        CAPTURE(n);
        CHECK(message(Bytes(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(n))) != "");
        // The same with a header that claims to end there, so that the JSON itself is what is cut.
        if (n < 8) continue;
        Bytes cut(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(n));
        for (std::size_t i = 0; i < 8; ++i) cut[i] = static_cast<std::byte>((n - 8) >> (8 * i));
        CHECK(message(cut) != "");
        CHECK_FALSE((n < b.size() - 12 - 8 && Safetensors::count(cut)));
    }
}

TEST_CASE("a file at an address that is not aligned is refused, and says so") {
    const Bytes b = file("{" + entry("a", "F32", "1", 0, 4) + "}", 4);
    Bytes shifted(b.size() + 8);
    std::copy(b.begin(), b.end(), shifted.begin() + 1);
    Tensor index[1];
    const auto st = Safetensors::open(std::span(shifted).subspan(1, b.size()), index);
    CHECK(st.status().kind() == Error::memory);
    CHECK(std::string(st.message()).find("align its array with alignas(8)") != std::string::npos);
}

TEST_CASE("bad files, each with its message") {
    const std::string good = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
    const std::string a = "\"a\":" + good;
    const auto shape = [](const std::string& dims, std::uint64_t end) {
        return file("{" + entry("a", "F32", dims, 0, end) + "}", end);
    };
    const auto two = [](std::uint64_t b0, std::uint64_t e0, std::uint64_t b1, std::uint64_t e1, std::size_t data) {
        return file("{" + entry("a", "U8", std::to_string(e0 - b0), b0, e0) + "," +
                        entry("b", "U8", std::to_string(e1 - b1), b1, e1) + "}",
                    data);
    };
    const auto fields = [](const std::string& text) { return one("{" + text + "}", 8); };
    std::string many = "{\"__metadata__\":{\"k0\":\"\"";
    for (int i = 1; i < 129; ++i) many += ",\"k" + std::to_string(i) + "\":\"\"";
    const std::size_t whole = file("{" + a + "}", 8).size();

    const struct {
        std::string what;
        Bytes file;
        const char* expected;  // a part of the message
    } table[] = {
        // the length
        {"no bytes", {}, "expected 8 bytes at least, found 0"},
        {"seven bytes", Bytes(7), "expected 8 bytes at least, found 7"},
        {"header length 0", bytes(0, ""), "expected '{', found an empty header"},
        {"header length 0 and more", bytes(0, "{}"), "expected '{', found an empty header"},
        {"length 2^64 - 1", bytes(~std::uint64_t{0}, "{}"), "found a length of 18446744073709551615"},
        {"length 2^64 - 8", bytes(~std::uint64_t{7}, "{}"), "found a length of 18446744073709551608"},
        {"length 2^63", bytes(std::uint64_t{1} << 63, "{}"), "found a length of 9223372036854775808"},
        {"length 2^32 + 2", bytes((std::uint64_t{1} << 32) + 2, "{}"), "found a length of 4294967298"},
        {"above the cap", bytes(100'000'001, "{}"), "expected a header of at most 100000000 bytes"},
        {"at the cap", bytes(100'000'000, "{}"), "expected a header of 100000000 bytes, found 2"},
        {"file size - 7", bytes(whole - 7, "{" + a + "}" + std::string(8, ' ')), "the file is cut short"},
        // the beginning and the end of the header
        {"leading space", file(" {" + a + "}", 8), "header byte 0: expected '{', found ' '"},
        {"byte order mark", file("\xEF\xBB\xBF{" + a + "}", 8), "header byte 0: expected '{', found byte 0xEF"},
        {"an array", file("[]", 0), "header byte 0: expected '{', found '['"},
        {"text after the header", file("{" + a + "}x", 8), "expected nothing more, found 'x'"},
        {"zeros after the header", file("{}\0"s, 0), "header byte 2: expected nothing more, found byte 0x00"},
        {"two objects", file("{}{}", 0), "expected nothing more, found '{'"},
        {"unclosed", file("{" + a, 8), "expected ',' or '}', found the end"},
        {"comma at the end", file("{" + a + ",}", 8), "expected a string, found '}'"},
        {"no colon", file("{\"a\"" + good + "}", 8), "expected ':' after a key, found '{'"},
        {"a name without quotes", file("{a:" + good + "}", 8), "expected a string, found 'a'"},
        {"a comment", file("{/**/" + a + "}", 8), "expected a string, found '/'"},
        {"not UTF-8", file("{\"a\xFF\":" + good + "}", 8), "header byte 3: not UTF-8: byte 0xFF"},
        {"overlong UTF-8", file("{\"\xC0\xAF\":" + good + "}", 8), "header byte 2: not UTF-8: byte 0xC0"},
        {"a surrogate", file("{\"\xED\xA0\x80\":" + good + "}", 8), "header byte 2: not UTF-8: byte 0xED"},
        {"a line feed in a name", file("{\"a\n\":" + good + "}", 8), "control characters must be escaped"},
        // names
        {"a name twice", file("{" + a + "," + a + "}", 8), "inside another tensor's"},
        {"a name twice, data once each",
         file("{" + entry("a", "U8", "4", 0, 4) + "," + entry("a", "U8", "4", 4, 8) + "}", 8),
         "the name 'a' is given to two tensors"},
        {"an empty tensor's name twice",
         file("{" + entry("e", "U8", "0", 0, 0) + "," + entry("e", "U8", "0", 0, 0) + "}", 0),
         "the name 'e' is given to two tensors"},
        {"an escape in a name", file(R"({"\u0061":)" + good + "}", 8),
         R"(header byte 1: the name '\u0061' holds an escape)"},
        {"a bad escape in a name", file(R"({"\q":)" + good + "}", 8), "header byte 2: not an escape of JSON"},
        // entries
        {"an entry that is text", one("\"x\"", 0), "expected an object, found '\"'"},
        {"an entry that is null", one("null", 0), "expected an object, found 'n'"},
        {"an entry that is an array", one(R"(["F32",[2],[0,8]])", 8), "expected an object, found '['"},
        {"deep nesting", one(std::string(100'000, '['), 0), "expected an object, found '['"},
        {"deep nesting in a shape", fields(R"("shape":)" + std::string(100'000, '[')),
         "expected an unsigned integer, found '['"},
        {"deep objects", one(R"({"dtype":)" + std::string(1000, '{'), 0), "expected a string, found '{'"},
        {"empty entry", one("{}", 8), "tensor 'a' has no dtype"},
        {"no dtype", fields(R"("shape":[2],"data_offsets":[0,8])"), "tensor 'a' has no dtype"},
        {"no shape", fields(R"("dtype":"F32","data_offsets":[0,8])"), "tensor 'a' has no shape"},
        {"no offsets", fields(R"("dtype":"F32","shape":[2])"), "tensor 'a' has no data_offsets"},
        {"a surplus field", fields(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1)"),
         "tensor 'a': expected dtype, shape and data_offsets, found 'x'"},
        {"a field in capitals", fields(R"("DTYPE":"F32","shape":[2],"data_offsets":[0,8])"), "found 'DTYPE'"},
        {"a field twice", fields(R"("dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8])"),
         "found 'dtype' twice"},
        {"shape twice", fields(R"("dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8])"), "found 'shape' twice"},
        {"offsets twice", fields(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"data_offsets":[0,8])"),
         "found 'data_offsets' twice"},
        {"an escape in a field", fields(R"("d\u0074ype":"F32","shape":[2],"data_offsets":[0,8])"), "holds an escape"},
        // types
        {"unknown type", fields(R"("dtype":"F33","shape":[2],"data_offsets":[0,8])"),
         "tensor 'a': type 'F33' is not one of"},
        {"type in small letters", fields(R"("dtype":"f32","shape":[2],"data_offsets":[0,8])"),
         "type 'f32' is not one of"},
        {"8-bit float", fields(R"("dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8])"),
         "type 'F8_E4M3' is not one of"},
        {"empty type", fields(R"("dtype":"","shape":[2],"data_offsets":[0,8])"), "type '' is not one of"},
        {"a number for a type", fields(R"("dtype":32,"shape":[2],"data_offsets":[0,8])"),
         "expected a string, found '3'"},
        {"an object for a type", fields(R"("dtype":{"F32":null},"shape":[2],"data_offsets":[0,8])"),
         "expected a string, found '{'"},
        // shapes
        {"too few bytes", shape("3", 8), "tensor 'a': expected 12 bytes for F32 of this shape, found 8"},
        {"too many bytes", shape("1", 8), "tensor 'a': expected 4 bytes for F32 of this shape, found 8"},
        {"scalar of 8 bytes", shape("", 8), "tensor 'a': expected 4 bytes"},
        {"bytes that are no whole elements", shape("1", 5), "tensor 'a': expected 4 bytes"},
        {"product that wraps to 0", shape("4294967296,4294967296", 0),
         "tensor 'a': its shape comes to 2^63 bytes or more"},
        {"bytes that wrap to 0", shape("4611686018427387904", 0), "tensor 'a': its shape comes to 2^63 bytes or more"},
        {"bytes that wrap to the right size", shape("4611686018427387906", 8), "its shape comes to 2^63 bytes or more"},
        {"product that wraps to 2", shape("2,9223372036854775809", 8), "its shape comes to 2^63 bytes or more"},
        {"2^64 - 1", shape("18446744073709551615", 0), "its shape comes to 2^63 bytes or more"},
        {"2^64", shape("18446744073709551616", 0), "a number above 2^64 - 1"},
        {"a 0 after a product that wraps", shape("4294967296,4294967296,0", 0),
         "its shape comes to 2^63 bytes or more"},
        {"a 0 before it", shape("0,4294967296,4294967296", 0), "its shape comes to 2^63 bytes or more"},
        {"negative", shape("-2", 8), "expected an unsigned integer, found '-'"},
        {"minus zero", shape("-0", 0), "expected an unsigned integer, found '-'"},
        {"fraction", shape("2.0", 8), "expected an unsigned integer, found '.'"},
        {"exponent", shape("2e0", 8), "expected an unsigned integer, found 'e'"},
        {"leading zero", shape("02", 8), "a number with leading zeros"},
        {"text", shape("\"2\"", 8), "expected an unsigned integer, found '\"'"},
        {"true", shape("true", 8), "expected an unsigned integer, found 't'"},
        {"rank 9", shape("1,1,1,1,1,1,1,1,2", 8), "tensor 'a': expected at most 8 dimensions, found more"},
        {"null", fields(R"("dtype":"F32","shape":null,"data_offsets":[0,8])"), "expected an array, found 'n'"},
        {"a number", fields(R"("dtype":"F32","shape":2,"data_offsets":[0,8])"), "expected an array, found '2'"},
        // offsets
        {"one offset", fields(R"("dtype":"F32","shape":[2],"data_offsets":[0])"),
         "expected two data_offsets, begin and end, found 1"},
        {"no offset", fields(R"("dtype":"F32","shape":[2],"data_offsets":[])"),
         "expected two data_offsets, begin and end, found 0"},
        {"three offsets", fields(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])"),
         "expected two data_offsets, begin and end, found 3"},
        {"offsets that are text", fields(R"("dtype":"F32","shape":[2],"data_offsets":["0","8"])"),
         "expected an unsigned integer, found '\"'"},
        {"begin after end", file("{" + entry("a", "F32", "2", 8, 0) + "}", 8),
         "tensor 'a': its data begins at byte 8 and ends before, at 0"},
        {"end - begin that wraps", file("{" + entry("a", "F32", "2", ~std::uint64_t{7}, 0) + "}", 8),
         "and ends before, at 0"},
        {"end past the file", file("{" + entry("a", "F32", "3", 0, 12) + "}", 8),
         "tensor 'a': its data ends at byte 12, but the file has only 8"},
        {"end at 2^64 - 1", file("{" + entry("a", "F32", "2", 0, ~std::uint64_t{0}) + "}", 8),
         "its data ends at byte 18446744073709551615"},
        {"begin and end past the file", file("{" + entry("a", "F32", "2", 16, 24) + "}", 8),
         "its data ends at byte 24"},
        {"both near 2^64", file("{" + entry("a", "F32", "1", ~std::uint64_t{7}, ~std::uint64_t{3}) + "}", 8),
         "its data ends at byte 18446744073709551612"},
        // the data as a whole
        {"overlap", two(0, 5, 4, 8, 8),
         "tensor 'b': its data begins at byte 4, inside another tensor's, which ends at 5"},
        {"one inside the other", two(0, 8, 2, 4, 8), "tensor 'b': its data begins at byte 2, inside another"},
        {"an empty one inside another", two(0, 8, 4, 4, 8), "tensor 'b': its data begins at byte 4, inside another"},
        {"the same twice", two(0, 8, 0, 8, 8), "begins at byte 0, inside another"},
        {"a hole", two(0, 4, 5, 8, 8),
         "tensor 'b': its data begins at byte 5, and the bytes from 4 on belong to no tensor"},
        {"a hole in front", two(1, 4, 4, 8, 8), "tensor 'a': its data begins at byte 1, and the bytes from 0 on"},
        {"bytes at the end", two(0, 4, 4, 7, 8), "the file has 8 bytes of data, but its tensors end at 7"},
        {"data without tensors", file("{}", 1), "the file has 1 bytes of data, but its tensors end at 0"},
        {"an odd header", file("{" + a + "}", 8, false),
         "tensor 'a': its data begins at byte 62 of the file, expected a multiple of 4 for F32"},
        {"an odd offset", file("{" + entry("a", "U8", "1", 0, 1) + "," + entry("b", "F16", "1", 1, 3) + "}", 3),
         "expected a multiple of 2 for F16"},
        // metadata
        {"metadata null", file("{\"__metadata__\":null}", 0), "expected an object, found 'n'"},
        {"metadata an array", file("{\"__metadata__\":[]}", 0), "expected an object, found '['"},
        {"metadata with a number", file("{\"__metadata__\":{\"a\":1}}", 0), "expected a string, found '1'"},
        {"metadata with an object", file("{\"__metadata__\":{\"a\":{}}}", 0), "expected a string, found '{'"},
        {"metadata key twice", file(R"({"__metadata__":{"a":"1","b":"2","a":"3"}})", 0),
         "__metadata__ has the key 'a' twice"},
        {"metadata twice", file("{\"__metadata__\":{},\"__metadata__\":{}}", 0),
         "header byte 19: a second __metadata__"},
        {"metadata key with an escape", file(R"({"__metadata__":{"\n":"1"}})", 0), "the name '\\n' holds an escape"},
        {"metadata value with a bad escape", file(R"({"__metadata__":{"a":"\x"}})", 0), "not an escape of JSON"},
        {"129 metadata keys", file(many + "}}", 0), "__metadata__ has more than 128 keys"},
        {"metadata that is a tensor", file("{" + entry("__metadata__", "U8", "1", 0, 1) + "}", 1),
         "expected a string, found '['"},
    };
    for (const auto& row : table) {
        CAPTURE(row.what);
        CHECK_MESSAGE(message(row.file).find(row.expected) != std::string::npos, message(row.file));
        CHECK(message(row.file).size() < 230);  // not cut
    }
}

TEST_CASE("messages stay readable with the longest names and numbers") {
    const std::string name(500, 'n');
    const std::uint64_t huge = ~std::uint64_t{0};
    for (const Bytes& b :
         {file("{" + entry(name, name, "1", 0, 1) + "}", 1), file("{" + entry(name, "F64", "1", huge, huge) + "}", 1),
          file("{\"x\":{}," + entry(name, "F64", "1", huge - 1, huge) + "}", 1),
          file("{\"" + name + "\":{\"" + name + "\":1}}", 0),
          file("{" + entry(name, "F64", "1", 0, 8) + "} ", 8, false)}) {
        CAPTURE(message(b));
        CHECK(message(b) != "");
        CHECK(message(b).size() < 230);
    }
}

TEST_CASE("a mapped file") {
    char folder[] = "/tmp/sluice_map_XXXXXX";
    REQUIRE(mkdtemp(folder) != nullptr);
    const std::string path = std::string(folder) + "/good.safetensors";
    const Bytes b = file("{" + entry("a", "F32", "2", 0, 8) + "}", 8);
    std::FILE* out = std::fopen(path.c_str(), "wb");
    REQUIRE(out);
    CHECK(std::fwrite(b.data(), 1, b.size(), out) == b.size());
    std::fclose(out);

    auto opened = MappedFile::open(path.c_str());
    REQUIRE_MESSAGE(opened, opened.message());
    MappedFile first = opened.take();
    const std::byte* const where = first.bytes().data();
    MappedFile second = std::move(first);  // a move hands the same bytes on and leaves nothing behind
    CHECK(first.bytes().empty());
    CHECK(second.bytes().data() == where);
    MappedFile third;
    third = std::move(second);
    REQUIRE(third.bytes().size() == b.size());
    CHECK(std::memcmp(third.bytes().data(), b.data(), b.size()) == 0);
    Tensor index[1];
    CHECK(Safetensors::open(third.bytes(), index));

    const auto says = [](const std::string& name, const std::string& reason) {
        const auto refused = MappedFile::open(name.c_str());
        CHECK(refused.status().kind() == Error::file);
        CHECK(refused.message() == "cannot map '" + name + "': " + reason);
    };
    const std::string empty = std::string(folder) + "/empty", pipe = std::string(folder) + "/pipe";
    std::fclose(std::fopen(empty.c_str(), "wb"));
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    says(empty, "it is empty");
    says(pipe, "it is not a regular file");
    says(folder, "it is a directory");
    says(std::string(folder) + "/absent", "no such file");
    says(path + "/below", "a part of the path is not a directory");
    for (const std::string& p : {path, empty, pipe}) unlink(p.c_str());
    rmdir(folder);
}
