// MobileNet (Howard et al. 2017, table 1) with TensorFlow's padding and Keras's names; a width multiplier thins every
// layer.
#pragma once

#include "sluice/graph/builder.hpp"

namespace sluice::inline SLUICE_ABI::nets {

// percent: the width multiplier, 100 for the paper's baseline.
template <graph::Name net_name, int percent, int Classes, int H, int W>
struct SeparableNet {
    static constexpr graph::Name name = net_name;
    template <int h, int w>
    using at = SeparableNet<net_name, percent, Classes, h, w>;

    static constexpr void describe(graph::Builder& net) {
        using graph::Activation, graph::Pad;
        graph::Tensor x = net.input({3, H, W});
        x = net.conv("conv1", x,
                     {.K = thin(32), .R = 3, .stride = 2, .pad = Pad::same(x.shape, 3, 2), .act = Activation::relu6});
        struct Row {
            int stride, K;
        };
        int i = 1;
        for (const Row& row : {Row{1, 64},
                               {2, 128},
                               {1, 128},
                               {2, 256},
                               {1, 256},
                               {2, 512},
                               {1, 512},
                               {1, 512},
                               {1, 512},
                               {1, 512},
                               {1, 512},
                               {2, 1024},
                               {1, 1024}}) {
            const int C = x.shape.C;
            x = net.conv(text<47>("conv_dw_", i), x,
                         {.K = C,
                          .R = 3,
                          .stride = row.stride,
                          .pad = Pad::same(x.shape, 3, row.stride),
                          .groups = C,
                          .act = Activation::relu6});
            x = net.conv(text<47>("conv_pw_", i), x, {.K = thin(row.K), .act = Activation::relu6});
            ++i;
        }
        x = net.average_pool("avgpool", x);
        net.linear("fc", x, Classes);
    }

  private:
    static constexpr int thin(int channels) { return channels * percent / 100; }
};

template <int Classes = 1000, int H = 224, int W = 224>
using MobileNetV1 = SeparableNet<graph::Name("mobilenet_v1"), 100, Classes, H, W>;
template <int Classes = 1000, int H = 224, int W = 224>
using MobileNetV1x075 = SeparableNet<graph::Name("mobilenet_v1_075"), 75, Classes, H, W>;

}  // namespace sluice
