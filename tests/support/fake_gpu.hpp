// FakeGpu: the calls of the GPU backend, recorded, and computed on the host with loops straight from the definitions.
//
// It keeps what it was asked to allocate in ordinary memory, complains about addresses outside of it, counts what was
// not given back, and can refuse the nth call. It knows nothing of the library but the table of calls, and has all sums
// in double. What it proves is the host's half: which calls, in which order, on which bytes. It proves nothing of CUDA.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sluice/io/half.hpp"
#include "sluice_kernels/cuda/rounding.hpp"

namespace support {

class FakeGpu {
  public:
    std::vector<std::string> calls;
    int fail_at = -1;   // the call, counted from 0, that gives back an error
    std::string fault;  // the first thing that a GPU would not have survived
    bool has_device = true;
    bool has_fused = true;        // cuDNN has the fused form of every shape
    std::size_t workspace = 512;  // that the fastest algorithm asks for
    int live = 0;                 // sessions, regions, plans, recordings that exist
    int launches = 0;
    std::size_t device_bytes = 0;  // asked for so far
    std::string name = "a fake";
    int version = 90000;  // of cuDNN

    static constexpr int refused = 700;  // cudaErrorIllegalAddress
    static const sluice::nvidia::Api api;

    int count(const std::string& call) const { return static_cast<int>(std::count(calls.begin(), calls.end(), call)); }

  private:
    friend struct FakeCalls;
    std::map<const std::byte*, std::unique_ptr<std::byte[]>> regions_;
    std::map<const std::byte*, std::size_t> sizes_;
    bool recording_ = false;
    int gate_ = -1;
    std::vector<std::pair<int, std::function<void()>>> recorded_;
};

}  // namespace support

namespace sluice::nvidia {
struct Session {
    support::FakeGpu* gpu;
};
struct ConvPlan {
    Conv conv;
};
struct Executable {
    std::vector<std::pair<int, std::function<void()>>> work;  // the gate that it belongs to, or -1
    std::vector<int> shut;
};
}  // namespace sluice::nvidia

namespace support {

struct FakeCalls {
    using Session = sluice::nvidia::Session;
    using Precision = sluice::nvidia::Precision;
    using Map = sluice::nvidia::Map;
    using Conv = sluice::nvidia::Conv;
    using ConvData = sluice::nvidia::ConvData;
    using Pool = sluice::nvidia::Pool;

    // Whether the call succeeds.
    static bool called(Session* s, const char* what) {
        s->gpu->calls.push_back(what);
        return static_cast<int>(s->gpu->calls.size()) - 1 != s->gpu->fail_at;
    }
    // The same for work on the stream, which is done now or recorded.
    static int work(Session* s, const char* what, std::function<void()> f) {
        if (!called(s, what)) return FakeGpu::refused;
        if (s->gpu->recording_)
            s->gpu->recorded_.emplace_back(s->gpu->gate_, std::move(f));
        else
            f();
        return 0;
    }
    static void blame(Session* s, const std::string& why) {
        if (s->gpu->fault.empty()) s->gpu->fault = why;
    }
    static bool inside(Session* s, const void* address, std::size_t bytes) {
        const auto* at = static_cast<const std::byte*>(address);
        const auto next = s->gpu->sizes_.upper_bound(at);
        if (next != s->gpu->sizes_.begin()) {
            const auto& [begin, size] = *std::prev(next);
            if (at + bytes <= begin + size) return true;
        }
        blame(s, s->gpu->calls.back() + " leaves its memory");
        return false;
    }

