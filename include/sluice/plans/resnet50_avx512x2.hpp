// Resnet50Avx512x2: how each layer of resnet50 is computed with avx512, threads: 2.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct Resnet50Avx512x2 : DefaultPlan {
    static constexpr std::string_view network = "resnet50", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0xe94120956b4651d6;  // of the graph
    static constexpr int threads = 2;                                 // of the executor
    static constexpr std::int64_t time_ns = 15'152'309;               // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 3'624'960;         // of all threads
    static constexpr std::size_t persistent_bytes = 132'567'808;      // packed weights
    static constexpr std::size_t peak_bytes = 5'916'672;              // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:   // conv1
            case 3:   // layer1.0.conv1
            case 5:   // layer1.0.downsample.0
            case 6:   // layer1.0.conv3
            case 7:   // layer1.1.conv1
            case 9:   // layer1.1.conv3
            case 10:  // layer1.2.conv1
            case 12:  // layer1.2.conv3
            case 13:  // layer2.0.conv1
            case 14:  // layer2.0.conv2
            case 15:  // layer2.0.downsample.0
            case 16:  // layer2.0.conv3
            case 17:  // layer2.1.conv1
            case 19:  // layer2.1.conv3
            case 20:  // layer2.2.conv1
            case 22:  // layer2.2.conv3
            case 23:  // layer2.3.conv1
            case 25:  // layer2.3.conv3
            case 26:  // layer3.0.conv1
            case 27:  // layer3.0.conv2
            case 28:  // layer3.0.downsample.0
            case 29:  // layer3.0.conv3
            case 30:  // layer3.1.conv1
            case 32:  // layer3.1.conv3
            case 33:  // layer3.2.conv1
            case 35:  // layer3.2.conv3
            case 36:  // layer3.3.conv1
            case 38:  // layer3.3.conv3
            case 39:  // layer3.4.conv1
            case 41:  // layer3.4.conv3
            case 42:  // layer3.5.conv1
            case 44:  // layer3.5.conv3
            case 45:  // layer4.0.conv1
            case 46:  // layer4.0.conv2
            case 47:  // layer4.0.downsample.0
            case 48:  // layer4.0.conv3
            case 49:  // layer4.1.conv1
            case 51:  // layer4.1.conv3
            case 52:  // layer4.2.conv1
            case 54:  // layer4.2.conv3
            case 56:  // fc
                return "direct";
            case 4:   // layer1.0.conv2
            case 8:   // layer1.1.conv2
            case 11:  // layer1.2.conv2
            case 18:  // layer2.1.conv2
            case 21:  // layer2.2.conv2
            case 24:  // layer2.3.conv2
                return "winograd4";
            case 31:  // layer3.1.conv2
            case 34:  // layer3.2.conv2
            case 37:  // layer3.3.conv2
            case 40:  // layer3.4.conv2
            case 43:  // layer3.5.conv2
            case 50:  // layer4.1.conv2
            case 53:  // layer4.2.conv2
                return "winograd2";
        }
        return {};
    }
};

}  // namespace sluice
