// Tensor: one named array of a safetensors file, in place, and the types its elements may have.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sluice/core/text.hpp"

namespace sluice::inline SLUICE_ABI::io {

enum class Dtype : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

struct DtypeInfo {
    std::string_view name;  // as safetensors spells it
    int bytes;              // of one element; its alignment too
};

// In the order of Dtype. The format knows further types (8-bit floats and smaller, complex); no network here has them.
inline constexpr std::array<DtypeInfo, 13> dtypes{{{"F64", 8},
                                                   {"F32", 4},
                                                   {"F16", 2},
                                                   {"BF16", 2},
                                                   {"I64", 8},
                                                   {"I32", 4},
                                                   {"I16", 2},
                                                   {"I8", 1},
                                                   {"U64", 8},
                                                   {"U32", 4},
                                                   {"U16", 2},
                                                   {"U8", 1},
                                                   {"BOOL", 1}}};

constexpr const DtypeInfo& info(Dtype dtype) { return dtypes[static_cast<std::size_t>(dtype)]; }

// The type of that name, case and all; none if there is none.
constexpr std::optional<Dtype> dtype_named(std::string_view name) {
    for (std::size_t i = 0; i < dtypes.size(); ++i)
        if (dtypes[i].name == name) return static_cast<Dtype>(i);
    return std::nullopt;
}

// The order of names: that of their bytes. Not std's operator, of which every instruction set would make the same
// function, and the linker keep one.
inline bool before(std::string_view a, std::string_view b) {
    std::size_t i = 0;
    while (i < a.size() && i < b.size() && a[i] == b[i]) ++i;
    if (i == a.size() || i == b.size()) return a.size() < b.size();
    return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
}

// A view: name and data point into the file's bytes and live as long as they do.
struct Tensor {
    static constexpr int max_rank = 8;

    std::string_view name;
    Dtype dtype = Dtype::u8;
    int rank = 0;                                // 0: a scalar
    std::array<std::int64_t, max_rank> shape{};  // in elements, outermost first; zero past rank
    std::span<const std::byte> data;             // little-endian, row-major, aligned to one element

    constexpr std::size_t elements() const { return data.size() / static_cast<std::size_t>(info(dtype).bytes); }

    // [64, 3, 7, 7], as PyTorch prints it; [] for a scalar. Never cut: 8 numbers of at most 19 digits.
    constexpr Text<168> shape_text() const {
        Text<168> t("[");
        for (int i = 0; i < rank; ++i) t.append(i > 0 ? ", " : "").append(shape[static_cast<std::size_t>(i)]);
        return t.append("]");
    }
};

}  // namespace sluice::inline SLUICE_ABI::io