    static float read(Precision p, const void* from, std::ptrdiff_t i) {
        if (sluice::nvidia::element_bytes(p) == 4) return static_cast<const float*>(from)[i];
        const std::uint16_t bits = static_cast<const std::uint16_t*>(from)[i];
        return p == Precision::fp16 ? sluice::io::half_to_float(bits) : sluice::io::bfloat16_to_float(bits);
    }
    static void write(Precision p, double value, void* to, std::ptrdiff_t i) {
        const auto size = sluice::nvidia::element_bytes(p);
        sluice::cuda::store(p, static_cast<float>(value), static_cast<std::byte*>(to) + i * std::ptrdiff_t(size));
    }
    static std::ptrdiff_t at(const Map& m, int n, int h, int w, int c) {
        return ((std::ptrdiff_t(n) * m.H + h) * m.W + w) * m.pixel + c;
    }
    static std::size_t bytes(Precision p, const Map& m) {
        return static_cast<std::size_t>(at(m, m.N - 1, m.H - 1, m.W - 1, m.C)) * sluice::nvidia::element_bytes(p);
    }
    static bool maps_inside(Session* s, Precision p, const void* from, const Map& in, const void* to, const Map& out) {
        return inside(s, from, bytes(p, in)) && inside(s, to, bytes(p, out));
    }
    template <class F>
    static void for_each_pixel(const Map& m, F f) {
        for (int n = 0; n < m.N; ++n)
            for (int h = 0; h < m.H; ++h)
                for (int w = 0; w < m.W; ++w) f(n, h, w);
    }

    static int open(int, void* stream, Session** session, char* why, std::size_t room) {
        auto* gpu = static_cast<FakeGpu*>(stream);
        if (!gpu->has_device) {
            std::strncpy(why, "the driver is there, but no device", room - 1);
            return 100;
        }
        *session = new Session{gpu};
        if (!called(*session, "open")) {
            std::strncpy(why, "refused", room - 1);
            delete std::exchange(*session, nullptr);
            return FakeGpu::refused;
        }
        ++gpu->live;
        return 0;
    }
    static void close(Session* s) {
        --s->gpu->live;
        delete s;
    }
    static const char* text(Session*, int code) {
        return code == sluice::nvidia::not_supported ? "CUDNN_STATUS_NOT_SUPPORTED"
                                                     : "an illegal memory access was encountered";
    }

    static int identify(Session* s, sluice::nvidia::Identity* i) {
        if (!called(s, "identify")) return FakeGpu::refused;
        s->gpu->name.copy(i->device, sizeof i->device - 1);
        i->cudnn = s->gpu->version;
        return 0;
    }

    static int take(Session* s, const char* what, std::size_t size, void** region) {
        if (!called(s, what)) return FakeGpu::refused;
        std::unique_ptr<std::byte[]> made(new (std::align_val_t(256)) std::byte[size]);
        std::memset(made.get(), 0xFF, size);  // NaNs: what is read before it is written shows
        *region = made.get();
        s->gpu->sizes_[made.get()] = size;
        s->gpu->regions_[made.get()] = std::move(made);
        ++s->gpu->live;
        return 0;
    }
    static int allocate(Session* s, std::size_t size, void** region) {
        s->gpu->device_bytes += size;
        return take(s, "allocate", size, region);
    }
    static int allocate_pinned(Session* s, std::size_t size, void** region) {
        return take(s, "allocate_pinned", size, region);
    }
    static void release(Session* s, void* region) {
        auto* at = static_cast<std::byte*>(region);
        ::operator delete[](s->gpu->regions_[at].release(), std::align_val_t(256));
        s->gpu->regions_.erase(at);
        s->gpu->sizes_.erase(at);
        --s->gpu->live;
    }
    static int copy(Session* s, sluice::nvidia::Copy, void* to, const void* from, std::size_t size) {
        return work(s, "copy", [=] {
            if (inside(s, to, size) && inside(s, from, size)) std::memcpy(to, from, size);
        });
    }
    static int wait(Session* s) {
        if (s->gpu->recording_) blame(s, "waits while it records");
        return called(s, "wait") ? 0 : FakeGpu::refused;
    }

