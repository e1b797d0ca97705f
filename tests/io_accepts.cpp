// What the safetensors reader makes of the files named on the command line, one line each, for tests/io_oracle.py:
//
//     ok <TAB> metadata <TAB> name:type:shape:crc32 <TAB> ...        metadata and names in hexadecimal
//     error: <message>
//
// It also proves that the reader does not touch the heap: operator new ends this program.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "sluice/io/map.hpp"
#include "sluice/io/safetensors.hpp"

using namespace sluice::io;

void* operator new(std::size_t) { std::abort(); }
void* operator new[](std::size_t) { std::abort(); }
void* operator new(std::size_t, const std::nothrow_t&) noexcept { std::abort(); }  // std::stable_sort asks this one
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}
void operator delete[](void*) noexcept {}
void operator delete[](void*, std::size_t) noexcept {}

namespace {

void print_hex(std::string_view s) {
    for (char c : s) std::printf("%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
}

// As in zlib: reflected polynomial 0xEDB88320.
std::uint32_t crc32(std::span<const std::byte> bytes) {
    std::uint32_t crc = ~0u;
    for (std::byte b : bytes) {
        crc ^= std::to_integer<std::uint32_t>(b);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1u ? 0xEDB88320u : 0u);
    }
    return ~crc;
}

sluice::Status judge(std::span<const std::byte> file) {
    const auto n = Safetensors::count(file);
    if (!n) return n.status();
    auto* const slots = static_cast<Tensor*>(std::malloc(sizeof(Tensor) * (*n + 1)));
    if (slots == nullptr) return sluice::Status::error(sluice::Error::memory, "no memory for the index");
    for (std::size_t i = 0; i < *n; ++i) new (slots + i) Tensor;
    const auto st = Safetensors::open(file, std::span(slots, *n));
    if (st) {
        std::printf("ok\t");
        print_hex(st->metadata_raw());
        for (const Tensor& t : st->tensors()) {
            std::printf("\t");
            print_hex(t.name);
            std::printf(":%.*s:%s:%08x", static_cast<int>(info(t.dtype).name.size()), info(t.dtype).name.data(),
                        t.shape_text().c_str(), static_cast<unsigned>(crc32(t.data)));
        }
        std::printf("\n");
    }
    std::free(slots);
    return st.status();
}

}  // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        auto opened = MappedFile::open(argv[i]);
        sluice::Status s = opened.status();
        if (opened) {
            const MappedFile file = opened.take();
            s = judge(file.bytes());
        }
        if (!s) std::printf("error: %s\n", s.message());
    }
}
