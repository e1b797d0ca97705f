// Vgg16Avx512x2: how each layer of vgg16 is computed with avx512, threads: 2.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct Vgg16Avx512x2 : DefaultPlan {
    static constexpr std::string_view network = "vgg16", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0x16298e0bda74d031;  // of the graph
    static constexpr int threads = 2;                                 // of the executor
    static constexpr std::int64_t time_ns = 36'995'516;               // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 15'823'872;        // of all threads
    static constexpr std::size_t persistent_bytes = 684'989'184;      // packed weights
    static constexpr std::size_t peak_bytes = 26'854'400;             // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:   // features.0
            case 19:  // classifier.0
            case 20:  // classifier.3
            case 21:  // classifier.6
                return "direct";
            case 2:   // features.2
            case 4:   // features.5
            case 5:   // features.7
            case 11:  // features.17
                return "winograd6";
            case 7:   // features.10
            case 8:   // features.12
            case 9:   // features.14
            case 12:  // features.19
            case 13:  // features.21
                return "winograd4";
            case 15:  // features.24
            case 16:  // features.26
            case 17:  // features.28
                return "winograd2";
        }
        return {};
    }
};

}  // namespace sluice
