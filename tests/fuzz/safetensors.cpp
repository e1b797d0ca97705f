// Fuzz target: any bytes at all go into the safetensors reader; what it accepts must keep its promises.
//
//     clang++-14 -std=c++20 -O1 -g -Iinclude -fno-exceptions -fno-rtti -fsanitize=fuzzer,address,undefined
//         -fno-sanitize-recover=all tests/fuzz/safetensors.cpp -o fuzz_safetensors               (one line)
//     mkdir -p found && ./fuzz_safetensors -max_len=4096 -max_total_time=300 -dict=tests/fuzz/safetensors.dict
//         found tests/fuzz/corpus/safetensors                                                    (one line)
//
// -max_len: the seeds have a few hundred bytes each; past 4096 the fuzzer only repeats itself. What it finds goes to
// the first folder, so the seeds stay as tests/fuzz/make_corpus.py wrote them.
#include "sluice/io/safetensors.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace sluice::io;

namespace {

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

// A copy of the input on the heap at its exact size: a byte read past its end is found by the address sanitizer.
struct Copy {
    std::byte* bytes;
    std::size_t size;
    Copy(const std::uint8_t* from, std::size_t n) : bytes(static_cast<std::byte*>(std::malloc(n ? n : 1))), size(n) {
        if (n) std::memcpy(bytes, from, n);
    }
    ~Copy() { std::free(bytes); }
};

// Every metadata key and value, found by another way than metadata() goes.
void read_metadata_of(const Safetensors& st) {
    JsonCursor json(st.metadata_raw());
    for (bool more = json.open('{'); more; more = json.next('}')) {
        const std::string_view key = json.key().raw, value = json.string().raw;
        const auto got = st.metadata(key);
        require(got && *got == value, "metadata() gives every key's value");
    }
    require(st.metadata_raw().empty() || json.status(), "metadata_raw() is well-formed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const Copy copy(bytes, size);
    const std::span<const std::byte> file(copy.bytes, size);
    static Tensor index[64];  // a target may have a static; the library has none

    const auto count = Safetensors::count(file);
    const auto st = Safetensors::open(file, index);
    require(st.status().message()[0] == '\0' || !st, "a message means an error");
    if (!st) {
        require(std::strlen(st.message()) < 230, "messages are not cut");
        return 0;
    }
    require(count && *count == st->tensors().size() && *count <= 64, "count() agrees with open()");
    if (*count > 0) require(!Safetensors::open(file, std::span(index, *count - 1)), "one slot too few is an error");
    const auto again = Safetensors::open(file, std::span(index, *count));
    require(static_cast<bool>(again), "count() slots are enough");

    std::size_t data = 0;  // of all tensors, bytes
    unsigned sum = 0;
    const auto tensors = again->tensors();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const Tensor& t = tensors[i];
        require(again->find(t.name) == &t, "find() finds every name");
        require(i == 0 || tensors[i - 1].name < t.name, "names are sorted and different");
        require(t.rank >= 0 && t.rank <= Tensor::max_rank, "rank");
        std::int64_t elements = 1;
        for (std::size_t d = 0; d < static_cast<std::size_t>(t.rank); ++d) {
            require(t.shape[d] >= 0, "no size is negative");
            elements *= t.shape[d];  // the undefined-behaviour sanitizer sees an overflow
        }
        require(static_cast<std::uint64_t>(elements) == t.elements(), "data fits the shape");
        require(t.data.size() == t.elements() * static_cast<std::size_t>(info(t.dtype).bytes), "whole elements");
        require(t.data.data() >= copy.bytes + header_begin && t.data.data() + t.data.size() <= copy.bytes + size,
                "data lies in the file");
        require(reinterpret_cast<std::uintptr_t>(t.data.data()) % static_cast<unsigned>(info(t.dtype).bytes) == 0,
                "data is aligned");
        if (!t.data.empty())
            sum += std::to_integer<unsigned>(t.data.front()) + std::to_integer<unsigned>(t.data.back());
        data += t.data.size();
        for (std::size_t j = 0; j < i; ++j)
            require(t.data.empty() || tensors[j].data.empty() ||
                        t.data.data() >= tensors[j].data.data() + tensors[j].data.size() ||
                        tensors[j].data.data() >= t.data.data() + t.data.size(),
                    "no two tensors share a byte");
        require(!t.shape_text().empty(), "shape_text()");
    }
    // Disjoint, in range, and together as many bytes as there are: so every byte belongs to exactly one.
    const auto header = header_text(file);
    require(header && data == size - header_begin - header->size(), "the data is covered");
    read_metadata_of(*again);
    static volatile unsigned sink;
    sink = sum;
    (void)sink;
    return 0;
}
