// GoogLeNet (Szegedy et al. 2015, table 1) as torchvision has it: batch norms, no auxiliary heads, 3x3 where the paper
// has 5x5.
#pragma once

#include "sluice/graph/builder.hpp"

namespace sluice::inline SLUICE_ABI::nets {

template <graph::Name net_name, int Classes, int H, int W>
struct Inception1 {
    static constexpr graph::Name name = net_name;
    template <int h, int w>
    using at = Inception1<net_name, Classes, h, w>;

    static constexpr void describe(graph::Builder& net) {
        graph::Tensor x = net.input({3, H, W});
        x = net.conv("conv1.conv", x, {.K = 64, .R = 7, .stride = 2, .pad = 3});
        x = net.max_pool("maxpool1", x, {.R = 3, .stride = 2, .ceil = true});
        x = net.conv("conv2.conv", x, {.K = 64});
        x = net.conv("conv3.conv", x, {.K = 192, .R = 3, .pad = 1});
        x = net.max_pool("maxpool2", x, {.R = 3, .stride = 2, .ceil = true});
        //                      1x1  3x3 of   5x5 of  pooled
        x = inception(net, "3a", x, 64, 96, 128, 16, 32, 32);
        x = inception(net, "3b", x, 128, 128, 192, 32, 96, 64);
        x = net.max_pool("maxpool3", x, {.R = 3, .stride = 2, .ceil = true});
        x = inception(net, "4a", x, 192, 96, 208, 16, 48, 64);
        x = inception(net, "4b", x, 160, 112, 224, 24, 64, 64);
        x = inception(net, "4c", x, 128, 128, 256, 24, 64, 64);
        x = inception(net, "4d", x, 112, 144, 288, 32, 64, 64);
        x = inception(net, "4e", x, 256, 160, 320, 32, 128, 128);
        x = net.max_pool("maxpool4", x, {.R = 2, .stride = 2, .ceil = true});
        x = inception(net, "5a", x, 256, 160, 320, 32, 128, 128);
        x = inception(net, "5b", x, 384, 192, 384, 48, 128, 128);
        x = net.average_pool("avgpool", x);
        net.linear("fc", x, Classes);
    }

  private:
    static constexpr graph::Tensor inception(graph::Builder& net, const graph::Name& which, graph::Tensor x, int K1,
                                             int reduce3, int K3, int reduce5, int K5, int pooled) {
        const graph::Name at = text<47>("inception", which);
        const auto conv = [&](const char* branch, graph::Tensor from, int K, int R = 1) {
            return net.conv(text<47>(at, ".branch", branch, ".conv"), from, {.K = K, .R = R, .pad = R / 2});
        };
        const graph::Tensor branch1 = conv("1", x, K1);
        const graph::Tensor branch2 = conv("2.1", conv("2.0", x, reduce3), K3, 3);
        const graph::Tensor branch3 = conv("3.1", conv("3.0", x, reduce5), K5, 3);
        const graph::Tensor pool =
            net.max_pool(text<47>(at, ".branch4.0"), x, {.R = 3, .stride = 1, .pad = 1, .ceil = true});
        return net.concat(at, {branch1, branch2, branch3, conv("4.1", pool, pooled)});
    }
};

template <int Classes = 1000, int H = 224, int W = 224>
using GoogLeNet = Inception1<graph::Name("googlenet"), Classes, H, W>;

}  // namespace sluice
