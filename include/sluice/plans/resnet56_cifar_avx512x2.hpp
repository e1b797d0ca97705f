// Resnet56CifarAvx512x2: how each layer of resnet56_cifar is computed with avx512, threads: 2.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct Resnet56CifarAvx512x2 : DefaultPlan {
    static constexpr std::string_view network = "resnet56_cifar", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0x5beaa836dbd6f29f;  // of the graph
    static constexpr int threads = 2;                                 // of the executor
    static constexpr std::int64_t time_ns = 476'499;                  // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 599'040;           // of all threads
    static constexpr std::size_t persistent_bytes = 7'724'736;        // packed weights
    static constexpr std::size_t peak_bytes = 747'008;                // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:   // conv1
            case 20:  // layer2.0.conv1
            case 39:  // layer3.0.conv1
            case 59:  // linear
                return "direct";
            case 2:   // layer1.0.conv1
            case 3:   // layer1.0.conv2
            case 4:   // layer1.1.conv1
            case 5:   // layer1.1.conv2
            case 6:   // layer1.2.conv1
            case 7:   // layer1.2.conv2
            case 8:   // layer1.3.conv1
            case 9:   // layer1.3.conv2
            case 10:  // layer1.4.conv1
            case 11:  // layer1.4.conv2
            case 12:  // layer1.5.conv1
            case 13:  // layer1.5.conv2
            case 14:  // layer1.6.conv1
            case 15:  // layer1.6.conv2
            case 16:  // layer1.7.conv1
            case 17:  // layer1.7.conv2
            case 18:  // layer1.8.conv1
            case 19:  // layer1.8.conv2
            case 22:  // layer2.0.conv2
            case 23:  // layer2.1.conv1
            case 24:  // layer2.1.conv2
            case 25:  // layer2.2.conv1
            case 26:  // layer2.2.conv2
            case 27:  // layer2.3.conv1
            case 28:  // layer2.3.conv2
            case 29:  // layer2.4.conv1
            case 30:  // layer2.4.conv2
            case 31:  // layer2.5.conv1
            case 32:  // layer2.5.conv2
            case 33:  // layer2.6.conv1
            case 34:  // layer2.6.conv2
            case 35:  // layer2.7.conv1
            case 36:  // layer2.7.conv2
            case 37:  // layer2.8.conv1
            case 38:  // layer2.8.conv2
                return "winograd4";
            case 41:  // layer3.0.conv2
            case 42:  // layer3.1.conv1
            case 43:  // layer3.1.conv2
            case 44:  // layer3.2.conv1
            case 45:  // layer3.2.conv2
            case 46:  // layer3.3.conv1
            case 47:  // layer3.3.conv2
            case 48:  // layer3.4.conv1
            case 49:  // layer3.4.conv2
            case 50:  // layer3.5.conv1
            case 51:  // layer3.5.conv2
            case 52:  // layer3.6.conv1
            case 53:  // layer3.6.conv2
            case 54:  // layer3.7.conv1
            case 55:  // layer3.7.conv2
            case 56:  // layer3.8.conv1
            case 57:  // layer3.8.conv2
                return "winograd2";
        }
        return {};
    }
};

}  // namespace sluice
