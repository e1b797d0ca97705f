// Handle: owns one thing that the Api has made, and gives it back.
#pragma once

#include <utility>

#include "sluice/core/status.hpp"
#include "sluice_kernels/cuda/api.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

using nvidia::Api;

// A session and the table that made it: what every call needs. Whoever opened it owns it.
struct Gpu {
    const Api* api = nullptr;
    nvidia::Session* session = nullptr;

    // A sentence with CUDA's or cuDNN's own text for what a call gave back.
    template <class... Parts>
    Status check(nvidia::Code code, const Parts&... doing) const {
        if (code == 0) return {};
        return Status::error(Error::device, "GPU: ", doing..., ": ", api->text(session, code));
    }
};

template <class T, auto give_back>
class Handle {
  public:
    Handle() = default;
    Handle(const Gpu& gpu, T* thing) : gpu_(gpu), thing_(thing) {}
    Handle(Handle&& other) noexcept : gpu_(other.gpu_), thing_(std::exchange(other.thing_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(gpu_, other.gpu_);
        std::swap(thing_, other.thing_);
        return *this;
    }
    ~Handle() {
        if (thing_ != nullptr) (gpu_.api->*give_back)(gpu_.session, thing_);
    }

    T* get() const { return thing_; }
    explicit operator bool() const { return thing_ != nullptr; }

  private:
    Gpu gpu_;
    T* thing_ = nullptr;
};

using ConvPlan = Handle<nvidia::ConvPlan, &Api::discard_conv>;
using Executable = Handle<nvidia::Executable, &Api::discard>;
using Region = Handle<void, &Api::release>;
using PinnedRegion = Handle<void, &Api::release_pinned>;

// One device and one stream of it. open() makes the device the current one of its thread; another thread that uses the
// session has to do that itself where there are several. Engines, memory and recorded frames must not outlive it.
class Session {
  public:
    // stream: a cudaStream_t of the program, to wait for and to record events on; null: a stream of the session's own.
    static Result<Session> open(const Api& api = nvidia::api, int device = 0, void* stream = nullptr) {
        Session s;
        s.gpu_.api = &api;
        char why[160] = {};
        if (api.open(device, stream, &s.gpu_.session, why, sizeof why) != 0)
            return Status::error(Error::device, "GPU ", device, " cannot be used: ", static_cast<const char*>(why));
        return s;
    }
    Session(Session&& other) noexcept : gpu_(std::exchange(other.gpu_, {})) {}
    Session& operator=(Session&& other) noexcept {
        std::swap(gpu_, other.gpu_);
        return *this;
    }
    ~Session() {
        if (gpu_.session != nullptr) gpu_.api->close(gpu_.session);
    }
    const Gpu& gpu() const { return gpu_; }

  private:
    Session() = default;
    Gpu gpu_;
};

}  // namespace sluice
