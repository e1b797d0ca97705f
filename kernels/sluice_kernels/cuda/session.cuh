// Sessions: what is missing where there is none, memory, copies, what an error means.
#pragma once

#include <algorithm>
#include <new>

#include "sluice_kernels/cuda/library.cuh"

namespace sluice::nvidia {

struct Executable;

struct Session {
    Library cudnn;
    int device = 0;
    cudnnHandle_t handle = nullptr;
    cudaStream_t stream = nullptr;
    bool own_stream = false;
    Executable* recording = nullptr;
};

inline void close(Session* s) {
    if (s->handle != nullptr) s->cudnn.Destroy(s->handle);
    if (s->own_stream && s->stream != nullptr) cudaStreamDestroy(s->stream);
    if (s->cudnn.handle != nullptr) dlclose(s->cudnn.handle);
    delete s;
}

inline const char* text(Session* s, Code c) {
    if (c == not_supported) return s->cudnn.GetErrorString(CUDNN_STATUS_NOT_SUPPORTED);
    if (c >= cudnn_codes) return s->cudnn.GetErrorString(static_cast<cudnnStatus_t>(c - cudnn_codes));
    return cudaGetErrorString(static_cast<cudaError_t>(c));
}

inline Code open(int device, void* stream, Session** session, char* why, std::size_t room) {
    int driver = 0, devices = 0;
    if (cudaError_t e = cudaDriverGetVersion(&driver); e != cudaSuccess || driver == 0) {
        std::snprintf(why, room, "the driver is missing: libcuda.so.1 does not load");
        return e != cudaSuccess ? code(e) : code(cudaErrorInsufficientDriver);
    }
    cudaError_t e = cudaGetDeviceCount(&devices);
    if (e == cudaSuccess && device >= devices) e = cudaErrorInvalidDevice;
    if (e != cudaSuccess) {
        std::snprintf(why, room, "the driver knows %d devices: %s", devices, cudaGetErrorString(e));
        return code(e);
    }
    auto* s = new (std::nothrow) Session;
    if (s == nullptr) return code(cudaErrorMemoryAllocation);
    if (const char* missing = s->cudnn.load(); missing != nullptr) {
        std::snprintf(why, room, "the library cuDNN is missing: %s", missing);
        close(s);
        return code(cudaErrorSharedObjectInitFailed);
    }
    s->device = device;
    s->stream = static_cast<cudaStream_t>(stream);
    s->own_stream = stream == nullptr;
    e = cudaSetDevice(device);
    if (e == cudaSuccess && s->own_stream) e = cudaStreamCreateWithFlags(&s->stream, cudaStreamNonBlocking);
    Code c = code(e);
    if (c == 0) c = code(s->cudnn.Create(&s->handle));
    if (c == 0) c = code(s->cudnn.SetStream(s->handle, s->stream));
    if (c != 0) {
        std::snprintf(why, room, "%s", text(s, c));
        close(s);
        return c;
    }
    *session = s;
    return 0;
}

inline Code identify(Session* s, Identity* i) {
    cudaDeviceProp device;
    const Code c = first(cudaGetDeviceProperties(&device, s->device), cudaRuntimeGetVersion(&i->runtime),
                         cudaDriverGetVersion(&i->driver));
    if (c != 0) return c;
    std::snprintf(i->device, sizeof i->device, "%s", device.name);
    i->cudnn = static_cast<int>(s->cudnn.GetVersion());
    return 0;
}

inline Code allocate(Session*, std::size_t bytes, void** region) { return code(cudaMalloc(region, bytes)); }
inline void release(Session*, void* region) { cudaFree(region); }
inline Code allocate_pinned(Session*, std::size_t bytes, void** region) { return code(cudaMallocHost(region, bytes)); }
inline void release_pinned(Session*, void* region) { cudaFreeHost(region); }
inline Code copy(Session* s, Copy way, void* to, const void* from, std::size_t bytes) {
    return code(cudaMemcpyAsync(to, from, bytes,
                                way == Copy::to_device ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost, s->stream));
}
inline Code wait(Session* s) { return code(cudaStreamSynchronize(s->stream)); }

}  // namespace sluice::nvidia
