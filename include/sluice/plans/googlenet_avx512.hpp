// GooglenetAvx512: how each layer of googlenet is computed with avx512, threads: 1.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct GooglenetAvx512 : DefaultPlan {
    static constexpr std::string_view network = "googlenet", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0xf957af37b1af7666;  // of the graph
    static constexpr int threads = 1;                                 // of the executor
    static constexpr std::int64_t time_ns = 7'887'609;                // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 2'138'112;         // of all threads
    static constexpr std::size_t persistent_bytes = 55'065'344;       // packed weights
    static constexpr std::size_t peak_bytes = 4'907'008;              // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:   // conv1.conv
            case 3:   // conv2.conv
            case 6:   // inception3a.branch1.conv
            case 7:   // inception3a.branch2.0.conv
            case 9:   // inception3a.branch3.0.conv
            case 12:  // inception3a.branch4.1.conv
            case 14:  // inception3b.branch1.conv
            case 15:  // inception3b.branch2.0.conv
            case 17:  // inception3b.branch3.0.conv
            case 20:  // inception3b.branch4.1.conv
            case 23:  // inception4a.branch1.conv
            case 24:  // inception4a.branch2.0.conv
            case 26:  // inception4a.branch3.0.conv
            case 29:  // inception4a.branch4.1.conv
            case 31:  // inception4b.branch1.conv
            case 32:  // inception4b.branch2.0.conv
            case 34:  // inception4b.branch3.0.conv
            case 37:  // inception4b.branch4.1.conv
            case 39:  // inception4c.branch1.conv
            case 40:  // inception4c.branch2.0.conv
            case 42:  // inception4c.branch3.0.conv
            case 45:  // inception4c.branch4.1.conv
            case 47:  // inception4d.branch1.conv
            case 48:  // inception4d.branch2.0.conv
            case 50:  // inception4d.branch3.0.conv
            case 53:  // inception4d.branch4.1.conv
            case 55:  // inception4e.branch1.conv
            case 56:  // inception4e.branch2.0.conv
            case 58:  // inception4e.branch3.0.conv
            case 61:  // inception4e.branch4.1.conv
            case 64:  // inception5a.branch1.conv
            case 65:  // inception5a.branch2.0.conv
            case 67:  // inception5a.branch3.0.conv
            case 68:  // inception5a.branch3.1.conv
            case 70:  // inception5a.branch4.1.conv
            case 72:  // inception5b.branch1.conv
            case 73:  // inception5b.branch2.0.conv
            case 75:  // inception5b.branch3.0.conv
            case 78:  // inception5b.branch4.1.conv
            case 81:  // fc
                return "direct";
            case 4:   // conv3.conv
            case 10:  // inception3a.branch3.1.conv
            case 18:  // inception3b.branch3.1.conv
            case 25:  // inception4a.branch2.1.conv
            case 27:  // inception4a.branch3.1.conv
            case 33:  // inception4b.branch2.1.conv
            case 35:  // inception4b.branch3.1.conv
            case 41:  // inception4c.branch2.1.conv
            case 43:  // inception4c.branch3.1.conv
            case 49:  // inception4d.branch2.1.conv
            case 51:  // inception4d.branch3.1.conv
                return "winograd4";
            case 8:   // inception3a.branch2.1.conv
            case 16:  // inception3b.branch2.1.conv
                return "winograd6";
            case 57:  // inception4e.branch2.1.conv
            case 59:  // inception4e.branch3.1.conv
            case 66:  // inception5a.branch2.1.conv
            case 74:  // inception5b.branch2.1.conv
            case 76:  // inception5b.branch3.1.conv
                return "winograd2";
        }
        return {};
    }
};

}  // namespace sluice
