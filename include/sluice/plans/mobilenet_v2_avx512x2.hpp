// MobilenetV2Avx512x2: how each layer of mobilenet_v2 is computed with avx512, threads: 2.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct MobilenetV2Avx512x2 : DefaultPlan {
    static constexpr std::string_view network = "mobilenet_v2", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0xaba090adb103c45b;  // of the graph
    static constexpr int threads = 2;                                 // of the executor
    static constexpr std::int64_t time_ns = 1'702'041;                // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 578'304;           // of all threads
    static constexpr std::size_t persistent_bytes = 13'927'680;       // packed weights
    static constexpr std::size_t peak_bytes = 6'107'520;              // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:   // features.0.0
            case 3:   // features.1.conv.1
            case 4:   // features.2.conv.0.0
            case 6:   // features.2.conv.2
            case 7:   // features.3.conv.0.0
            case 9:   // features.3.conv.2
            case 10:  // features.4.conv.0.0
            case 12:  // features.4.conv.2
            case 13:  // features.5.conv.0.0
            case 15:  // features.5.conv.2
            case 16:  // features.6.conv.0.0
            case 18:  // features.6.conv.2
            case 19:  // features.7.conv.0.0
            case 21:  // features.7.conv.2
            case 22:  // features.8.conv.0.0
            case 24:  // features.8.conv.2
            case 25:  // features.9.conv.0.0
            case 27:  // features.9.conv.2
            case 28:  // features.10.conv.0.0
            case 30:  // features.10.conv.2
            case 31:  // features.11.conv.0.0
            case 33:  // features.11.conv.2
            case 34:  // features.12.conv.0.0
            case 36:  // features.12.conv.2
            case 37:  // features.13.conv.0.0
            case 39:  // features.13.conv.2
            case 40:  // features.14.conv.0.0
            case 42:  // features.14.conv.2
            case 43:  // features.15.conv.0.0
            case 45:  // features.15.conv.2
            case 46:  // features.16.conv.0.0
            case 48:  // features.16.conv.2
            case 49:  // features.17.conv.0.0
            case 51:  // features.17.conv.2
            case 52:  // features.18.0
            case 54:  // classifier.1
                return "direct";
            case 2:   // features.1.conv.0.0
            case 5:   // features.2.conv.1.0
            case 8:   // features.3.conv.1.0
            case 11:  // features.4.conv.1.0
            case 14:  // features.5.conv.1.0
            case 17:  // features.6.conv.1.0
            case 20:  // features.7.conv.1.0
            case 23:  // features.8.conv.1.0
            case 26:  // features.9.conv.1.0
            case 29:  // features.10.conv.1.0
            case 32:  // features.11.conv.1.0
            case 35:  // features.12.conv.1.0
            case 38:  // features.13.conv.1.0
            case 41:  // features.14.conv.1.0
            case 44:  // features.15.conv.1.0
            case 47:  // features.16.conv.1.0
            case 50:  // features.17.conv.1.0
                return "depthwise";
        }
        return {};
    }
};

}  // namespace sluice
