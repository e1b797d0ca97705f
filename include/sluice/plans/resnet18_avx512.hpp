// Resnet18Avx512: how each layer of resnet18 is computed with avx512, threads: 1.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct Resnet18Avx512 : DefaultPlan {
    static constexpr std::string_view network = "resnet18", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0xbed025af8f9605f3;  // of the graph
    static constexpr int threads = 1;                                 // of the executor
    static constexpr std::int64_t time_ns = 7'943'043;                // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 1'712'128;         // of all threads
    static constexpr std::size_t persistent_bytes = 102'568'704;      // packed weights
    static constexpr std::size_t peak_bytes = 4'072'448;              // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:   // conv1
            case 7:   // layer2.0.conv1
            case 8:   // layer2.0.downsample.0
            case 12:  // layer3.0.conv1
            case 13:  // layer3.0.downsample.0
            case 17:  // layer4.0.conv1
            case 18:  // layer4.0.downsample.0
            case 23:  // fc
                return "direct";
            case 3:   // layer1.0.conv1
            case 4:   // layer1.0.conv2
            case 5:   // layer1.1.conv1
            case 6:   // layer1.1.conv2
            case 14:  // layer3.0.conv2
            case 15:  // layer3.1.conv1
            case 16:  // layer3.1.conv2
                return "winograd4";
            case 9:   // layer2.0.conv2
            case 10:  // layer2.1.conv1
            case 11:  // layer2.1.conv2
                return "winograd6";
            case 19:  // layer4.0.conv2
            case 20:  // layer4.1.conv1
            case 21:  // layer4.1.conv2
                return "winograd2";
        }
        return {};
    }
};

}  // namespace sluice
