// Frames that were recorded: a bounded cache in slots that the caller lends.
#pragma once

#include <span>

#include "sluice/gate/mask.hpp"
#include "sluice_kernels/cuda/handle.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

// How a recorded frame comes to do nothing for a shut gate.
enum class ShutGates {
    left_out,  // each mask is recorded without its shut blocks, and has a slot
    disabled,  // all blocks are recorded once, and what belongs to gates is switched on and off; a slot for each
               // setting
};

// One launch does all of a frame.
template <class Net>
struct Recorded {
    gate::Mask<Net> gates;            // what it does now
    const float* epilogue = nullptr;  // scales and biases that were in force
    Executable frame;
    std::uint64_t used = 0;  // when, in frames
};

template <class Net>
class RecordedFrames {
  public:
    RecordedFrames() = default;
    explicit RecordedFrames(std::span<Recorded<Net>> slots) : slots_(slots) {}

    bool enabled() const { return !slots_.empty(); }

    // Null if there is none for this mask.
    Recorded<Net>* find(const gate::Mask<Net>& gates, const float* epilogue, ShutGates shut) {
        for (Recorded<Net>& slot : slots_)
            if (slot.frame && slot.epilogue == epilogue && (shut == ShutGates::disabled || slot.gates == gates)) {
                slot.used = ++now_;
                return &slot;
            }
        return nullptr;
    }

    // Records what walk() asks of the stream, for a mask.
    template <class Walk>
    Result<Recorded<Net>*> record(const Gpu& gpu, const gate::Mask<Net>& gates, const float* epilogue, Walk walk) {
        if (Status s = gpu.check(gpu.api->begin_recording(gpu.session), "recording a frame"); !s) return s;
        const Status walked = walk();
        nvidia::Executable* executable = nullptr;
        const Status ended =
            gpu.check(gpu.api->end_recording(gpu.session, walked ? &executable : nullptr), "recording a frame");
        if (!walked) return walked;
        if (!ended) return ended;
        return keep(gates, epilogue, Executable(gpu, executable));
    }

    // Makes a frame that was recorded with all its blocks do what a mask asks for.
    static Status switch_gates(const Gpu& gpu, Recorded<Net>& slot, const gate::Mask<Net>& gates) {
        for (int g = 0; g < gates.gates; ++g) {
            if (slot.gates.open(g) == gates.open(g)) continue;
            const Status s =
                gpu.check(gpu.api->enable(gpu.session, slot.frame.get(), g, gates.open(g)), "switching gate ", g);
            if (!s) return slot = Recorded<Net>{}, s;  // which of its nodes are on is not known
            slot.gates.set(g, gates.open(g));
        }
        return {};
    }

    void clear() {
        for (Recorded<Net>& slot : slots_) slot = Recorded<Net>{};
    }

  private:
    std::span<Recorded<Net>> slots_;
    std::uint64_t now_ = 0;

    // Takes a free slot, or that of the frame which has not been used for longest.
    Recorded<Net>* keep(const gate::Mask<Net>& gates, const float* epilogue, Executable frame) {
        Recorded<Net>* to = &slots_.front();
        for (Recorded<Net>& slot : slots_) {
            if (!to->frame) break;
            if (!slot.frame || slot.used < to->used) to = &slot;
        }
        *to = Recorded<Net>{gates, epilogue, std::move(frame), ++now_};
        return to;
    }
};

}  // namespace sluice
