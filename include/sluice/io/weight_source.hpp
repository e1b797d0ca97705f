// WeightSource: numbers of a tensor as they lie in a file, read one at a time as float.
#pragma once

#include <cstdint>
#include <cstring>

#include "sluice/io/half.hpp"
#include "sluice/io/tensor.hpp"

namespace sluice::inline SLUICE_ABI::io {

class WeightSource {
  public:
    WeightSource() = default;
    // f32, f16 or bf16; see readable().
    explicit WeightSource(const Tensor& t) : data_(t.data.data()), dtype_(t.dtype) {}
    explicit WeightSource(const float* values) : data_(reinterpret_cast<const std::byte*>(values)), dtype_(Dtype::f32) {}

    static constexpr bool readable(Dtype d) { return d == Dtype::f32 || d == Dtype::f16 || d == Dtype::bf16; }

    float operator[](std::int64_t i) const {
        if (dtype_ == Dtype::f32) {
            float x;
            std::memcpy(&x, data_ + 4 * i, 4);
            return x;
        }
        std::uint16_t bits;
        std::memcpy(&bits, data_ + 2 * i, 2);
        return dtype_ == Dtype::f16 ? half_to_float(bits) : bfloat16_to_float(bits);
    }

  private:
    const std::byte* data_ = nullptr;
    Dtype dtype_ = Dtype::f32;
};

}  // namespace sluice
