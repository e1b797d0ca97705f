// Squeezenet11Avx512: how each layer of squeezenet1_1 is computed with avx512, threads: 1.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct Squeezenet11Avx512 : DefaultPlan {
    static constexpr std::string_view network = "squeezenet1_1", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0xfff252e27bc8257f;  // of the graph
    static constexpr int threads = 1;                                 // of the executor
    static constexpr std::int64_t time_ns = 2'345'988;                // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 778'752;           // of all threads
    static constexpr std::size_t persistent_bytes = 11'578'112;       // packed weights
    static constexpr std::size_t peak_bytes = 3'928'576;              // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:   // features.0
            case 3:   // features.3.squeeze
            case 4:   // features.3.expand1x1
            case 7:   // features.4.squeeze
            case 8:   // features.4.expand1x1
            case 12:  // features.6.squeeze
            case 13:  // features.6.expand1x1
            case 16:  // features.7.squeeze
            case 17:  // features.7.expand1x1
            case 21:  // features.9.squeeze
            case 22:  // features.9.expand1x1
            case 25:  // features.10.squeeze
            case 26:  // features.10.expand1x1
            case 29:  // features.11.squeeze
            case 30:  // features.11.expand1x1
            case 33:  // features.12.squeeze
            case 34:  // features.12.expand1x1
            case 37:  // classifier.1
                return "direct";
            case 5:   // features.3.expand3x3
            case 9:   // features.4.expand3x3
            case 14:  // features.6.expand3x3
            case 18:  // features.7.expand3x3
            case 23:  // features.9.expand3x3
            case 27:  // features.10.expand3x3
            case 31:  // features.11.expand3x3
            case 35:  // features.12.expand3x3
                return "winograd4";
        }
        return {};
    }
};

}  // namespace sluice
