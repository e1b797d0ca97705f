// MobilenetV1Avx512: how each layer of mobilenet_v1 is computed with avx512, threads: 1.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct MobilenetV1Avx512 : DefaultPlan {
    static constexpr std::string_view network = "mobilenet_v1", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0xb794fe46271d3b22;  // of the graph
    static constexpr int threads = 1;                                 // of the executor
    static constexpr std::int64_t time_ns = 5'288'379;                // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 393'728;           // of all threads
    static constexpr std::size_t persistent_bytes = 16'869'120;       // packed weights
    static constexpr std::size_t peak_bytes = 4'874'496;              // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:   // conv1
            case 3:   // conv_pw_1
            case 5:   // conv_pw_2
            case 7:   // conv_pw_3
            case 9:   // conv_pw_4
            case 11:  // conv_pw_5
            case 13:  // conv_pw_6
            case 15:  // conv_pw_7
            case 17:  // conv_pw_8
            case 19:  // conv_pw_9
            case 21:  // conv_pw_10
            case 23:  // conv_pw_11
            case 25:  // conv_pw_12
            case 27:  // conv_pw_13
            case 29:  // fc
                return "direct";
            case 2:   // conv_dw_1
            case 4:   // conv_dw_2
            case 6:   // conv_dw_3
            case 8:   // conv_dw_4
            case 10:  // conv_dw_5
            case 12:  // conv_dw_6
            case 14:  // conv_dw_7
            case 16:  // conv_dw_8
            case 18:  // conv_dw_9
            case 20:  // conv_dw_10
            case 22:  // conv_dw_11
            case 24:  // conv_dw_12
            case 26:  // conv_dw_13
                return "depthwise";
        }
        return {};
    }
};

}  // namespace sluice
