// GuardedMap: an HWC map in a buffer where every float that is not part of it is a canary.
//
// The canary is a NaN of a pattern of its own. What a kernel reads outside its map therefore spoils its result, and
// what it writes there is seen: before and after the map, between its rows and between its pixels.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace support {

inline const float canary = std::bit_cast<float>(0x7FC0BEEFu);

// Buffers begin on a cache line, so that "misaligned" means the same in every run.
template <class T>
struct CacheLines {
    using value_type = T;
    CacheLines() = default;
    template <class U>
    CacheLines(const CacheLines<U>&) {}
    T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(64))); }
    void deallocate(T* p, std::size_t) { ::operator delete(p, std::align_val_t(64)); }
    friend bool operator==(const CacheLines&, const CacheLines&) = default;
};

struct MapLayout {
    int C = 1, H = 1, W = 1;
    int top = 0, left = 0, bottom = 0, right = 0;  // pixels around the map
    int gap = 0;                                   // floats between one pixel's channels and the next pixel's
    int misaligned = 0;                            // floats by which the buffer is off a cache line

    int pixel() const { return C + gap; }
    int row() const { return (left + W + right) * pixel(); }
    std::size_t size() const { return static_cast<std::size_t>(C) * static_cast<std::size_t>(H * W); }
};

class GuardedMap {
  public:
    explicit GuardedMap(const MapLayout& layout)
        : layout_(layout),
          origin_(margin + static_cast<std::size_t>(layout.misaligned + layout.top * layout.row() +
                                                    layout.left * layout.pixel())),
          floats_(2 * margin + static_cast<std::size_t>(layout.misaligned +
                                                        (layout.top + layout.H + layout.bottom) * layout.row()),
                  canary) {}

    const MapLayout& layout() const { return layout_; }
    float* data() { return floats_.data() + origin_; }  // channel 0 of pixel (0, 0)
    const float* data() const { return floats_.data() + origin_; }

    // Copies a dense [C][H][W] into the map, or the map into one.
    void set(const std::vector<float>& chw) {
        std::size_t i = 0;
        each([&](float& x) { x = chw[i++]; });
    }
    std::vector<float> get() const {
        std::vector<float> chw;
        chw.reserve(layout_.size());
        const_cast<GuardedMap*>(this)->each([&](float& x) { chw.push_back(x); });
        return chw;
    }

    // Zeros in the pixels around the map, that many on each side; pixels of the halo beyond them stay canaries.
    void clear_halo(int top, int left, int bottom, int right) {
        for (int h = -top; h < layout_.H + bottom; ++h)
            for (int w = -left; w < layout_.W + right; ++w)
                if (h < 0 || h >= layout_.H || w < 0 || w >= layout_.W)
                    for (int c = 0; c < layout_.C; ++c) at(c, h, w) = 0;
    }

    float& at(int c, int h, int w) {
        return data()[static_cast<std::ptrdiff_t>(h) * layout_.row() +
                      static_cast<std::ptrdiff_t>(w) * layout_.pixel() + c];
    }

    // Whether all floats, those of the map included, have the bits that the other one's have.
    bool same_bits(const GuardedMap& other) const {
        return floats_.size() == other.floats_.size() &&
               std::memcmp(floats_.data(), other.floats_.data(), floats_.size() * sizeof(float)) == 0;
    }
    // Whether everything but the map itself still has the bits of `before`.
    bool same_outside(const GuardedMap& before) const {
        GuardedMap expected = before;
        expected.set(get());
        return same_bits(expected);
    }

  private:
    static constexpr std::size_t margin = 256;  // floats: more than a tile of the widest vectors

    MapLayout layout_;
    std::size_t origin_;
    std::vector<float, CacheLines<float>> floats_;

    template <class F>
    void each(F f) {
        for (int c = 0; c < layout_.C; ++c)
            for (int h = 0; h < layout_.H; ++h)
                for (int w = 0; w < layout_.W; ++w) f(at(c, h, w));
    }
};

// A vector of floats with canaries behind it.
class GuardedFloats {
  public:
    GuardedFloats(std::size_t count, int misaligned = 0)
        : begin_(static_cast<std::size_t>(misaligned)), count_(count), floats_(begin_ + count + margin, canary) {}

    float* data() { return floats_.data() + begin_; }
    bool intact() const {
        for (std::size_t i = begin_ + count_; i < floats_.size(); ++i)
            if (std::bit_cast<std::uint32_t>(floats_[i]) != std::bit_cast<std::uint32_t>(canary)) return false;
        return true;
    }
    // Whether every float of it has been written.
    bool filled() const {
        for (std::size_t i = begin_; i < begin_ + count_; ++i)
            if (std::bit_cast<std::uint32_t>(floats_[i]) == std::bit_cast<std::uint32_t>(canary)) return false;
        return true;
    }

  private:
    static constexpr std::size_t margin = 64;
    std::size_t begin_, count_;
    std::vector<float, CacheLines<float>> floats_;
};

}  // namespace support
