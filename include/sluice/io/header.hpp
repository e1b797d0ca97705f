// The header of a safetensors file: where it lies, and a walk over its entries.
//
//     bytes 0..7            n, the header's length: unsigned, little-endian
//     bytes 8..8+n-1        JSON: {"__metadata__": {"key": "value", ...}, "name": {"dtype": "F32",
//                           "shape": [64, 3, 7, 7], "data_offsets": [begin, end]}, ...}, then spaces up to n
//     bytes 8+n..           data; begin and end count from here
//
// Source: github.com/huggingface/safetensors, README ("Format"), and its safetensors/src/tensor.rs for what it refuses.
// Here the walk only sees to it that the text says something; whether that fits the file is judged in safetensors.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/core/status.hpp"
#include "sluice/io/json.hpp"
#include "sluice/io/quote.hpp"
#include "sluice/io/tensor.hpp"

namespace sluice::inline SLUICE_ABI::io {

inline constexpr std::size_t header_begin = 8;            // bytes: the length comes first
inline constexpr std::uint64_t max_header = 100'000'000;  // bytes: the reference implementation's cap
inline constexpr std::size_t max_metadata = 128;          // keys: they are sorted on the stack, 16 bytes each

// What the header says of one tensor.
struct Entry {
    std::string_view name, dtype;
    int rank = 0;
    std::array<std::uint64_t, Tensor::max_rank> shape{};  // elements
    std::uint64_t begin = 0, end = 0;                     // bytes, from the beginning of the data
};

// The JSON text. Errors: the file ends before its header does, or the header is above the cap or does not begin with
// '{' (which the format demands and the reference implementation does not check).
inline Result<std::string_view> header_text(std::span<const std::byte> file) {
    if (file.size() < header_begin)
        return Status::error(Error::format, "not a safetensors file: expected 8 bytes at least, found ", file.size());
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < header_begin; ++i) length |= std::to_integer<std::uint64_t>(file[i]) << (8 * i);
    if (length > max_header)
        return Status::error(Error::format, "not a safetensors file: expected a header of at most ", max_header,
                             " bytes, found a length of ", length);
    // Nothing is added to a number from the file before it has been compared, so nothing wraps.
    if (length > file.size() - header_begin)
        return Status::error(Error::format, "the file is cut short: expected a header of ", length, " bytes, found ",
                             file.size() - header_begin);
    const std::string_view header(reinterpret_cast<const char*>(file.data()) + header_begin,
                                  static_cast<std::size_t>(length));
    if (!header.starts_with('{'))
        return Status::error(Error::format, "header byte 0: expected '{', found ",
                             header.empty() ? Text<24>("an empty header") : text<24>(shown(header[0])));
    return header;
}

// A key that can be compared with other keys byte by byte. With an escape it could not: "a" and "\u0061" are the same
// name, and without a heap there is nowhere to write what an escape stands for.
inline std::string_view read_key(JsonCursor& json) {
    const JsonCursor::String key = json.key();
    if (key.escaped) json.fail(key.at, "the name ", quoted(key.raw), " holds an escape, which is not supported");
    return key.raw;
}

// A type of ours, so that the standard algorithms instantiated over it carry the tag of SLUICE_ABI too.
struct MetadataKey {
    std::string_view text;
    friend bool operator<(const MetadataKey& a, const MetadataKey& b) { return before(a.text, b.text); }
    friend bool operator==(const MetadataKey& a, const MetadataKey& b) { return a.text == b.text; }
};

// The object after "__metadata__": text by key, no key twice.
inline void read_metadata(JsonCursor& json) {
    std::array<MetadataKey, max_metadata> keys;
    std::size_t n = 0;
    for (bool more = json.open('{'); more; more = json.next('}')) {
        const std::size_t at = json.position();
        const std::string_view key = read_key(json);
        json.string();
        if (n == max_metadata) return json.fail(at, "__metadata__ has more than ", max_metadata, " keys");
        keys[n++] = {key};
    }
    if (!json.status()) return;
    const auto end = keys.begin() + static_cast<std::ptrdiff_t>(n);
    std::sort(keys.begin(), end);
    if (const auto twin = std::adjacent_find(keys.begin(), end); twin != end)
        json.stop(Status::error(Error::format, "__metadata__ has the key ", quoted(twin->text), " twice"));
}

// The object after a tensor's name: exactly dtype, shape and data_offsets, each once, in any order.
inline Entry read_entry(JsonCursor& json, std::string_view name) {
    Entry e{.name = name, .dtype = {}};
    constexpr std::array<std::string_view, 3> fields{"dtype", "shape", "data_offsets"};
    std::array<bool, 3> seen{};
    for (bool more = json.open('{'); more; more = json.next('}')) {
        const std::string_view key = read_key(json);
        if (!json.status()) break;
        std::size_t field = 0;
        while (field < fields.size() && fields[field] != key) ++field;
        if (field == fields.size() || seen[field]) {
            json.stop(Status::error(Error::format, "tensor ", quoted(name),
                                    ": expected dtype, shape and data_offsets, ", "found ", quoted(key),
                                    field == fields.size() ? "" : " twice"));
            break;
        }
        seen[field] = true;
        if (field == 0) {
            e.dtype = json.string().raw;
        } else if (field == 1) {
            for (bool dim = json.open('['); dim; dim = json.next(']')) {
                if (e.rank == Tensor::max_rank) {
                    json.stop(Status::error(Error::format, "tensor ", quoted(name), ": expected at most ",
                                            Tensor::max_rank, " dimensions, found more"));
                    break;
                }
                e.shape[static_cast<std::size_t>(e.rank++)] = json.number();
            }
        } else {
            int count = 0;
            for (bool number = json.open('['); number; number = json.next(']'))
                if (const std::uint64_t value = json.number(); ++count <= 2) (count == 1 ? e.begin : e.end) = value;
            if (count != 2 && json.status())
                json.stop(Status::error(Error::format, "tensor ", quoted(name),
                                        ": expected two data_offsets, begin and end, found ", count));
        }
    }
    for (std::size_t i = 0; i < fields.size(); ++i)
        if (!seen[i]) json.stop(Status::error(Error::format, "tensor ", quoted(name), " has no ", fields[i]));
    return e;
}

// Hands every entry to sink(const Entry&) -> Status, in the order of the file, until one is refused. `metadata` becomes
// the text of the object "__metadata__", braces included; empty if there is none. Time: linear in the header's length.
template <class Sink>
Status walk_header(std::string_view header, std::string_view& metadata, Sink&& sink) {
    JsonCursor json(header);
    metadata = {};
    for (bool more = json.open('{'); more; more = json.next('}')) {
        const std::size_t at = json.position();
        const std::string_view name = read_key(json);
        if (!json.status()) break;
        if (name != "__metadata__") {
            const Entry entry = read_entry(json, name);
            if (json.status())
                if (const Status s = sink(entry); !s) json.stop(s);
            continue;
        }
        if (!metadata.empty()) json.fail(at, "a second __metadata__");
        json.space();
        const std::size_t first = json.position();
        read_metadata(json);
        metadata = {header.data() + first, json.position() - first};
    }
    json.end();
    return json.status();
}

}  // namespace sluice::inline SLUICE_ABI::io
