// MobileNetV2 (Sandler et al. 2018, table 2), as torchvision has it and with TensorFlow's padding.
#pragma once

#include "sluice/graph/builder.hpp"

namespace sluice::inline SLUICE_ABI::nets {

// symmetric: PyTorch's. same: TensorFlow's, uneven where the stride is 2.
enum class Padding { symmetric, same };

template <graph::Name net_name, Padding padding, int Classes, int H, int W>
struct InvertedResiduals {
    static constexpr graph::Name name = net_name;
    template <int h, int w>
    using at = InvertedResiduals<net_name, padding, Classes, h, w>;

    static constexpr void describe(graph::Builder& net) {
        using graph::Activation;
        graph::Tensor x = net.input({3, H, W});
        x = net.conv("features.0.0", x, {.K = 32, .R = 3, .stride = 2, .pad = pad(x, 2), .act = Activation::relu6});
        struct Row {
            int expansion, K, blocks, stride;
        };
        int module = 1;
        for (const Row& row : {Row{1, 16, 1, 1},
                               {6, 24, 2, 2},
                               {6, 32, 3, 2},
                               {6, 64, 4, 2},
                               {6, 96, 3, 1},
                               {6, 160, 3, 2},
                               {6, 320, 1, 1}}) {
            net.begin_group();
            for (int i = 0; i < row.blocks; ++i) {
                net.begin_block(x);
                x = block(net, text<47>("features.", module++, ".conv."), x, row.expansion, row.K,
                          i == 0 ? row.stride : 1);
                net.end_block(x);
            }
        }
        x = net.conv("features.18.0", x, {.K = 1280, .act = Activation::relu6});
        x = net.average_pool("avgpool", x);
        net.linear("classifier.1", x, Classes);
    }

  private:
    static constexpr graph::Pad pad(graph::Tensor x, int stride) {
        return padding == Padding::same ? graph::Pad::same(x.shape, 3, stride) : graph::Pad(1);
    }

    // 1x1 up, 3x3 on each channel alone, 1x1 down to K channels without an activation.
    static constexpr graph::Tensor block(graph::Builder& net, const graph::Name& at, graph::Tensor x, int expansion,
                                         int K, int stride) {
        using graph::Activation;
        const int width = expansion * x.shape.C;
        graph::Tensor y = x;
        int i = 0;
        if (expansion > 1) y = net.conv(text<47>(at, i++, ".0"), y, {.K = width, .act = Activation::relu6});
        y = net.conv(
            text<47>(at, i++, ".0"), y,
            {.K = width, .R = 3, .stride = stride, .pad = pad(y, stride), .groups = width, .act = Activation::relu6});
        const bool same_shape = stride == 1 && x.shape.C == K;
        return net.conv(text<47>(at, i), y,
                        {.K = K, .act = Activation::none, .shortcut = same_shape ? x : graph::Tensor{}});
    }
};

template <int Classes = 1000, int H = 224, int W = 224>
using MobileNetV2 = InvertedResiduals<graph::Name("mobilenet_v2"), Padding::symmetric, Classes, H, W>;
template <int Classes = 1000, int H = 224, int W = 224>
using MobileNetV2Same = InvertedResiduals<graph::Name("mobilenet_v2_same"), Padding::same, Classes, H, W>;

}  // namespace sluice
