// VGG (Simonyan and Zisserman 2015, table 1), configurations A, B, D and E, with and without batch norm.
#pragma once

#include "sluice/graph/builder.hpp"

namespace sluice::inline SLUICE_ABI::nets {

enum class BatchNorm { no, yes };

// convolutions: of 3x3 before each of the five pools.
template <graph::Name net_name, BatchNorm norm, int Classes, int H, int W, int... convolutions>
struct VGG {
    static constexpr graph::Name name = net_name;
    template <int h, int w>
    using at = VGG<net_name, norm, Classes, h, w, convolutions...>;

    static constexpr void describe(graph::Builder& net) {
        constexpr bool normed = norm == BatchNorm::yes;
        graph::Tensor x = net.input({3, H, W});
        int module = 0, width = 64;  // torchvision numbers modules: convolution, batch norm, ReLU, pool
        for (int n : {convolutions...}) {
            for (int i = 0; i < n; ++i) {
                x = net.conv(text<47>("features.", module), x,
                             {.K = width, .R = 3, .pad = 1, .norm = normed, .bias = true});
                module += normed ? 3 : 2;
            }
            x = net.max_pool(text<47>("features.", module++), x, {.R = 2, .stride = 2});
            width = width < 512 ? 2 * width : 512;
        }
        x = net.average_pool("avgpool", x, 7, 7);
        x = net.linear("classifier.0", x, 4096, graph::Activation::relu);
        x = net.linear("classifier.3", x, 4096, graph::Activation::relu);
        net.linear("classifier.6", x, Classes);
    }
};

template <int Classes = 1000, int H = 224, int W = 224>
using VGG11 = VGG<graph::Name("vgg11"), BatchNorm::no, Classes, H, W, 1, 1, 2, 2, 2>;
template <int Classes = 1000, int H = 224, int W = 224>
using VGG13 = VGG<graph::Name("vgg13"), BatchNorm::no, Classes, H, W, 2, 2, 2, 2, 2>;
template <int Classes = 1000, int H = 224, int W = 224>
using VGG16 = VGG<graph::Name("vgg16"), BatchNorm::no, Classes, H, W, 2, 2, 3, 3, 3>;
template <int Classes = 1000, int H = 224, int W = 224>
using VGG19 = VGG<graph::Name("vgg19"), BatchNorm::no, Classes, H, W, 2, 2, 4, 4, 4>;

template <int Classes = 1000, int H = 224, int W = 224>
using VGG11BN = VGG<graph::Name("vgg11_bn"), BatchNorm::yes, Classes, H, W, 1, 1, 2, 2, 2>;
template <int Classes = 1000, int H = 224, int W = 224>
using VGG13BN = VGG<graph::Name("vgg13_bn"), BatchNorm::yes, Classes, H, W, 2, 2, 2, 2, 2>;
template <int Classes = 1000, int H = 224, int W = 224>
using VGG16BN = VGG<graph::Name("vgg16_bn"), BatchNorm::yes, Classes, H, W, 2, 2, 3, 3, 3>;
template <int Classes = 1000, int H = 224, int W = 224>
using VGG19BN = VGG<graph::Name("vgg19_bn"), BatchNorm::yes, Classes, H, W, 2, 2, 4, 4, 4>;

}  // namespace sluice
