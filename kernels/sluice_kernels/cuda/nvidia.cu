// The real Api: CUDA's runtime, cuDNN, and our own kernels. The only file that knows their headers.
//
// cuDNN is loaded when a session opens, so that a program without it starts and says so.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <cudnn.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <new>
#include <type_traits>
#include <utility>

#include "sluice_kernels/cuda/kernels.cuh"

namespace sluice::nvidia {

static_assert(CUDNN_MAJOR >= 9, "sluice: cuDNN 9 or later is needed; its statuses were others before");

namespace {

// THE list of cuDNN's functions that are used.
// clang-format off
#define SLUICE_CUDNN(F)                                                                                         \
    F(Create) F(Destroy) F(SetStream) F(GetErrorString)                                                         \
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
Code code(cudnnStatus_t s) {
    if (s == CUDNN_STATUS_SUCCESS) return 0;
    // Since version 9 the thousands tell the kind.
    return s / 1000 == CUDNN_STATUS_NOT_SUPPORTED / 1000 ? not_supported : cudnn_codes + s;
}
Code code(cudaError_t e) { return e; }
// The first of them that went wrong.
template <class... Results>
Code first(Results... results) {
    Code found = 0;
    ((found = found != 0 ? found : code(results)), ...);
    return found;
}

cudnnDataType_t type_of(Precision p) {
    return p == Precision::fp16 ? CUDNN_DATA_HALF : p == Precision::bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

}  // namespace

// Where in a recorded stream what belongs to a gate begins: behind the node that was the last one then.
struct Mark {
    int gate = -1;
    cudaGraphNode_t behind = nullptr;
};

// The graph stays, since its nodes are switched by their handles.
struct Executable {
    static constexpr int most = 1100;  // marks: two for each block of the largest network, and the end
    cudaGraph_t source = nullptr;
    cudaGraphExec_t graph = nullptr;
    Mark marks[most];
    int count = 0;
};

struct Session {
    Library cudnn;
    cudnnHandle_t handle = nullptr;
    cudaStream_t stream = nullptr;
    bool own_stream = false;
    Executable* recording = nullptr;
};

struct ConvPlan {
    cudnnTensorDescriptor_t x = nullptr, y = nullptr, bias = nullptr;
    cudnnFilterDescriptor_t w = nullptr;
    cudnnConvolutionDescriptor_t conv = nullptr;
    cudnnActivationDescriptor_t act = nullptr;
    bool add = false;
};

namespace {

void close(Session* s) {
    if (s->handle != nullptr) s->cudnn.Destroy(s->handle);
    if (s->own_stream && s->stream != nullptr) cudaStreamDestroy(s->stream);
    if (s->cudnn.handle != nullptr) dlclose(s->cudnn.handle);
    delete s;
}

const char* text(Session* s, Code c) {
    if (c == not_supported) return s->cudnn.GetErrorString(CUDNN_STATUS_NOT_SUPPORTED);
    if (c >= cudnn_codes) return s->cudnn.GetErrorString(static_cast<cudnnStatus_t>(c - cudnn_codes));
    return cudaGetErrorString(static_cast<cudaError_t>(c));
}

Code open(int device, void* stream, Session** session, char* why, std::size_t room) {
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

Code allocate(Session*, std::size_t bytes, void** region) { return code(cudaMalloc(region, bytes)); }
void release(Session*, void* region) { cudaFree(region); }
Code allocate_pinned(Session*, std::size_t bytes, void** region) { return code(cudaMallocHost(region, bytes)); }
void release_pinned(Session*, void* region) { cudaFreeHost(region); }
Code copy(Session* s, Copy way, void* to, const void* from, std::size_t bytes) {
    return code(cudaMemcpyAsync(to, from, bytes,
                                way == Copy::to_device ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost, s->stream));
}
Code wait(Session* s) { return code(cudaStreamSynchronize(s->stream)); }

void discard(Session*, Executable* e) {
    if (e->graph != nullptr) cudaGraphExecDestroy(e->graph);
    if (e->source != nullptr) cudaGraphDestroy(e->source);
    delete e;
}
Code begin_recording(Session* s) {
    s->recording = new (std::nothrow) Executable;
    if (s->recording == nullptr) return code(cudaErrorMemoryAllocation);
    const Code c = code(cudaStreamBeginCapture(s->stream, cudaStreamCaptureModeThreadLocal));
    if (c != 0) discard(s, std::exchange(s->recording, nullptr));
    return c;
}
Code mark(Session* s, int gate) {
    Executable& e = *s->recording;
    cudaStreamCaptureStatus status;
    const cudaGraphNode_t* last = nullptr;
    std::size_t count = 0;
#if CUDART_VERSION >= 13000
    const Code c = code(cudaStreamGetCaptureInfo(s->stream, &status, nullptr, nullptr, &last, nullptr, &count));
#else
    const Code c = code(cudaStreamGetCaptureInfo_v2(s->stream, &status, nullptr, nullptr, &last, &count));
#endif
    if (c != 0) return c;
    if (count != 1 || e.count == Executable::most) return not_supported;  // a stream that forks is no chain
    e.marks[e.count++] = {gate, last[0]};
    return 0;
}
Code end_recording(Session* s, Executable** executable) {
    Executable* const made = std::exchange(s->recording, nullptr);
    Code c = 0;
    if (executable != nullptr && made->count > 0) {  // where the last gate's nodes end
        s->recording = made;
        c = mark(s, -1);
        s->recording = nullptr;
    }
    const Code ended = code(cudaStreamEndCapture(s->stream, &made->source));
    if (c == 0) c = ended;
    if (c == 0 && executable != nullptr) c = code(cudaGraphInstantiate(&made->graph, made->source, 0));
    if (c == 0 && executable != nullptr)
        *executable = made;
    else
        discard(s, made);
    return c;
}
Code launch(Session* s, Executable* e) { return code(cudaGraphLaunch(e->graph, s->stream)); }

// From the last node of a gate back to the one before its first: what a stream records is a chain.
Code enable(Session*, Executable* e, int gate, bool open) {
    for (int m = 0; m + 1 < e->count; ++m) {
        if (e->marks[m].gate != gate) continue;
        for (cudaGraphNode_t node = e->marks[m + 1].behind; node != e->marks[m].behind;) {
            if (const Code c = code(cudaGraphNodeSetEnabled(e->graph, node, open)); c != 0) return c;
            cudaGraphNode_t before = nullptr;
            std::size_t count = 1;
#if CUDART_VERSION >= 13000
            cudaGraphEdgeData edge;
            const Code c = code(cudaGraphNodeGetDependencies(node, &before, &edge, &count));
#else
            const Code c = code(cudaGraphNodeGetDependencies(node, &before, &count));
#endif
            if (c != 0) return c;
            if (count != 1) return not_supported;
            node = before;
        }
    }
    return 0;
}

void discard_conv(Session* s, ConvPlan* p) {
    const Library& dnn = s->cudnn;
    for (cudnnTensorDescriptor_t t : {p->x, p->y, p->bias})
        if (t != nullptr) dnn.DestroyTensorDescriptor(t);
    if (p->w != nullptr) dnn.DestroyFilterDescriptor(p->w);
    if (p->conv != nullptr) dnn.DestroyConvolutionDescriptor(p->conv);
    if (p->act != nullptr) dnn.DestroyActivationDescriptor(p->act);
    delete p;
}
Code plan_conv(Session* s, const Conv& c, ConvPlan** plan) {
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

Code algorithms(Session* s, ConvPlan* p, const ConvData* d, Algorithm* list, int room, int* count) {
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

constexpr float one = 1, zero = 0;

Code conv(Session* s, ConvPlan* p, int algorithm, const ConvData& d) {
    return code(s->cudnn.ConvolutionForward(s->handle, &one, p->x, d.x, p->w, d.w, p->conv,
                                            static_cast<cudnnConvolutionFwdAlgo_t>(algorithm), d.workspace,
                                            d.workspace_bytes, &zero, p->y, d.y));
}
Code fused(Session* s, ConvPlan* p, int algorithm, const ConvData& d) {
    // Without a shortcut z is not read, but has to be given.
    return code(s->cudnn.ConvolutionBiasActivationForward(
        s->handle, &one, p->x, d.x, p->w, d.w, p->conv, static_cast<cudnnConvolutionFwdAlgo_t>(algorithm), d.workspace,
        d.workspace_bytes, p->add ? &one : &zero, p->y, p->add ? d.z : d.y, p->bias, d.bias, p->act, p->y, d.y));
}

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
int blocks(const Map& m) { return static_cast<int>(std::min((numbers(m) + threads - 1) / threads, 1u << 20)); }

Code image(Session* s, Precision p, const float* from, void* to, const Map& map) {
    return with_type(p, [&](auto* t) {
        using T = std::remove_pointer_t<decltype(t)>;
        image_kernel<T><<<blocks(map), threads, 0, s->stream>>>(from, static_cast<T*>(to), map);
    });
}
Code result(Session* s, Precision p, const void* from, float* to, const Map& map) {
    return with_type(p, [&](auto* t) {
        using T = std::remove_pointer_t<decltype(t)>;
        result_kernel<T><<<blocks(map), threads, 0, s->stream>>>(static_cast<const T*>(from), to, map);
    });
}
Code epilogue(Session* s, Precision p, const Epilogue& e) {
    return with_type(p, [&](auto* t) {
        epilogue_kernel<std::remove_pointer_t<decltype(t)>><<<blocks(e.map), threads, 0, s->stream>>>(e);
    });
}
#define SLUICE_POOL(name)                                                                                              \
    Code name(Session* s, Precision p, const void* from, void* to, const Pool& pool) {                                 \
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

}  // namespace

extern const Api api = {
    .open = open,
    .close = close,
    .text = text,
    .allocate = allocate,
    .release = release,
    .allocate_pinned = allocate_pinned,
    .release_pinned = release_pinned,
    .copy = copy,
    .wait = wait,
    .begin_recording = begin_recording,
    .end_recording = end_recording,
    .launch = launch,
    .mark = mark,
    .enable = enable,
    .discard = discard,
    .plan_conv = plan_conv,
    .discard_conv = discard_conv,
    .algorithms = algorithms,
    .conv = conv,
    .fused = fused,
    .image = image,
    .result = result,
    .epilogue = epilogue,
    .max_pool = max_pool,
    .average_pool = average_pool,
    .subsample = subsample,
    .pad = pad,
};

}  // namespace sluice::nvidia
