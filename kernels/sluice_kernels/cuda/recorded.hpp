// Frames that were recorded, one for each mask that was lately in force: a bounded cache in slots that the caller
// lends.
#pragma once

#include <span>

#include "sluice/gate/mask.hpp"
#include "sluice_kernels/cuda/handle.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

// One launch does all of a frame. Shut blocks are not in it, so they cost nothing.
template <class Net>
struct Recorded {
    gate::Mask<Net> gates;
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
    nvidia::Executable* find(const gate::Mask<Net>& gates, const float* epilogue) {
        for (Recorded<Net>& slot : slots_)
            if (slot.frame && slot.gates == gates && slot.epilogue == epilogue) {
                slot.used = ++now_;
                return slot.frame.get();
            }
        return nullptr;
    }
    // Takes a free slot, or that of the frame which has not been used for longest.
    void keep(const gate::Mask<Net>& gates, const float* epilogue, Executable frame) {
        Recorded<Net>* to = &slots_.front();
        for (Recorded<Net>& slot : slots_) {
            if (!to->frame) break;
            if (!slot.frame || slot.used < to->used) to = &slot;
        }
        *to = Recorded<Net>{gates, epilogue, std::move(frame), ++now_};
    }
    void clear() {
        for (Recorded<Net>& slot : slots_) slot = Recorded<Net>{};
    }

  private:
    std::span<Recorded<Net>> slots_;
    std::uint64_t now_ = 0;
};

}  // namespace sluice::inline SLUICE_ABI::cuda
