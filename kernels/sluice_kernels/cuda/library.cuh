// The headers of CUDA and cuDNN, and cuDNN itself: the one thin file that includes them. nvidia.cu is made of it and of
// the other .cuh files here; nothing else of the library knows them.
//
// cuDNN is loaded when a session opens, so that a program without it starts and says so.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <cudnn.h>
#include <dlfcn.h>

#include <cstdio>

#include "sluice_kernels/cuda/api.hpp"

namespace sluice::nvidia {

static_assert(CUDNN_MAJOR >= 9, "sluice: cuDNN 9 or later is needed; its statuses were others before");

// THE list of cuDNN's functions that are used.
// clang-format off
#define SLUICE_CUDNN(F)                                                                                         \
    F(Create) F(Destroy) F(SetStream) F(GetErrorString) F(GetVersion)                                           \
    F(CreateTensorDescriptor) F(SetTensor4dDescriptor) F(DestroyTensorDescriptor)                               \
    F(CreateFilterDescriptor) F(SetFilter4dDescriptor) F(DestroyFilterDescriptor)                               \
    F(CreateActivationDescriptor) F(SetActivationDescriptor) F(DestroyActivationDescriptor)                     \
    F(CreateConvolutionDescriptor) F(SetConvolution2dDescriptor) F(SetConvolutionGroupCount)                    \
    F(SetConvolutionMathType) F(DestroyConvolutionDescriptor)                                                   \
    F(GetConvolutionForwardAlgorithm_v7) F(FindConvolutionForwardAlgorithmEx)                                   \
    F(ConvolutionForward) F(ConvolutionBiasActivationForward)
// clang-format on

struct Library {
    void* handle = nullptr;
#define SLUICE_MEMBER(name) decltype(&::cudnn##name) name = nullptr;
    SLUICE_CUDNN(SLUICE_MEMBER)
#undef SLUICE_MEMBER

    // Null, or what is missing.
    const char* load() {
        char file[32];
        std::snprintf(file, sizeof file, "libcudnn.so.%d", CUDNN_MAJOR);
        handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) return dlerror();
        bool complete = true;
#define SLUICE_LOOK_UP(name)                                               \
    name = reinterpret_cast<decltype(name)>(dlsym(handle, "cudnn" #name)); \
    complete = complete && name != nullptr;
        SLUICE_CUDNN(SLUICE_LOOK_UP)
#undef SLUICE_LOOK_UP
        return complete ? nullptr : "it lacks functions of the version that this program was compiled with";
    }
};

// cuDNN's statuses and CUDA's errors in one Code.
constexpr Code cudnn_codes = 1 << 20;
inline Code code(cudnnStatus_t s) {
    if (s == CUDNN_STATUS_SUCCESS) return 0;
    // Since version 9 the thousands tell the kind.
    return s / 1000 == CUDNN_STATUS_NOT_SUPPORTED / 1000 ? not_supported : cudnn_codes + s;
}
inline Code code(cudaError_t e) { return e; }
// The first of them that went wrong.
template <class... Results>
Code first(Results... results) {
    Code found = 0;
    ((found = found != 0 ? found : code(results)), ...);
    return found;
}

inline cudnnDataType_t type_of(Precision p) {
    return p == Precision::fp16 ? CUDNN_DATA_HALF : p == Precision::bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

}  // namespace sluice::nvidia
