// Where every activation of one image lies on the device. As graph/memory_map.hpp, but without halos, since cuDNN pads
// by itself, and without gaps between pixels, since its NHWC kernels want packed maps.
//
// The maps of N images are N times as large, each in the same order: every offset is N times that of one image.
#pragma once

#include "sluice/graph/memory_map.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

// One node's output. `pixel` is more than its channels where it is a slice of a concatenation.
struct Place {
    std::int64_t begin = 0;  // of the buffer, in numbers of one image
    int channel = 0;         // first channel within the buffer's pixels
    int pixel = 0;
    int buffer = -1;  // the node that writes this buffer first
};

template <std::size_t N>
struct DeviceMap {
    std::array<Place, N> nodes{};
    std::int64_t numbers = 0;  // of the arena, for one image
};

template <std::size_t N>
constexpr DeviceMap<N> device_map(const std::array<graph::Node, N>& nodes) {
    graph::MemoryMap<N> host;  // only its buffers and their lifetimes
    graph::detail::assign_buffers(nodes, graph::Strips<N>{}, host);
    const auto whole = [&](std::size_t i) -> const graph::Node& {
        return nodes[i].slice_of >= 0 ? nodes[static_cast<std::size_t>(nodes[i].slice_of)] : nodes[i];
    };
    for (std::size_t i = 0; i < N; ++i)
        if (host.nodes[i].buffer == static_cast<int>(i)) host.buffers[i].floats = whole(i).out.size();
    DeviceMap<N> map;
    map.numbers = graph::place(host.buffers);
    for (std::size_t i = 0; i < N; ++i) {
        const int buffer = host.nodes[i].buffer;
        map.nodes[i] = {host.buffers[static_cast<std::size_t>(buffer)].begin, nodes[i].channel, whole(i).out.C, buffer};
    }
    return map;
}

}  // namespace sluice
