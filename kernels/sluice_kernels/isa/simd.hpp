// The one place that includes xsimd, and the handful of operations that kernels are written in.
//
// Vector<Arch> is a register of floats. On x86 fma() is ours for every instruction set: xsimd 8.1 has none for AVX-512 and
// falls back to a multiply and an add, which gcc contracts and clang 14 does not.
#pragma once

#if !__has_include(<xsimd/xsimd.hpp>)
#error "sluice: <xsimd/xsimd.hpp> is not on the include path. Install it (Debian and Ubuntu: libxsimd-dev; \
vcpkg and Conan: xsimd), add its include directory, or define SLUICE_SCALAR to use the portable kernels."
#endif

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <xsimd/xsimd.hpp>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI::isa {

template <class Arch>
struct Vector {
    using Register = xsimd::batch<float, Arch>;
    using Words = xsimd::batch<std::uint32_t, Arch>;
    static constexpr int width = static_cast<int>(Register::size);
    Register v;

    static Vector zero() { return {Register(0.0f)}; }
    static Vector broadcast(float x) {
#if defined(__aarch64__)
        // Keeps compilers from making one instruction, ld1r, of load and broadcast: it takes a slot of the pipes that
        // multiply and add, while a multiply-add broadcasts a lane of its operand for nothing.
        asm("" : "+w"(x));
#endif
        return {Register(x)};
    }
    static Vector load(const float* p) { return {Register::load_unaligned(p)}; }
    void store(float* p) const { v.store_unaligned(p); }

    // Two numbers that follow each other, for even and odd lanes; and sums of neighbouring lanes, a's before b's. For the
    // sheets that have `pairs`; vectors of four are seldom left half empty.
#if defined(__AVX512F__)
    static constexpr bool is_512 = std::is_same_v<Arch, xsimd::avx512f>;
    static Vector broadcast_pair(const float* p) requires is_512 {
        return {Register(_mm512_castpd_ps(_mm512_set1_pd(pair(p))))};
    }
    friend Vector pairs_added(Vector a, Vector b) requires is_512 {
        const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
        const __m512i odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
        return {Register(_mm512_permutex2var_ps(a.v, even, b.v)) + Register(_mm512_permutex2var_ps(a.v, odd, b.v))};
    }
#endif
#if defined(__AVX2__) && defined(__FMA__)
    static constexpr bool is_256 = std::is_same_v<Arch, xsimd::fma3<xsimd::avx2>>;
    static Vector broadcast_pair(const float* p) requires is_256 {
        return {Register(_mm256_castpd_ps(_mm256_set1_pd(pair(p))))};
    }
    friend Vector pairs_added(Vector a, Vector b) requires is_256 {
        const __m256d sums = _mm256_castps_pd(_mm256_hadd_ps(a.v, b.v));  // a's and b's by halves of the register
        return {Register(_mm256_castpd_ps(_mm256_permute4x64_pd(sums, 0b11'01'10'00)))};
    }
#endif

    // The first n lanes alone, where the instruction set has masks; see lanes.hpp.
#if defined(__AVX512F__)
    static __mmask16 first(int n) requires is_512 { return static_cast<__mmask16>((1u << n) - 1); }
    static Vector load(const float* p, int n) requires is_512 { return {Register(_mm512_maskz_loadu_ps(first(n), p))}; }
    void store(float* p, int n) const requires is_512 { _mm512_mask_storeu_ps(p, first(n), v); }
#endif
#if defined(__AVX2__) && defined(__FMA__)
    static constexpr std::int32_t ones_and_zeros[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    static __m256i first(int n) requires is_256 {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ones_and_zeros + width - n));
    }
    static Vector load(const float* p, int n) requires is_256 { return {Register(_mm256_maskload_ps(p, first(n)))}; }
    void store(float* p, int n) const requires is_256 { _mm256_maskstore_ps(p, first(n), v); }
#endif

    friend Vector operator+(Vector a, Vector b) { return {a.v + b.v}; }
    friend Vector operator-(Vector a, Vector b) { return {a.v - b.v}; }
    friend Vector operator*(Vector a, Vector b) { return {a.v * b.v}; }
    friend Vector max(Vector a, Vector b) {
#if defined(__AVX512F__)
        // The unmasked intrinsic passes an undefined register along, about which gcc 12 warns.
        if constexpr (std::is_same_v<Arch, xsimd::avx512f>)
            return {Register(_mm512_maskz_max_ps(static_cast<__mmask16>(-1), a.v, b.v))};
#endif
        return {xsimd::max(a.v, b.v)};
    }
    friend Vector min(Vector a, Vector b) {
#if defined(__AVX512F__)
        if constexpr (std::is_same_v<Arch, xsimd::avx512f>)
            return {Register(_mm512_maskz_min_ps(static_cast<__mmask16>(-1), a.v, b.v))};
#endif
        return {xsimd::min(a.v, b.v)};
    }
    // Each upper or lower half of the bits as a number of its own, zeros behind it.
    friend Vector upper_halves(Vector a) {
        return {xsimd::bitwise_cast<Register>(xsimd::bitwise_cast<Words>(a.v) & Words(0xffff0000u))};
    }
    friend Vector lower_halves(Vector a) {
        return {xsimd::bitwise_cast<Register>(xsimd::bitwise_cast<Words>(a.v) << 16)};
    }
    // a * b + c, rounded once where the machine can
    friend Vector fma(Vector a, Vector b, Vector c) {
#if defined(__AVX512F__)
        if constexpr (std::is_same_v<Arch, xsimd::avx512f>) return {Register(_mm512_fmadd_ps(a.v, b.v, c.v))};
#endif
#if defined(__FMA__)
        if constexpr (std::is_same_v<Arch, xsimd::fma3<xsimd::avx2>>)
            return {Register(_mm256_fmadd_ps(a.v, b.v, c.v))};
#endif
        return {xsimd::fma(a.v, b.v, c.v)};
    }

  private:
    static double pair(const float* p) {
        double bits;
        std::memcpy(&bits, p, sizeof(bits));
        return bits;
    }
};

}  // namespace sluice
