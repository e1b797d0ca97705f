// bench_gpu_kernels: our kernels beside what cuDNN has for the same, as JSON lines: microseconds of each, and by how
// much the results differ. Shapes are ResNet's. What cuDNN does not support is null, and `why` has its words.
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "sluice_kernels/cuda/session.cuh"

namespace {

using namespace sluice::nvidia;

// cuDNN's functions that only this comparison asks for.
template <class F>
F function(const Session& s, const char* name, F) {
    return reinterpret_cast<F>(dlsym(s.cudnn.handle, name));
}
#define SLUICE_FUNCTION(s, name) function(s, #name, &::name)

class Comparison {
  public:
    Comparison(Session* s, Precision p, int N, Map in, Map out) : s_(s), p_(p), N_(N), in_(in), out_(out) {
        in_.N = out_.N = N;
        const auto made = [&](const Map& m) {
            void* at = nullptr;
            good(api.allocate(s_, std::size_t(numbers_of(m)) * 4, &at));
            regions_.push_back(at);
            return at;
        };
        x = made(in_), y = made(out_), z = made(out_), add = made(out_);
        vector = static_cast<float*>(made({1, 4 * out_.C, 1, 1, 4 * out_.C}));
        descriptor(from, in_), descriptor(to, out_);
        put(x, p_, numbers_of(in_)), put(add, p_, numbers_of(out_));
        std::vector<float> values(4 * std::size_t(out_.C));  // scales, biases, means, variances
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = i / std::size_t(out_.C) == 2 ? 0.0f : i / std::size_t(out_.C) == 3 ? 1.0f : 0.5f + float(i % 7);
        good(code(cudaMemcpy(vector, values.data(), values.size() * 4, cudaMemcpyHostToDevice)));
    }
    ~Comparison() {
        s_->cudnn.DestroyTensorDescriptor(from);
        s_->cudnn.DestroyTensorDescriptor(to);
        for (void* r : regions_) api.release(s_, r);
    }

    void *x, *y, *z, *add;  // our result goes to y, cuDNN's to z
    float* vector;          // [scale, bias, mean, variance][C]
    cudnnTensorDescriptor_t from = nullptr, to = nullptr;

    // Values in [-1, 1), through the kernel that brings images in.
    void put(void* to_map, Precision p, std::int64_t count) {
        std::vector<float> host(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < host.size(); ++i) host[i] = float(i * 2654435761u % 65536) / 32768 - 1;
        void* raw = nullptr;
        good(api.allocate(s_, host.size() * 4, &raw));
        good(code(cudaMemcpy(raw, host.data(), host.size() * 4, cudaMemcpyHostToDevice)));
        const int n = static_cast<int>(count);
        good(api.image(s_, p, static_cast<float*>(raw), to_map, {1, n, 1, 1, n}));
        good(api.wait(s_));
        api.release(s_, raw);
    }
    // A line for one thing that both do.
    void print(const char* what, const std::function<Code()>& ours, const std::function<Code()>& theirs) {
        const float our_us = us(ours);
        const Code tried = theirs();
        const float their_us = tried == 0 ? us(theirs) : 0;
        const double d = tried == 0 ? difference() : 0;
        std::printf("{\"what\": \"%s\", \"precision\": \"%s\", \"batch\": %d, \"C\": %d, \"H\": %d, \"W\": %d, ", what,
                    name_of(p_), N_, in_.C, in_.H, in_.W);
        if (tried == 0)
            std::printf("\"us\": %.2f, \"cudnn_us\": %.2f, \"relative_difference\": %.2g}\n", our_us, their_us, d);
        else
            std::printf("\"us\": %.2f, \"cudnn_us\": null, \"why\": \"%s\"}\n", our_us, api.text(s_, tried));
    }

  private:
    Session* s_;
    Precision p_;
    int N_;
    Map in_, out_;
    std::vector<void*> regions_;

    static std::int64_t numbers_of(const Map& m) { return std::int64_t(m.N) * m.H * m.W * m.C; }
    void good(Code c) const {
        if (c == 0) return;
        std::fprintf(stderr, "bench_gpu_kernels: %s\n", api.text(s_, c));
        std::exit(1);
    }
    void descriptor(cudnnTensorDescriptor_t& d, const Map& m) {
        good(first(s_->cudnn.CreateTensorDescriptor(&d),
                   s_->cudnn.SetTensor4dDescriptor(d, CUDNN_TENSOR_NHWC, type_of(p_), m.N, m.C, m.H, m.W)));
    }
    float us(const std::function<Code()>& f) const {
        constexpr int times = 100;
        cudaEvent_t start, stop;
        float ms = 0;
        good(first(cudaEventCreate(&start), cudaEventCreate(&stop)));
        for (int i = 0; i < 10; ++i) good(f());
        good(code(cudaEventRecord(start, s_->stream)));
        for (int i = 0; i < times; ++i) good(f());
        good(first(cudaEventRecord(stop, s_->stream), cudaEventSynchronize(stop),
                   cudaEventElapsedTime(&ms, start, stop), cudaEventDestroy(start), cudaEventDestroy(stop)));
        return ms * 1e3f / times;
    }
    std::vector<float> got(const void* map) const {
        const int n = static_cast<int>(numbers_of(out_));
        void* raw = nullptr;
        std::vector<float> host(static_cast<std::size_t>(n));
        good(api.allocate(s_, host.size() * 4, &raw));
        good(api.result(s_, p_, map, static_cast<float*>(raw), {1, n, 1, 1, n}));
        good(api.wait(s_));
        good(code(cudaMemcpy(host.data(), raw, host.size() * 4, cudaMemcpyDeviceToHost)));
        api.release(s_, raw);
        return host;
    }
    double difference() const {
        const std::vector<float> a = got(y), b = got(z);
        double most = 0, largest = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            const double d = std::fabs(double(a[i]) - b[i]);
            if (!(d <= most)) most = d;  // a NaN stays
            largest = std::fmax(largest, std::fabs(b[i]));
        }
        return most / largest;
    }
};

