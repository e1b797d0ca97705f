// Api: all that the GPU backend asks of CUDA and cuDNN, as a table of functions.
//
// nvidia.cu fills it with the real calls; library.cuh, which it is made of, alone includes their headers. A test fills it with calls
// that are recorded and computed on the host. So programs that use the backend compile without CUDA, and everything but
// nvidia.cu is tested without a GPU.
//
// Plain types alone, and no SLUICE_ABI: nvidia.cu may be compiled with other flags than the program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::nvidia {

// What numbers are stored as and multiplied in. Sums are float32 in all of them.
enum class Precision : int {
    float32,  // products of float32
    tf32,     // stored as float32, multiplied with 10 bits of fraction
    fp16,
    bf16,
};
constexpr const char* name_of(Precision p) {
    return p == Precision::float32 ? "float32" : p == Precision::tf32 ? "tf32" : p == Precision::fp16 ? "fp16" : "bf16";
}
constexpr std::size_t element_bytes(Precision p) { return p == Precision::fp16 || p == Precision::bf16 ? 2 : 4; }

// N images of H x W pixels, `pixel` numbers from one pixel to the next; rows and images follow each other.
struct Map {
    int N = 1, C = 0, H = 0, W = 0;
    int pixel = 0;
};

// A convolution of packed maps, with as much padding below as above and on the right as on the left.
// Weights: [K][R][S][C / groups].
struct Conv {
    Precision precision = Precision::float32;
    int N = 1, C = 0, H = 0, W = 0;
    int K = 0, P = 0, Q = 0;
    int R = 1, S = 1, stride = 1, top = 0, left = 0;
    int groups = 1;
    bool relu = false, add = false;  // of the fused form
};

// One way to compute a convolution, as cuDNN numbers them, and what it needs.
struct Algorithm {
    int number = 0;
    float seconds = 0;  // 0: not measured
    std::size_t workspace = 0;
};

// What a convolution computes on: addresses on the device.
struct ConvData {
    const void* x = nullptr;
    const void* w = nullptr;
    const void* bias = nullptr;  // [K] in the precision's type; of the fused form
    const void* z = nullptr;     // added before the activation; of the fused form
    void* y = nullptr;           // may be z
    void* workspace = nullptr;
    std::size_t workspace_bytes = 0;
};

// y = min(max(scale[k] * x + bias[k] + add, floor), ceiling), for each number of a map.
struct Epilogue {
    const void* x = nullptr;    // packed
    const void* add = nullptr;  // packed, or null
    void* y = nullptr;
    const float* scale = nullptr;
    const float* bias = nullptr;
    Map map;  // of y
    float floor = 0, ceiling = 0;
};

// A window over `in`; padding never wins.
struct Pool {
    Map in, out;
    int R = 1, S = 1, stride = 1, top = 0, left = 0;
};

// What a measurement holds for: of another device or version it says nothing.
struct Identity {
    char device[256] = {};                   // as the driver calls it
    int cudnn = 0, runtime = 0, driver = 0;  // versions, as each numbers them
};

struct Session;     // a device, a stream, cuDNN's handle
struct ConvPlan;    // a convolution's descriptors
struct Executable;  // a frame that was recorded

// 0 if all went well; text() has CUDA's or cuDNN's own words for everything else.
using Code = int;
inline constexpr Code not_supported = -1;  // cuDNN has no kernel for what was asked

enum class Copy : int { to_device, to_host };

struct Api {
    // stream: the caller's cudaStream_t, or null for one of its own. If there is no session, `why` says what is
    // missing: the driver, a device or a library.
    Code (*open)(int device, void* stream, Session** session, char* why, std::size_t why_bytes);
    void (*close)(Session*);
    const char* (*text)(Session*, Code);
    Code (*identify)(Session*, Identity*);

    Code (*allocate)(Session*, std::size_t bytes, void** region);
    void (*release)(Session*, void* region);
    Code (*allocate_pinned)(Session*, std::size_t bytes, void** region);  // on the host
    void (*release_pinned)(Session*, void* region);
    Code (*copy)(Session*, Copy, void* to, const void* from, std::size_t bytes);  // in the order of the stream
    Code (*wait)(Session*);                                                       // until the stream is done

    // Between the two the stream records what it is asked for and does nothing.
    Code (*begin_recording)(Session*);
    Code (*end_recording)(Session*, Executable**);  // also after an error, to leave the recording; null: do not keep it
    Code (*launch)(Session*, Executable*);
    // While recording: what follows belongs to a gate; -1: to none. A recorded frame then does what belongs to a gate,
    // or leaves it out, until told otherwise.
    Code (*mark)(Session*, int gate);
    Code (*enable)(Session*, Executable*, int gate, bool open);
    void (*discard)(Session*, Executable*);

    Code (*plan_conv)(Session*, const Conv&, ConvPlan**);
    void (*discard_conv)(Session*, ConvPlan*);
    // The algorithms that support the convolution, the fastest first: by cuDNN's estimate, or measured on `data`.
    Code (*algorithms)(Session*, ConvPlan*, const ConvData* data, Algorithm* list, int room, int* count);
    Code (*conv)(Session*, ConvPlan*, int algorithm, const ConvData&);   // y = conv(x)
    Code (*fused)(Session*, ConvPlan*, int algorithm, const ConvData&);  // y = relu(conv(x) + z + bias)

    // Kernels of our own. Images are float32 [N][C][H][W] on the device, results float32 [N][C].
    Code (*image)(Session*, Precision, const float* from, void* to, const Map& to_map);
    Code (*result)(Session*, Precision, const void* from, float* to, const Map& from_map);
    Code (*epilogue)(Session*, Precision, const Epilogue&);
    Code (*max_pool)(Session*, Precision, const void* from, void* to, const Pool&);
    Code (*average_pool)(Session*, Precision, const void* from, void* to, const Pool&);  // of P x Q parts
    Code (*subsample)(Session*, Precision, const void* from, void* to, const Pool&);     // zero channels around
    Code (*pad)(Session*, Precision, const void* from, void* to, const Pool&);           // zeros around, packed
};

// CUDA and cuDNN themselves: in nvidia.cu.
extern const Api api;

}  // namespace sluice::nvidia
