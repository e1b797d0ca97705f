// Launches of the kernels of our own, in the type of a precision.
#pragma once

#include <type_traits>

#include "sluice_kernels/cuda/kernels.cuh"
#include "sluice_kernels/cuda/session.cuh"

namespace sluice::nvidia {

// f(pointer of the precision's type)
template <class F>
Code with_type(Precision p, F f) {
    if (p == Precision::fp16)
        f(static_cast<__half*>(nullptr));
    else if (p == Precision::bf16)
        f(static_cast<__nv_bfloat16*>(nullptr));
    else
        f(static_cast<float*>(nullptr));
    return code(cudaGetLastError());
}
constexpr int threads = 256;
inline int blocks(const Map& m) { return static_cast<int>(std::min((numbers(m) + threads - 1) / threads, 1u << 20)); }

inline Code image(Session* s, Precision p, const float* from, void* to, const Map& map) {
    return with_type(p, [&](auto* t) {
        using T = std::remove_pointer_t<decltype(t)>;
        image_kernel<T><<<blocks(map), threads, 0, s->stream>>>(from, static_cast<T*>(to), map);
    });
}
inline Code result(Session* s, Precision p, const void* from, float* to, const Map& map) {
    return with_type(p, [&](auto* t) {
        using T = std::remove_pointer_t<decltype(t)>;
        result_kernel<T><<<blocks(map), threads, 0, s->stream>>>(static_cast<const T*>(from), to, map);
    });
}
inline Code epilogue(Session* s, Precision p, const Epilogue& e) {
    return with_type(p, [&](auto* t) {
        epilogue_kernel<std::remove_pointer_t<decltype(t)>><<<blocks(e.map), threads, 0, s->stream>>>(e);
    });
}
#define SLUICE_POOL(name)                                                                                              \
    inline Code name(Session* s, Precision p, const void* from, void* to, const Pool& pool) {                          \
        return with_type(p, [&](auto* t) {                                                                             \
            using T = std::remove_pointer_t<decltype(t)>;                                                              \
            name##_kernel<T>                                                                                           \
                <<<blocks(pool.out), threads, 0, s->stream>>>(static_cast<const T*>(from), static_cast<T*>(to), pool); \
        });                                                                                                            \
    }
SLUICE_POOL(max_pool)
SLUICE_POOL(average_pool)
SLUICE_POOL(subsample)
SLUICE_POOL(pad)
#undef SLUICE_POOL

}  // namespace sluice::nvidia
