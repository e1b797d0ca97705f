// ResNet (He et al. 2016, table 1), ResNeXt and Wide ResNet as torchvision has them: stride on the 3x3 of a bottleneck,
// names of its checkpoints.
#pragma once

#include "sluice/graph/builder.hpp"

namespace sluice::inline SLUICE_ABI::nets {

using graph::Activation;
using graph::Builder;
using graph::Name;
using graph::Tensor;

// Two 3x3 convolutions. `width` output channels.
struct BasicBlock {
    static constexpr int expansion = 1;

    static constexpr Tensor describe(Builder& net, const Name& at, Tensor x, int width, int stride) {
        Tensor y = net.conv(text<47>(at, ".conv1"), x, {.K = width, .R = 3, .stride = stride, .pad = 1});
        Tensor shortcut = x;
        if (stride != 1 || x.shape.C != width)
            shortcut =
                net.conv(text<47>(at, ".downsample.0"), x, {.K = width, .stride = stride, .act = Activation::none});
        return net.conv(text<47>(at, ".conv2"), y, {.K = width, .R = 3, .pad = 1, .shortcut = shortcut});
    }
};

// 1x1 down, 3x3 in groups, 1x1 up to four times `width`. The inner width is that of `groups` groups of width_per_group
// channels where `width` is 64 (Xie et al. 2017, Zagoruyko and Komodakis 2016).
template <int groups = 1, int width_per_group = 64>
struct BottleneckOf {
    static constexpr int expansion = 4;

    static constexpr Tensor describe(Builder& net, const Name& at, Tensor x, int width, int stride) {
        const int inner = width * width_per_group / 64 * groups;
        Tensor y = net.conv(text<47>(at, ".conv1"), x, {.K = inner});
        y = net.conv(text<47>(at, ".conv2"), y, {.K = inner, .R = 3, .stride = stride, .pad = 1, .groups = groups});
        Tensor shortcut = x;
        if (stride != 1 || x.shape.C != 4 * width)
            shortcut =
                net.conv(text<47>(at, ".downsample.0"), x, {.K = 4 * width, .stride = stride, .act = Activation::none});
        return net.conv(text<47>(at, ".conv3"), y, {.K = 4 * width, .shortcut = shortcut});
    }
};

using Bottleneck = BottleneckOf<>;

// imagenet: 7x7 stride 2, then 3x3 max-pool stride 2. cifar: one 3x3, and every later map is eight times as high and
// wide.
enum class Stem { imagenet, cifar };

template <Name net_name, class Block, Stem stem, int Classes, int H, int W, int... blocks>
struct ResNet {
    static constexpr Name name = net_name;
    template <int h, int w>
    using at = ResNet<net_name, Block, stem, Classes, h, w, blocks...>;  // the same network for another image size

    static constexpr void describe(Builder& net) {
        Tensor x = net.input({3, H, W});
        if (stem == Stem::imagenet) {
            x = net.conv("conv1", x, {.K = 64, .R = 7, .stride = 2, .pad = 3});
            x = net.max_pool("maxpool", x, {.R = 3, .stride = 2, .pad = 1});
        } else {
            x = net.conv("conv1", x, {.K = 64, .R = 3, .pad = 1});
        }
        int group = 0, width = 64;
        for (int n : {blocks...}) {
            net.begin_group();
            for (int i = 0; i < n; ++i) {
                net.begin_block(x);
                x = Block::describe(net, text<47>("layer", group + 1, ".", i), x, width, group > 0 && i == 0 ? 2 : 1);
                net.end_block(x);
            }
            ++group;
            width *= 2;
        }
        x = net.average_pool("avgpool", x);
        net.linear("fc", x, Classes);
    }
};

template <int Classes = 1000, int H = 224, int W = 224>
using ResNet18 = ResNet<Name("resnet18"), BasicBlock, Stem::imagenet, Classes, H, W, 2, 2, 2, 2>;
template <int Classes = 1000, int H = 224, int W = 224>
using ResNet34 = ResNet<Name("resnet34"), BasicBlock, Stem::imagenet, Classes, H, W, 3, 4, 6, 3>;
template <int Classes = 1000, int H = 224, int W = 224>
using ResNet50 = ResNet<Name("resnet50"), Bottleneck, Stem::imagenet, Classes, H, W, 3, 4, 6, 3>;
template <int Classes = 1000, int H = 224, int W = 224>
using ResNet101 = ResNet<Name("resnet101"), Bottleneck, Stem::imagenet, Classes, H, W, 3, 4, 23, 3>;
template <int Classes = 1000, int H = 224, int W = 224>
using ResNet152 = ResNet<Name("resnet152"), Bottleneck, Stem::imagenet, Classes, H, W, 3, 8, 36, 3>;
template <int Classes = 1000, int H = 224, int W = 224>
using ResNeXt50 = ResNet<Name("resnext50_32x4d"), BottleneckOf<32, 4>, Stem::imagenet, Classes, H, W, 3, 4, 6, 3>;
template <int Classes = 1000, int H = 224, int W = 224>
using WideResNet50 = ResNet<Name("wide_resnet50_2"), BottleneckOf<1, 128>, Stem::imagenet, Classes, H, W, 3, 4, 6, 3>;

// The network of Table 1: ResNet-152 for 32x32 images.
template <int Classes = 10>
using ResNet152Cifar = ResNet<Name("resnet152_cifar"), Bottleneck, Stem::cifar, Classes, 32, 32, 3, 8, 36, 3>;
// torchvision's stem on a 32x32 image: maps of 8x8 down to 1x1, so its time is that of reading 233 MB of weights.
template <int Classes = 10>
using ResNet152At32 = ResNet<Name("resnet152_at32"), Bottleneck, Stem::imagenet, Classes, 32, 32, 3, 8, 36, 3>;

}  // namespace sluice
