// Kernels of our own, for what cuDNN does not do on these maps: the image into NHWC, scale and bias of a setting, pools
// whose padding differs by side or that write slices, option A's shortcut. Each number of a result is one thread's;
// neighbouring threads have neighbouring channels, so that a warp reads and writes whole lines.
#pragma once

#include "sluice_kernels/cuda/api.hpp"

namespace sluice::nvidia {

__device__ inline float load(const float* p) { return *p; }
__device__ inline float load(const __half* p) { return __half2float(*p); }
__device__ inline float load(const __nv_bfloat16* p) { return __bfloat162float(*p); }
__device__ inline void store(float value, float* p) { *p = value; }
__device__ inline void store(float value, __half* p) { *p = __float2half_rn(value); }
__device__ inline void store(float value, __nv_bfloat16* p) { *p = __float2bfloat16_rn(value); }

// Less than 2^31, as program.hpp sees to: divisions of 64 bits would take longer than everything else.
__host__ __device__ inline unsigned numbers(const Map& m) { return unsigned(m.N) * m.H * m.W * m.C; }

__device__ inline long long at(const Map& m, int n, int h, int w, int c) {
    return ((1LL * n * m.H + h) * m.W + w) * m.pixel + c;
}
// Where in its map a thread's number is.
struct Index {
    int n, h, w, c;
    __device__ Index(const Map& m, unsigned i)
        : n(int(i / m.C / m.W / m.H)), h(int(i / m.C / m.W % m.H)), w(int(i / m.C % m.W)), c(int(i % m.C)) {}
};

// f(index) gives each number of the map that `to` is the first of.
template <class T, class F>
__device__ void fill(T* to, const Map& map, F f) {
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < numbers(map); i += gridDim.x * blockDim.x) {
        const Index index(map, i);
        store(f(index), to + at(map, index.n, index.h, index.w, index.c));
    }
}

// from: [N][C][H][W]
template <class T>
__global__ void image_kernel(const float* from, T* to, Map map) {
    fill(to, map, [=](const Index& i) { return from[((1LL * i.n * map.C + i.c) * map.H + i.h) * map.W + i.w]; });
}

// to: [N][C]
template <class T>
__global__ void result_kernel(const T* from, float* to, Map from_map) {
    const Map to_map{from_map.N, from_map.C, 1, 1, from_map.C};
    fill(to, to_map, [=](const Index& i) { return load(from + at(from_map, i.n, 0, 0, i.c)); });
}

template <class T>
__global__ void epilogue_kernel(Epilogue e) {
    const T *x = static_cast<const T*>(e.x), *add = static_cast<const T*>(e.add);
    fill(static_cast<T*>(e.y), e.map, [=](const Index& i) {
        const long long packed = ((1LL * i.n * e.map.H + i.h) * e.map.W + i.w) * e.map.C + i.c;
        float y = load(x + packed) * e.scale[i.c] + e.bias[i.c];
        if (add != nullptr) y += load(add + packed);
        return y < e.floor ? e.floor : y > e.ceiling ? e.ceiling : y;  // a NaN stays one
    });
}

template <class T>
__global__ void max_pool_kernel(const T* from, T* to, Pool pool) {
    fill(to, pool.out, [=](const Index& i) {
        const int top = i.h * pool.stride - pool.top, left = i.w * pool.stride - pool.left;
        float best = -INFINITY;
        for (int h = max(top, 0); h < min(top + pool.R, pool.in.H); ++h)
            for (int w = max(left, 0); w < min(left + pool.S, pool.in.W); ++w) {
                const float x = load(from + at(pool.in, i.n, h, w, i.c));
                best = best >= x ? best : x;
            }
        return best;
    });
}

// Rows floor(p H / P) to ceil((p + 1) H / P), columns likewise: PyTorch's adaptive pool.
template <class T>
__global__ void average_pool_kernel(const T* from, T* to, Pool pool) {
    fill(to, pool.out, [=](const Index& i) {
        const int P = pool.out.H, Q = pool.out.W, H = pool.in.H, W = pool.in.W;
        const int h0 = i.h * H / P, h1 = ((i.h + 1) * H + P - 1) / P;
        const int w0 = i.w * W / Q, w1 = ((i.w + 1) * W + Q - 1) / Q;
        float sum = 0;
        for (int h = h0; h < h1; ++h)
            for (int w = w0; w < w1; ++w) sum += load(from + at(pool.in, i.n, h, w, i.c));
        return sum / float((h1 - h0) * (w1 - w0));
    });
}

template <class T>
__global__ void subsample_kernel(const T* from, T* to, Pool pool) {
    fill(to, pool.out, [=](const Index& i) {
        const int c = i.c - (pool.out.C - pool.in.C) / 2;
        if (c < 0 || c >= pool.in.C) return 0.0f;
        return load(from + at(pool.in, i.n, i.h * pool.stride, i.w * pool.stride, c));
    });
}

template <class T>
__global__ void pad_kernel(const T* from, T* to, Pool pool) {
    fill(to, pool.out, [=](const Index& i) {
        const int h = i.h - pool.top, w = i.w - pool.left;
        if (h < 0 || h >= pool.in.H || w < 0 || w >= pool.in.W) return 0.0f;
        return load(from + at(pool.in, i.n, h, w, i.c));
    });
}

}  // namespace sluice::nvidia
