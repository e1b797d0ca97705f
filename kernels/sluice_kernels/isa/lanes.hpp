// Channels that no vector width divides: the last vector of a pixel is read and written lane by lane, since the memory
// after it belongs to the next pixel.
#pragma once

#include <cstddef>
#include <cstring>

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// The first n lanes alone, 0 < n < width: by the vector's own means, if it has some. By memory otherwise, where a load
// waits until the bytes that were written one by one have left the store queue.
template <class V>
V load_lanes(const float* p, int n) {
    if constexpr (requires { V::load(p, n); }) return V::load(p, n);
    float lanes[V::width] = {};
    std::memcpy(lanes, p, static_cast<std::size_t>(n) * sizeof(float));
    return V::load(lanes);
}
template <class V>
void store_lanes(V v, float* p, int n) {
    if constexpr (requires { v.store(p, n); }) return v.store(p, n);
    float lanes[V::width];
    v.store(lanes);
    std::memcpy(p, lanes, static_cast<std::size_t>(n) * sizeof(float));
}

template <class V>
struct WholeVector {
    V load(const float* p) const { return V::load(p); }
    void store(V v, float* p) const { v.store(p); }
};
template <class V>
struct PartOfVector {
    int n;
    V load(const float* p) const { return load_lanes<V>(p, n); }
    void store(V v, float* p) const { store_lanes<V>(v, p, n); }
};

// f(first channel, how to load and store) for whole vectors, and once more for what is left.
template <class V, class F>
void for_lanes(int channels, F f) {
    int c = 0;
    for (; c + V::width <= channels; c += V::width) f(c, WholeVector<V>{});
    if (c < channels) f(c, PartOfVector<V>{channels - c});
}

}  // namespace sluice