    static int begin_recording(Session* s) {
        if (!called(s, "begin_recording")) return FakeGpu::refused;
        s->gpu->recording_ = true;
        s->gpu->recorded_.clear();
        s->gpu->gate_ = -1;
        return 0;
    }
    static int end_recording(Session* s, sluice::nvidia::Executable** executable) {
        s->gpu->recording_ = false;
        if (!called(s, "end_recording")) return FakeGpu::refused;
        if (executable == nullptr) return 0;
        *executable = new sluice::nvidia::Executable{std::move(s->gpu->recorded_), {}};
        ++s->gpu->live;
        return 0;
    }
    static int launch(Session* s, sluice::nvidia::Executable* e) {
        if (!called(s, "launch")) return FakeGpu::refused;
        ++s->gpu->launches;
        for (const auto& [gate, f] : e->work)
            if (std::count(e->shut.begin(), e->shut.end(), gate) == 0) f();
        return 0;
    }
    static int mark(Session* s, int gate) {
        if (!called(s, "mark")) return FakeGpu::refused;
        if (!s->gpu->recording_) blame(s, "marks what is not recorded");
        s->gpu->gate_ = gate;
        return 0;
    }
    static int enable(Session* s, sluice::nvidia::Executable* e, int gate, bool open) {
        std::erase(e->shut, gate);  // some of a gate's nodes may be switched before one is refused
        if (!open) e->shut.push_back(gate);
        return called(s, "enable") ? 0 : FakeGpu::refused;
    }
    static void discard(Session* s, sluice::nvidia::Executable* e) {
        --s->gpu->live;
        delete e;
    }

    static int plan_conv(Session* s, const Conv& c, sluice::nvidia::ConvPlan** plan) {
        if (!called(s, "plan_conv")) return FakeGpu::refused;
        if ((c.H + 2 * c.top - c.R) / c.stride + 1 != c.P || (c.W + 2 * c.left - c.S) / c.stride + 1 != c.Q)
            blame(s, "cuDNN would compute another number of pixels");
        *plan = new sluice::nvidia::ConvPlan{c};
        ++s->gpu->live;
        return 0;
    }
    static void discard_conv(Session* s, sluice::nvidia::ConvPlan* plan) {
        --s->gpu->live;
        delete plan;
    }
    // Two algorithms; the fast one wants workspace. Measured, the order is the other one.
    static int algorithms(Session* s, sluice::nvidia::ConvPlan* plan, const ConvData* data,
                          sluice::nvidia::Algorithm* list, int, int* count) {
        if (!called(s, data != nullptr ? "measure" : "algorithms")) return FakeGpu::refused;
        if (data != nullptr) convolve(s, plan->conv, *data, false);
        list[data != nullptr] = {1, data != nullptr ? 2e-5f : 0, s->gpu->workspace};
        list[data == nullptr] = {6, data != nullptr ? 1e-5f : 0, 0};
        *count = 2;
        return 0;
    }
    static void convolve(Session* s, const Conv& c, const ConvData& d, bool fused) {
        const Map in{c.N, c.C, c.H, c.W, c.C}, out{c.N, c.K, c.P, c.Q, c.K};
        const int inputs = c.C / c.groups, outputs = c.K / c.groups;
        const auto p = c.precision;
        const std::size_t weights =
            std::size_t(c.K) * std::size_t(inputs * c.R * c.S) * sluice::nvidia::element_bytes(p);
        if (!maps_inside(s, p, d.x, in, d.y, out) || !inside(s, d.w, weights)) return;
        if (d.workspace_bytes > 0 && !inside(s, d.workspace, d.workspace_bytes)) return;
        const auto *x = static_cast<const std::byte*>(d.x), *y = static_cast<const std::byte*>(d.y);
        if (x < y + bytes(p, out) && y < x + bytes(p, in)) return blame(s, "a convolution overwrites its input");
        for_each_pixel(out, [&](int n, int h, int w) {
            for (int k = 0; k < c.K; ++k) {
                double sum = 0;
                for (int r = 0; r < c.R; ++r)
                    for (int q = 0; q < c.S; ++q) {
                        const int row = h * c.stride - c.top + r, column = w * c.stride - c.left + q;
                        if (row < 0 || row >= c.H || column < 0 || column >= c.W) continue;
                        for (int i = 0; i < inputs; ++i)
                            sum += double(read(p, d.x, at(in, n, row, column, k / outputs * inputs + i))) *
                                   read(p, d.w, ((std::ptrdiff_t(k) * c.R + r) * c.S + q) * inputs + i);
                    }
                if (fused) {
                    sum += read(p, d.bias, k);
                    if (c.add) sum += read(p, d.z, at(out, n, h, w, k));
                    if (c.relu && sum < 0) sum = 0;  // a NaN stays one
                }
                write(p, sum, d.y, at(out, n, h, w, k));
            }
        });
    }
    static int conv(Session* s, sluice::nvidia::ConvPlan* plan, int algorithm, const ConvData& data) {
        return form(s, "conv", plan, algorithm, data, false);
    }
    static int fused(Session* s, sluice::nvidia::ConvPlan* plan, int algorithm, const ConvData& data) {
        if (!s->gpu->has_fused) return called(s, "fused") ? sluice::nvidia::not_supported : FakeGpu::refused;
        if (!plan->conv.relu && algorithm != 1) blame(s, "cuDNN fuses no other algorithm without ReLU");
        return form(s, "fused", plan, algorithm, data, true);
    }
    static int form(Session* s, const char* what, sluice::nvidia::ConvPlan* plan, int algorithm, const ConvData& data,
                    bool with_epilogue) {
        if (algorithm == 1 && data.workspace_bytes < s->gpu->workspace) blame(s, "too little workspace");
        return work(s, what, [=, c = plan->conv] { convolve(s, c, data, with_epilogue); });
    }

