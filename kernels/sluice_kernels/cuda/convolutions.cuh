// Convolutions by cuDNN: descriptors, algorithms, the plain and the fused form.
#pragma once

#include "sluice_kernels/cuda/session.cuh"

namespace sluice::nvidia {

struct ConvPlan {
    cudnnTensorDescriptor_t x = nullptr, y = nullptr, bias = nullptr;
    cudnnFilterDescriptor_t w = nullptr;
    cudnnConvolutionDescriptor_t conv = nullptr;
    cudnnActivationDescriptor_t act = nullptr;
    bool add = false;
};

inline void discard_conv(Session* s, ConvPlan* p) {
    const Library& dnn = s->cudnn;
    for (cudnnTensorDescriptor_t t : {p->x, p->y, p->bias})
        if (t != nullptr) dnn.DestroyTensorDescriptor(t);
    if (p->w != nullptr) dnn.DestroyFilterDescriptor(p->w);
    if (p->conv != nullptr) dnn.DestroyConvolutionDescriptor(p->conv);
    if (p->act != nullptr) dnn.DestroyActivationDescriptor(p->act);
    delete p;
}
inline Code plan_conv(Session* s, const Conv& c, ConvPlan** plan) {
    const Library& dnn = s->cudnn;
    auto* p = new (std::nothrow) ConvPlan;
    if (p == nullptr) return code(cudaErrorMemoryAllocation);
    p->add = c.add;
    const cudnnDataType_t type = type_of(c.precision);
    const auto math = c.precision == Precision::float32 ? CUDNN_FMA_MATH : CUDNN_TENSOR_OP_MATH;
    Code made = first(dnn.CreateTensorDescriptor(&p->x), dnn.CreateTensorDescriptor(&p->y),
                      dnn.CreateTensorDescriptor(&p->bias), dnn.CreateFilterDescriptor(&p->w),
                      dnn.CreateConvolutionDescriptor(&p->conv), dnn.CreateActivationDescriptor(&p->act));
    if (made == 0)
        made = first(dnn.SetTensor4dDescriptor(p->x, CUDNN_TENSOR_NHWC, type, c.N, c.C, c.H, c.W),
                     dnn.SetTensor4dDescriptor(p->y, CUDNN_TENSOR_NHWC, type, c.N, c.K, c.P, c.Q),
                     dnn.SetTensor4dDescriptor(p->bias, CUDNN_TENSOR_NHWC, type, 1, c.K, 1, 1),
                     dnn.SetFilter4dDescriptor(p->w, type, CUDNN_TENSOR_NHWC, c.K, c.C / c.groups, c.R, c.S),
                     dnn.SetConvolution2dDescriptor(p->conv, c.top, c.left, c.stride, c.stride, 1, 1,
                                                    CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
                     dnn.SetConvolutionGroupCount(p->conv, c.groups), dnn.SetConvolutionMathType(p->conv, math),
                     dnn.SetActivationDescriptor(p->act, c.relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY,
                                                 CUDNN_PROPAGATE_NAN, 0));
    if (made == 0)
        *plan = p;
    else
        discard_conv(s, p);
    return made;
}

inline Code algorithms(Session* s, ConvPlan* p, const ConvData* d, Algorithm* list, int room, int* count) {
    cudnnConvolutionFwdAlgoPerf_t found[16];
    int n = 0;
    *count = 0;
    const int wanted = std::min(room, 16);
    const cudnnStatus_t status =
        d == nullptr
            ? s->cudnn.GetConvolutionForwardAlgorithm_v7(s->handle, p->x, p->w, p->conv, p->y, wanted, &n, found)
            : s->cudnn.FindConvolutionForwardAlgorithmEx(s->handle, p->x, d->x, p->w, d->w, p->conv, p->y, d->y, wanted,
                                                         &n, found, d->workspace, d->workspace_bytes);
    if (status != CUDNN_STATUS_SUCCESS) return code(status);
    // cuDNN also lists what does not support the shape.
    for (int i = 0; i < n; ++i)
        if (found[i].status == CUDNN_STATUS_SUCCESS)
            list[(*count)++] = {found[i].algo, d == nullptr ? 0 : found[i].time * 1e-3f, found[i].memory};
    return 0;
}

inline constexpr float one = 1, zero = 0;

inline Code conv(Session* s, ConvPlan* p, int algorithm, const ConvData& d) {
    return code(s->cudnn.ConvolutionForward(s->handle, &one, p->x, d.x, p->w, d.w, p->conv,
                                            static_cast<cudnnConvolutionFwdAlgo_t>(algorithm), d.workspace,
                                            d.workspace_bytes, &zero, p->y, d.y));
}
inline Code fused(Session* s, ConvPlan* p, int algorithm, const ConvData& d) {
    // Without a shortcut z is not read, but has to be given.
    return code(s->cudnn.ConvolutionBiasActivationForward(
        s->handle, &one, p->x, d.x, p->w, d.w, p->conv, static_cast<cudnnConvolutionFwdAlgo_t>(algorithm), d.workspace,
        d.workspace_bytes, p->add ? &one : &zero, p->y, p->add ? d.z : d.y, p->bias, d.bias, p->act, p->y, d.y));
}

}  // namespace sluice::nvidia
