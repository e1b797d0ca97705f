// Grouped: every group of channels is a direct convolution of its own, on slices of the maps.
#pragma once

#include "sluice_kernels/direct/direct.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

template <class Isa>
struct Grouped {
    static constexpr std::string_view name = "grouped";
    using One = Direct<Isa>;

    // The convolution of one group: pixels and rows are as far apart as in the whole.
    static constexpr Conv one(const Conv& c) {
        Conv group = c;
        group.C /= c.groups;
        group.K /= c.groups;
        group.groups = 1;
        return group;
    }

    static constexpr double error_growth = 1;
    static constexpr bool supports(const Conv& c) { return c.groups > 1; }
    static constexpr double cost(const Conv& c) { return c.groups * One::cost(one(c)); }
    static constexpr std::int64_t packed_floats(const Conv& c) { return c.groups * One::packed_floats(one(c)); }
    static constexpr std::uint64_t packing(const Conv& c) { return One::packing(one(c)); }
    static constexpr std::int64_t workspace_bytes(const Conv&) { return 0; }
    static constexpr std::uint64_t variants(const Conv& c) { return One::variants(one(c)); }

    template <class Source>
    static void pack(const Conv& c, const Source& source, float* packed) {
        const Conv group = one(c);
        for (int g = 0; g < c.groups; ++g) {
            const auto part = [&](std::int64_t i) { return source[g * group.weights() + i]; };
            One::pack(group, Indexed{part}, packed + g * One::packed_floats(group));
        }
    }

    // Threads share the groups.
    template <std::uint64_t used>
    static void run(const Conv& c, const ConvArgs& a) {
        const Conv group = one(c);
        for (int g = share(c.groups, a.part, a.parts); g < share(c.groups, a.part + 1, a.parts); ++g) {
            ConvArgs b = a;
            b.part = 0, b.parts = 1;
            b.in += g * group.C;
            b.out += g * group.K;
            b.scale += g * group.K;
            b.bias += g * group.K;
            b.weights += g * One::packed_floats(group);
            if (c.add) b.add += g * group.K;
            One::template run<used>(group, b);
        }
    }

  private:
    template <class F>
    struct Indexed {
        F at;
        float operator[](std::int64_t i) const { return at(i); }
    };
    template <class F>
    Indexed(F) -> Indexed<F>;
};

}  // namespace sluice
