// Safetensors: the tensors of a .safetensors file, read in place from its bytes - a mapped file, flash, memory.
//
// open() checks the whole header once, so that whoever holds a Safetensors need check nothing: every tensor lies inside
// the file, is as long as its shape and type say, is aligned, and shares no byte with another. It refuses all that the
// reference implementation (github.com/huggingface/safetensors) refuses, and some that it lets pass:
//
//   - a header that does not begin with '{' (white space; the format's own text forbids it)
//   - a tensor or metadata key given twice (there the last one wins), an unknown key in an entry
//   - an escape in a name, a key or a type: see read_key() in header.hpp
//   - a tensor that is not aligned to its element: reading it in place would fault on some boards. Files written by the
//     library itself since its version 0.3 are aligned
//   - more than 8 dimensions, more than 128 metadata keys, `"__metadata__": null`, an entry written as an array
//   - a type no network here has: 8-bit floats and smaller, complex numbers
//   - a shape that holds a 0 and whose other sizes alone come to 2^63 bytes or more
//
// The caller lends the memory of the index, one Tensor (104 bytes on a 64-bit machine) for each tensor; count() says
// how many that is. Nothing is copied: the file's bytes and the index must outlive the Safetensors.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "sluice/core/status.hpp"
#include "sluice/io/header.hpp"
#include "sluice/io/tensor.hpp"

namespace sluice::inline SLUICE_ABI::io {

class Safetensors {
  public:
    // The number of tensors the header lists. It reads the header as open() does but does not look at the data, so a
    // file with a count may still be refused.
    static Result<std::size_t> count(std::span<const std::byte> file) {
        const Result<std::string_view> header = header_text(file);
        if (!header) return header.status();
        std::size_t n = 0;
        std::string_view metadata;
        const Status s = walk_header(*header, metadata, [&](const Entry&) { return ++n, Status{}; });
        if (!s) return s;
        return n;
    }

    // Checks everything, as said above; after an error the index holds nothing of use. The file's first byte must be
    // aligned to the largest element in it: alignas(8) for an array in flash, a mapped file always is.
    // Time: linear in the header plus n log n in the number of tensors; the data is not read.
    static Result<Safetensors> open(std::span<const std::byte> file, std::span<Tensor> index) {
        const Result<std::string_view> header = header_text(file);
        if (!header) return header.status();
        const std::size_t data = header_begin + header->size();

        Safetensors self;
        std::size_t n = 0;
        const Status read = walk_header(*header, self.metadata_, [&](const Entry& entry) {
            // Without a slot left the rest is only counted: the message can then say how many it takes.
            return ++n > index.size() ? Status{} : place(entry, file, data, index[n - 1]);
        });
        if (!read) return read;
        if (n > index.size())
            return Status::error(Error::memory, "the file has ", n, " tensors, the index lent has room for ",
                                 index.size());
        index = index.first(n);
        if (const Status s = covered(index, file.subspan(data)); !s) return s;

        std::sort(index.begin(), index.end(), [](const Tensor& a, const Tensor& b) { return before(a.name, b.name); });
        const auto same = [](const Tensor& a, const Tensor& b) { return a.name == b.name; };
        if (const auto twin = std::adjacent_find(index.begin(), index.end(), same); twin != index.end())
            return Status::error(Error::format, "the name ", quoted(twin->name), " is given to two tensors");
        self.tensors_ = index;
        return self;
    }

    std::span<const Tensor> tensors() const { return tensors_; }  // by name, in the order of its bytes

    // The tensor of that name, or nullptr. Time: log n.
    const Tensor* find(std::string_view name) const {
        const auto it = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                         [](const Tensor& t, std::string_view wanted) { return before(t.name, wanted); });
        return it != tensors_.end() && it->name == name ? &*it : nullptr;
    }

    // What the file says under that key of its "__metadata__", as written between the quotes: a value with escapes,
    // such as \" or \n, still has them. Time: linear in the metadata.
    std::optional<std::string_view> metadata(std::string_view key) const {
        JsonCursor json(metadata_);
        for (bool more = json.open('{'); more; more = json.next('}')) {
            const bool wanted = json.key().raw == key;
            const std::string_view value = json.string().raw;
            if (wanted && json.status()) return value;
        }
        return std::nullopt;
    }
    // The whole "__metadata__" as JSON, braces included; empty if the file has none.
    std::string_view metadata_raw() const { return metadata_; }