    static int image(Session* s, Precision p, const float* from, void* to, const Map& m) {
        return work(s, "image", [=] {
            if (!inside(s, from, sizeof(float) * std::size_t(m.N * m.C * m.H * m.W)) || !inside(s, to, bytes(p, m)))
                return;
            for_each_pixel(m, [&](int n, int h, int w) {
                for (int c = 0; c < m.C; ++c)
                    write(p, from[((std::ptrdiff_t(n) * m.C + c) * m.H + h) * m.W + w], to, at(m, n, h, w, c));
            });
        });
    }
    static int result(Session* s, Precision p, const void* from, float* to, const Map& m) {
        return work(s, "result", [=] {
            if (!inside(s, from, bytes(p, m)) || !inside(s, to, sizeof(float) * std::size_t(m.N * m.C))) return;
            for (int n = 0; n < m.N; ++n)
                for (int c = 0; c < m.C; ++c) to[n * m.C + c] = read(p, from, at(m, n, 0, 0, c));
        });
    }
    static int epilogue(Session* s, Precision p, const sluice::nvidia::Epilogue& e) {
        return work(s, "epilogue", [=] {
            Map packed = e.map;
            packed.pixel = e.map.C;
            if (!maps_inside(s, p, e.x, packed, e.y, e.map) || !inside(s, e.scale, std::size_t(e.map.C) * 4) ||
                !inside(s, e.bias, std::size_t(e.map.C) * 4) ||
                (e.add != nullptr && !inside(s, e.add, bytes(p, packed))))
                return;
            for_each_pixel(e.map, [&](int n, int h, int w) {
                for (int k = 0; k < e.map.C; ++k) {
                    double y = double(read(p, e.x, at(packed, n, h, w, k))) * e.scale[k] + e.bias[k];
                    if (e.add != nullptr) y += read(p, e.add, at(packed, n, h, w, k));
                    write(p, std::clamp(y, double(e.floor), double(e.ceiling)), e.y, at(e.map, n, h, w, k));
                }
            });
        });
    }