void pools(Session* s, Precision p, int N, bool max, Map in, Map out, int window, int stride, int pad) {
    Comparison c(s, p, N, in, out);
    in.N = out.N = N;
    const auto create = SLUICE_FUNCTION(*s, cudnnCreatePoolingDescriptor);
    const auto set = SLUICE_FUNCTION(*s, cudnnSetPooling2dDescriptor);
    const auto forward = SLUICE_FUNCTION(*s, cudnnPoolingForward);
    cudnnPoolingDescriptor_t d = nullptr;
    create(&d);
    set(d, max ? CUDNN_POOLING_MAX : CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING, CUDNN_PROPAGATE_NAN, window, window,
        pad, pad, stride, stride);
    const Pool pool{in, out, window, window, stride, pad, pad};
    const float one_ = 1, zero_ = 0;
    c.print(
        max ? "max pool" : "average pool",
        [&] { return (max ? api.max_pool : api.average_pool)(s, p, c.x, c.y, pool); },
        [&] { return code(forward(s->handle, d, &one_, c.from, c.x, &zero_, c.to, c.z)); });
    SLUICE_FUNCTION(*s, cudnnDestroyPoolingDescriptor)(d);
}

// Scale, bias, shortcut and ReLU of a setting: three calls of cuDNN's.
void epilogues(Session* s, Precision p, int N, Map map) {
    Comparison c(s, p, N, map, map);
    map.N = N;
    cudnnTensorDescriptor_t channels = nullptr;
    cudnnActivationDescriptor_t relu = nullptr;
    s->cudnn.CreateTensorDescriptor(&channels);
    s->cudnn.SetTensor4dDescriptor(channels, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1, map.C, 1, 1);
    s->cudnn.CreateActivationDescriptor(&relu);
    s->cudnn.SetActivationDescriptor(relu, CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0);
    const auto norm = SLUICE_FUNCTION(*s, cudnnBatchNormalizationForwardInference);
    const auto sum = SLUICE_FUNCTION(*s, cudnnAddTensor);
    const auto activate = SLUICE_FUNCTION(*s, cudnnActivationForward);
    const float one_ = 1, zero_ = 0;
    float* const v = c.vector;
    const Epilogue e{c.x, c.add, c.y, v, v + map.C, map, 0, INFINITY};
    c.print(
        "scale, bias, shortcut, ReLU", [&] { return api.epilogue(s, p, e); },
        [&] {
            return first(norm(s->handle, CUDNN_BATCHNORM_SPATIAL, &one_, &zero_, c.from, c.x, c.to, c.z, channels, v,
                              v + map.C, v + 2 * map.C, v + 3 * map.C, CUDNN_BN_MIN_EPSILON),
                         sum(s->handle, &one_, c.to, c.add, &one_, c.to, c.z),
                         activate(s->handle, relu, &one_, c.to, c.z, &zero_, c.to, c.z));
        });
    s->cudnn.DestroyTensorDescriptor(channels);
    s->cudnn.DestroyActivationDescriptor(relu);
}

// float32 [N][C][H][W] to NHWC in the precision's type.
void images(Session* s, Precision p, int N, Map map) {
    Comparison c(s, p, N, map, map);
    map.N = N;
    c.put(c.add, Precision::float32, std::int64_t(N) * map.C * map.H * map.W);
    cudnnTensorDescriptor_t planes = nullptr;
    s->cudnn.CreateTensorDescriptor(&planes);
    s->cudnn.SetTensor4dDescriptor(planes, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, N, map.C, map.H, map.W);
    const auto transform = SLUICE_FUNCTION(*s, cudnnTransformTensor);
    const float one_ = 1, zero_ = 0;
    c.print(
        "image", [&] { return api.image(s, p, static_cast<const float*>(c.add), c.y, map); },
        [&] { return code(transform(s->handle, &one_, planes, c.add, &zero_, c.to, c.z)); });
    s->cudnn.DestroyTensorDescriptor(planes);
}

}  // namespace

int main() {
    Session* s = nullptr;
    char why[160] = {};
    if (api.open(0, nullptr, &s, why, sizeof why) != 0)
        return std::fprintf(stderr, "bench_gpu_kernels: GPU 0 cannot be used: %s\n", why), 1;
    using enum Precision;
    for (const Precision p : {float32, fp16, bf16})
        for (const int N : {1, 64}) {
            images(s, p, N, {1, 3, 224, 224, 3});
            pools(s, p, N, true, {1, 64, 112, 112, 64}, {1, 64, 56, 56, 64}, 3, 2, 1);
            pools(s, p, N, false, {1, 2048, 7, 7, 2048}, {1, 2048, 1, 1, 2048}, 7, 1, 0);
            epilogues(s, p, N, {1, 256, 56, 56, 256});
            epilogues(s, p, N, {1, 2048, 7, 7, 2048});
        }
    api.close(s);
    return 0;
}