  private:
    // Makes the tensor that an entry describes. `data`: the offset of the data in the file, in bytes.
    static Status place(const Entry& e, std::span<const std::byte> file, std::size_t data, Tensor& t) {
        constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
        const auto error = [&](const auto&... parts) {
            return Status::error(Error::format, "tensor ", quoted(e.name), ": ", parts...);
        };
        const auto dtype = dtype_named(e.dtype);
        if (!dtype) return error("type ", quoted(e.dtype), " is not one of F64 F32 F16 BF16, I or U 64 32 16 8, BOOL");
        const auto bytes = static_cast<std::uint64_t>(info(*dtype).bytes);

        // A 0 would hide what the other sizes come to, and whoever multiplies them in another order would overflow. So
        // they are multiplied without it, and the product, in bytes, stays below 2^63.
        t = Tensor{.name = e.name, .dtype = *dtype, .rank = e.rank, .shape = {}, .data = {}};
        std::uint64_t size = bytes;
        bool empty = false;
        for (std::size_t i = 0; i < static_cast<std::size_t>(e.rank); ++i) {
            empty = empty || e.shape[i] == 0;
            if (e.shape[i] == 0) continue;
            if (e.shape[i] > most / size) return error("its shape comes to 2^63 bytes or more");
            size *= e.shape[i];
            t.shape[i] = static_cast<std::int64_t>(e.shape[i]);
        }
        if (empty) size = 0;

        const std::uint64_t available = file.size() - data;
        if (e.begin > e.end) return error("its data begins at byte ", e.begin, " and ends before, at ", e.end);
        if (e.end > available)
            return error("its data ends at byte ", e.end, ", but the file has only ", available, " bytes of data");
        if (e.end - e.begin != size)
            return error("expected ", size, " bytes for ", info(*dtype).name, " of this shape, found ",
                         e.end - e.begin);

        // Both are at most the file's size from here on, so they fit a size_t of 32 bits too.
        const std::size_t begin = data + static_cast<std::size_t>(e.begin);
        t.data = file.subspan(begin, static_cast<std::size_t>(size));
        if (begin % bytes != 0)
            return error("its data begins at byte ", begin, " of the file, expected a multiple of ", bytes, " for ",
                         info(*dtype).name, "; saving it anew with safetensors aligns it");
        if (reinterpret_cast<std::uintptr_t>(t.data.data()) % bytes != 0)
            return Status::error(Error::memory, "tensor ", quoted(e.name), ": the file lies at an address that is no ",
                                 "multiple of ", bytes, "; align its array with alignas(8)");
        return {};
    }

    // Sorts by place and checks that the tensors lie end to end from the first byte of the data to its last.
    static Status covered(std::span<Tensor> index, std::span<const std::byte> data) {
        // An empty tensor comes before the one that begins where it does.
        std::sort(index.begin(), index.end(), [](const Tensor& a, const Tensor& b) {
            return a.data.data() != b.data.data() ? a.data.data() < b.data.data() : a.data.size() < b.data.size();
        });
        std::size_t next = 0;  // bytes covered so far
        for (const Tensor& t : index) {
            const auto begin = static_cast<std::size_t>(t.data.data() - data.data());
            if (begin < next)
                return Status::error(Error::format, "tensor ", quoted(t.name), ": its data begins at byte ", begin,
                                     ", inside another tensor's, which ends at ", next);
            if (begin > next)
                return Status::error(Error::format, "tensor ", quoted(t.name), ": its data begins at byte ", begin,
                                     ", and the bytes from ", next, " on belong to no tensor");
            next = begin + t.data.size();
        }
        if (next < data.size())
            return Status::error(Error::format, "the file has ", data.size(), " bytes of data, but its tensors end at ",
                                 next);
        return {};
    }

    std::span<const Tensor> tensors_;  // sorted by name
    std::string_view metadata_;
};

}  // namespace sluice::inline SLUICE_ABI::io
