// Resnet152CifarAvx512x2: how each layer of resnet152_cifar is computed with avx512, threads: 2.
// Written by ./run plan from times on AMD EPYC, gcc 12.2.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/plan/plan.hpp"

namespace sluice::inline SLUICE_ABI::plans {

struct Resnet152CifarAvx512x2 : DefaultPlan {
    static constexpr std::string_view network = "resnet152_cifar", isa = "avx512";
    static constexpr std::uint64_t fingerprint = 0xfb3634b3060f7c86;  // of the graph
    static constexpr int threads = 2;                                 // of the executor
    static constexpr std::int64_t time_ns = 15'622'530;               // of a frame, predicted, with whole maps
    static constexpr std::size_t workspace_bytes = 1'118'208;         // of all threads
    static constexpr std::size_t persistent_bytes = 300'833'536;      // packed weights
    static constexpr std::size_t peak_bytes = 2'574'336;              // maps and workspace, with whole maps

    static constexpr std::string_view primitive(int node, const graph::Node&) {
        switch (node) {
            case 1:    // conv1
            case 2:    // layer1.0.conv1
            case 4:    // layer1.0.downsample.0
            case 5:    // layer1.0.conv3
            case 6:    // layer1.1.conv1
            case 8:    // layer1.1.conv3
            case 9:    // layer1.2.conv1
            case 11:   // layer1.2.conv3
            case 12:   // layer2.0.conv1
            case 13:   // layer2.0.conv2
            case 14:   // layer2.0.downsample.0
            case 15:   // layer2.0.conv3
            case 16:   // layer2.1.conv1
            case 18:   // layer2.1.conv3
            case 19:   // layer2.2.conv1
            case 21:   // layer2.2.conv3
            case 22:   // layer2.3.conv1
            case 24:   // layer2.3.conv3
            case 25:   // layer2.4.conv1
            case 27:   // layer2.4.conv3
            case 28:   // layer2.5.conv1
            case 30:   // layer2.5.conv3
            case 31:   // layer2.6.conv1
            case 33:   // layer2.6.conv3
            case 34:   // layer2.7.conv1
            case 36:   // layer2.7.conv3
            case 37:   // layer3.0.conv1
            case 38:   // layer3.0.conv2
            case 39:   // layer3.0.downsample.0
            case 40:   // layer3.0.conv3
            case 41:   // layer3.1.conv1
            case 43:   // layer3.1.conv3
            case 44:   // layer3.2.conv1
            case 46:   // layer3.2.conv3
            case 47:   // layer3.3.conv1
            case 49:   // layer3.3.conv3
            case 50:   // layer3.4.conv1
            case 52:   // layer3.4.conv3
            case 53:   // layer3.5.conv1
            case 55:   // layer3.5.conv3
            case 56:   // layer3.6.conv1
            case 58:   // layer3.6.conv3
            case 59:   // layer3.7.conv1
            case 61:   // layer3.7.conv3
            case 62:   // layer3.8.conv1
            case 64:   // layer3.8.conv3
            case 65:   // layer3.9.conv1
            case 67:   // layer3.9.conv3
            case 68:   // layer3.10.conv1
            case 70:   // layer3.10.conv3
            case 71:   // layer3.11.conv1
            case 73:   // layer3.11.conv3
            case 74:   // layer3.12.conv1
            case 76:   // layer3.12.conv3
            case 77:   // layer3.13.conv1
            case 79:   // layer3.13.conv3
            case 80:   // layer3.14.conv1
            case 82:   // layer3.14.conv3
            case 83:   // layer3.15.conv1
            case 85:   // layer3.15.conv3
            case 86:   // layer3.16.conv1
            case 88:   // layer3.16.conv3
            case 89:   // layer3.17.conv1
            case 91:   // layer3.17.conv3
            case 92:   // layer3.18.conv1
            case 94:   // layer3.18.conv3
            case 95:   // layer3.19.conv1
            case 97:   // layer3.19.conv3
            case 98:   // layer3.20.conv1
            case 100:  // layer3.20.conv3
            case 101:  // layer3.21.conv1
            case 103:  // layer3.21.conv3
            case 104:  // layer3.22.conv1
            case 106:  // layer3.22.conv3
            case 107:  // layer3.23.conv1
            case 109:  // layer3.23.conv3
            case 110:  // layer3.24.conv1
            case 112:  // layer3.24.conv3
            case 113:  // layer3.25.conv1
            case 115:  // layer3.25.conv3
            case 116:  // layer3.26.conv1
            case 118:  // layer3.26.conv3
            case 119:  // layer3.27.conv1
            case 121:  // layer3.27.conv3
            case 122:  // layer3.28.conv1
            case 124:  // layer3.28.conv3
            case 125:  // layer3.29.conv1
            case 127:  // layer3.29.conv3
            case 128:  // layer3.30.conv1
            case 130:  // layer3.30.conv3
            case 131:  // layer3.31.conv1
            case 133:  // layer3.31.conv3
            case 134:  // layer3.32.conv1
            case 136:  // layer3.32.conv3
            case 137:  // layer3.33.conv1
            case 139:  // layer3.33.conv3
            case 140:  // layer3.34.conv1
            case 142:  // layer3.34.conv3
            case 143:  // layer3.35.conv1
            case 145:  // layer3.35.conv3
            case 146:  // layer4.0.conv1
            case 147:  // layer4.0.conv2
            case 148:  // layer4.0.downsample.0
            case 149:  // layer4.0.conv3
            case 150:  // layer4.1.conv1
            case 151:  // layer4.1.conv2
            case 152:  // layer4.1.conv3
            case 153:  // layer4.2.conv1
            case 154:  // layer4.2.conv2
            case 155:  // layer4.2.conv3
            case 157:  // fc
                return "direct";
            case 3:   // layer1.0.conv2
            case 7:   // layer1.1.conv2
            case 10:  // layer1.2.conv2
                return "winograd4";
            case 17:   // layer2.1.conv2
            case 20:   // layer2.2.conv2
            case 23:   // layer2.3.conv2
            case 26:   // layer2.4.conv2
            case 29:   // layer2.5.conv2
            case 32:   // layer2.6.conv2
            case 35:   // layer2.7.conv2
            case 42:   // layer3.1.conv2
            case 45:   // layer3.2.conv2
            case 48:   // layer3.3.conv2
            case 51:   // layer3.4.conv2
            case 54:   // layer3.5.conv2
            case 57:   // layer3.6.conv2
            case 60:   // layer3.7.conv2
            case 63:   // layer3.8.conv2
            case 66:   // layer3.9.conv2
            case 69:   // layer3.10.conv2
            case 72:   // layer3.11.conv2
            case 75:   // layer3.12.conv2
            case 78:   // layer3.13.conv2
            case 81:   // layer3.14.conv2
            case 84:   // layer3.15.conv2
            case 87:   // layer3.16.conv2
            case 90:   // layer3.17.conv2
            case 93:   // layer3.18.conv2
            case 96:   // layer3.19.conv2
            case 99:   // layer3.20.conv2
            case 102:  // layer3.21.conv2
            case 105:  // layer3.22.conv2
            case 108:  // layer3.23.conv2
            case 111:  // layer3.24.conv2
            case 114:  // layer3.25.conv2
            case 117:  // layer3.26.conv2
            case 120:  // layer3.27.conv2
            case 123:  // layer3.28.conv2
            case 126:  // layer3.29.conv2
            case 129:  // layer3.30.conv2
            case 132:  // layer3.31.conv2
            case 135:  // layer3.32.conv2
            case 138:  // layer3.33.conv2
            case 141:  // layer3.34.conv2
            case 144:  // layer3.35.conv2
                return "winograd2";
        }
        return {};
    }
};

}  // namespace sluice
