// Packed files: an engine's weights in the order in which its kernels read them, to be used where they lie, in a mapped
// file, an array that is linked in, or flash. docs/weights.md has the table of the header.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

#include "sluice/core/memory.hpp"
#include "sluice/version.hpp"

namespace sluice::inline SLUICE_ABI::io {

// Whether every byte of a packed file is looked at before it is used.
enum class Integrity { checked, trusted };

// A sum over 32-bit words that runs as fast as memory can be read: sixteen lanes of Fletcher's two sums, mixed at the end.
// Finds every change of one word and words that changed places; it is no protection against somebody who means harm.
class Checksum {
    std::array<std::uint32_t, 16> sum_{}, sum_of_sums_{};

  public:
    // A multiple of 64 bytes.
    void add(std::span<const std::byte> bytes) {
        for (std::size_t i = 0; i < bytes.size(); i += sizeof sum_) {
            std::array<std::uint32_t, 16> word;
            std::memcpy(word.data(), bytes.data() + i, sizeof word);
            for (std::size_t lane = 0; lane < 16; ++lane) sum_of_sums_[lane] += sum_[lane] += word[lane];
        }
    }
    std::uint64_t value() const {
        std::uint64_t mixed = 0xcbf29ce484222325;  // FNV-1a's, a word at a time
        for (const auto& lanes : {sum_, sum_of_sums_})
            for (std::uint32_t lane : lanes) mixed = (mixed ^ lane) * 0x100000001b3;
        return mixed;
    }
};

struct PackedHeader {
    static constexpr std::array<char, 8> right_magic{'s', 'l', 'u', 'i', 'c', 'e', 'P', 'K'};

    std::array<char, 8> magic = right_magic;
    std::uint32_t byte_order = 0x01020304;
    std::uint32_t library = SLUICE_VERSION;  // the order of the weights may change with every version
    std::array<char, 64> network{};          // padded with zeros, like isa
    std::array<char, 16> isa{};
    std::uint64_t plan = 0;                  // fingerprint: primitives, shapes, offsets
    std::uint64_t weights = 0;               // bytes, a multiple of 64; they follow the header
    std::uint64_t setting = 0;               // bytes of each gate setting; they follow the weights
    std::uint64_t settings = 0;              // how many
    std::uint64_t pixels = 0;                // 1 if the weights say how pixels are normalised
    std::uint64_t checksum = 0;              // of all that follows the header
    std::array<std::uint64_t, 14> reserved{};

    // What a file of this network, backend and plan must say. The rest depends on the weights.
    static PackedHeader expected(std::string_view network, std::string_view isa, std::uint64_t plan,
                                 const MemorySize& size) {
        PackedHeader h;
        std::copy_n(network.begin(), std::min(network.size(), h.network.size()), h.network.begin());
        std::copy_n(isa.begin(), std::min(isa.size(), h.isa.size()), h.isa.begin());
        h.plan = plan;
        h.weights = size.weights;
        h.setting = size.setting;
        return h;
    }

    // The file's header, once nothing speaks against using the file.
    static Result<PackedHeader> read(std::span<const std::byte> file, const PackedHeader& expected, Integrity integrity);
};
static_assert(sizeof(PackedHeader) == 256 && std::is_trivially_copyable_v<PackedHeader>);
static_assert(sizeof(PackedHeader) % memory_alignment == 0);

inline Result<PackedHeader> PackedHeader::read(std::span<const std::byte> file, const PackedHeader& expected,
                                               Integrity integrity) {
    const auto error = [](Error kind, const auto&... parts) {
        return Status::error(kind, "packed weights: ", parts...);
    };
    const auto name = [](const auto& padded) {
        return std::string_view(padded.data(), static_cast<std::size_t>(
            std::find(padded.begin(), padded.end(), '\0') - padded.begin()));
    };
    PackedHeader h;
    if (file.size() < sizeof h)
        return error(Error::format, "expected at least the ", sizeof h, " bytes of the header, found ", file.size());
    std::memcpy(&h, file.data(), sizeof h);
    if (h.magic != right_magic) return error(Error::format, "the file does not begin like one that was packed by sluice");
    if (h.byte_order != expected.byte_order) return error(Error::mismatch, "the bytes are in another machine's order");
    if (name(h.network) != name(expected.network))
        return error(Error::mismatch, "expected weights of '", name(expected.network), "', found '", name(h.network), "'");
    if (h.library != expected.library)
        return error(Error::mismatch, "packed by version ", h.library, ", this is ", expected.library,
                     " (major * 10000 + minor * 100 + patch): pack the checkpoint again");
    if (name(h.isa) != name(expected.isa))
        return error(Error::mismatch, "packed for the instruction set '", name(h.isa), "', this program computes with '",
                     name(expected.isa), "': pack the checkpoint again");
    if (h.plan != expected.plan || h.weights != expected.weights || h.setting != expected.setting)
        return error(Error::mismatch, "packed for another plan: other primitives or another order of the weights");
    const std::uint64_t rest = file.size() - sizeof h;
    if (rest < h.weights || (rest - h.weights) / h.setting != h.settings || (rest - h.weights) % h.setting != 0)
        return error(Error::format, "expected ", h.weights, " bytes of weights and ", h.settings, " settings of ",
                     h.setting, " bytes, found ", rest, " bytes after the header: the file is cut short or too long");
    if (reinterpret_cast<std::uintptr_t>(file.data()) % memory_alignment != 0)
        return error(Error::memory, "the first byte is not aligned to ", memory_alignment, " bytes");
    if (integrity == Integrity::checked) {
        Checksum sum;
        sum.add(file.subspan(sizeof h));
        if (sum.value() != h.checksum) return error(Error::format, "the checksum does not fit: the file is damaged");
    }
    return h;
}

}  // namespace sluice
