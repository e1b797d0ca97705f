// Resnet20CifarBAvx512x2: how each layer of resnet20_cifar_b is computed with avx512, threads: 2.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct Resnet20CifarBAvx512x2 : DefaultPlan {
    static constexpr std::string_view network = "resnet20_cifar_b", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0x471d0253097880c8;  // of the graph
    static constexpr int threads = 2;                                 // of the executor
    static constexpr std::int64_t time_ns = 145'591;                  // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 599'040;           // of all threads
    static constexpr std::size_t persistent_bytes = 2'377'408;        // packed weights
    static constexpr std::size_t peak_bytes = 747'008;                // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:   // conv1
            case 8:   // layer2.0.conv1
            case 9:   // layer2.0.shortcut.0
            case 15:  // layer3.0.conv1
            case 16:  // layer3.0.shortcut.0
            case 23:  // linear
                return "direct";
            case 2:   // layer1.0.conv1
            case 3:   // layer1.0.conv2
            case 4:   // layer1.1.conv1
            case 5:   // layer1.1.conv2
            case 6:   // layer1.2.conv1
            case 7:   // layer1.2.conv2
            case 10:  // layer2.0.conv2
            case 11:  // layer2.1.conv1
            case 12:  // layer2.1.conv2
            case 13:  // layer2.2.conv1
            case 14:  // layer2.2.conv2
                return "winograd4";
            case 17:  // layer3.0.conv2
            case 18:  // layer3.1.conv1
            case 19:  // layer3.1.conv2
            case 20:  // layer3.2.conv1
            case 21:  // layer3.2.conv2
                return "winograd2";
        }
        return {};
    }
};

}  // namespace sluice
