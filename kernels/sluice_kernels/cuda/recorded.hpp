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
    using Mask = gate::Mask<Net>;

  public:
    RecordedFrames() = default;
    RecordedFrames(std::span<Recorded<Net>> slots, ShutGates shut) : slots_(slots), shut_(shut) { clear(); }

    ShutGates shut() const { return shut_; }
    void clear() {
        for (Recorded<Net>& slot : slots_) slot = Recorded<Net>{};
    }

    // A frame for a mask, launched if it is recorded. If not, walk(mask, marked) asks the stream for it: once to do it
    // kernel by kernel, which makes cuDNN load what it needs, and once to be recorded.
    template <class Walk>
    Status run(const Gpu& gpu, const Mask& gates, const float* epilogue, Walk walk) {
        Recorded<Net>* known = find(gates, epilogue);
        if (known == nullptr) {
            const bool all = !slots_.empty() && shut_ == ShutGates::disabled;
            const Mask recorded = all ? Mask{} : gates;
            if (Status s = walk(recorded, false); !s || slots_.empty()) return s;
            const auto made = record(gpu, recorded, epilogue, [&] { return walk(recorded, all); });
            if (!made || !all) return made.status();
            known = *made;
        }
        if (Status s = switch_gates(gpu, *known, gates); !s) return s;
        return gpu.check(gpu.api->launch(gpu.session, known->frame.get()), "launching the frame");
    }

  private:
    std::span<Recorded<Net>> slots_;
    ShutGates shut_ = ShutGates::left_out;
    std::uint64_t now_ = 0;

    // Null if there is none for this mask.
    Recorded<Net>* find(const Mask& gates, const float* epilogue) {
        for (Recorded<Net>& slot : slots_)
            if (slot.frame && slot.epilogue == epilogue && (shut_ == ShutGates::disabled || slot.gates == gates)) {
                slot.used = ++now_;
                return &slot;
            }
        return nullptr;
    }

    // Records what walk() asks of the stream, for a mask.
    template <class Walk>
    Result<Recorded<Net>*> record(const Gpu& gpu, const Mask& gates, const float* epilogue, Walk walk) {
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
    static Status switch_gates(const Gpu& gpu, Recorded<Net>& slot, const Mask& gates) {
        for (int g = 0; g < gates.gates; ++g) {
            if (slot.gates.open(g) == gates.open(g)) continue;
            const Status s =
                gpu.check(gpu.api->enable(gpu.session, slot.frame.get(), g, gates.open(g)), "switching gate ", g);
            if (!s) return slot = Recorded<Net>{}, s;  // which of its nodes are on is not known
            slot.gates.set(g, gates.open(g));
        }
        return {};
    }

    // Takes a free slot, or that of the frame which has not been used for longest.
    Recorded<Net>* keep(const Mask& gates, const float* epilogue, Executable frame) {
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