    // f(n, h, w, c) gives each number of the result.
    template <class F>
    static int fill(Session* s, const char* what, Precision p, const void* from, void* to, const Pool& pool, F f) {
        return work(s, what, [=] {
            if (!maps_inside(s, p, from, pool.in, to, pool.out)) return;
            for_each_pixel(pool.out, [&](int n, int h, int w) {
                for (int c = 0; c < pool.out.C; ++c) write(p, f(n, h, w, c), to, at(pool.out, n, h, w, c));
            });
        });
    }
    static double larger(double a, double b) { return a >= b ? a : b; }  // a NaN wins
    static int max_pool(Session* s, Precision p, const void* from, void* to, const Pool& pool) {
        return fill(s, "max_pool", p, from, to, pool, [=](int n, int h, int w, int c) {
            double best = -std::numeric_limits<double>::infinity();
            for (int r = 0; r < pool.R; ++r)
                for (int q = 0; q < pool.S; ++q) {
                    const int row = h * pool.stride - pool.top + r, column = w * pool.stride - pool.left + q;
                    if (row >= 0 && row < pool.in.H && column >= 0 && column < pool.in.W)
                        best = larger(best, read(p, from, at(pool.in, n, row, column, c)));
                }
            return best;
        });
    }
    static int average_pool(Session* s, Precision p, const void* from, void* to, const Pool& pool) {
        return fill(s, "average_pool", p, from, to, pool, [=](int n, int h, int w, int c) {
            double sum = 0;
            int pixels = 0;
            for (int y = 0; y < pool.in.H; ++y)
                for (int x = 0; x < pool.in.W; ++x)
                    if ((y + 1) * pool.out.H > h * pool.in.H && y * pool.out.H < (h + 1) * pool.in.H &&
                        (x + 1) * pool.out.W > w * pool.in.W && x * pool.out.W < (w + 1) * pool.in.W)
                        sum += read(p, from, at(pool.in, n, y, x, c)), ++pixels;
            return sum / pixels;
        });
    }
    static int subsample(Session* s, Precision p, const void* from, void* to, const Pool& pool) {
        return fill(s, "subsample", p, from, to, pool, [=](int n, int h, int w, int c) {
            const int own = c - (pool.out.C - pool.in.C) / 2;
            const bool zero = own < 0 || own >= pool.in.C;
            return zero ? 0.0 : double(read(p, from, at(pool.in, n, h * pool.stride, w * pool.stride, own)));
        });
    }
    static int pad(Session* s, Precision p, const void* from, void* to, const Pool& pool) {
        return fill(s, "pad", p, from, to, pool, [=](int n, int h, int w, int c) {
            const int y = h - pool.top, x = w - pool.left;
            const bool zero = y < 0 || y >= pool.in.H || x < 0 || x >= pool.in.W;
            return zero ? 0.0 : double(read(p, from, at(pool.in, n, y, x, c)));
        });
    }
};

inline const sluice::nvidia::Api FakeGpu::api = {
    .open = &FakeCalls::open,
    .close = &FakeCalls::close,
    .text = &FakeCalls::text,
    .identify = &FakeCalls::identify,
    .allocate = &FakeCalls::allocate,
    .release = &FakeCalls::release,
    .allocate_pinned = &FakeCalls::allocate_pinned,
    .release_pinned = &FakeCalls::release,
    .copy = &FakeCalls::copy,
    .wait = &FakeCalls::wait,
    .begin_recording = &FakeCalls::begin_recording,
    .end_recording = &FakeCalls::end_recording,
    .launch = &FakeCalls::launch,
    .mark = &FakeCalls::mark,
    .enable = &FakeCalls::enable,
    .discard = &FakeCalls::discard,
    .plan_conv = &FakeCalls::plan_conv,
    .discard_conv = &FakeCalls::discard_conv,
    .algorithms = &FakeCalls::algorithms,
    .conv = &FakeCalls::conv,
    .fused = &FakeCalls::fused,
    .image = &FakeCalls::image,
    .result = &FakeCalls::result,
    .epilogue = &FakeCalls::epilogue,
    .max_pool = &FakeCalls::max_pool,
    .average_pool = &FakeCalls::average_pool,
    .subsample = &FakeCalls::subsample,
    .pad = &FakeCalls::pad,
};

}  // namespace support
