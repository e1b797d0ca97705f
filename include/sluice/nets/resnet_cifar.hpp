// The CIFAR-10 ResNets of He et al. 2016, section 4.2: 6n + 2 layers, widths 16, 32, 64. Option A as in their paper
// (parameter-free shortcuts) and option B (projections where the shape changes).
#pragma once

#include "sluice/graph/builder.hpp"

namespace sluice::inline SLUICE_ABI::nets {

enum class Shortcut { A, B };

template <graph::Name net_name, Shortcut option, int Classes, int n>
struct CifarResNet {
    static constexpr graph::Name name = net_name;

    static constexpr void describe(graph::Builder& net) {
        graph::Tensor x = net.input({3, 32, 32});
        x = net.conv("conv1", x, {.K = 16, .R = 3, .pad = 1});
        for (int group = 0; group < 3; ++group) {
            net.begin_group();
            for (int i = 0; i < n; ++i) {
                net.begin_block(x);
                x = block(net, text<47>("layer", group + 1, ".", i), x, 16 << group, group > 0 && i == 0 ? 2 : 1);
                net.end_block(x);
            }
        }
        x = net.average_pool("avgpool", x);
        net.linear("linear", x, Classes);
    }

  private:
    static constexpr graph::Tensor block(graph::Builder& net, const graph::Name& at, graph::Tensor x, int width,
                                         int stride) {
        graph::Tensor y = net.conv(text<47>(at, ".conv1"), x, {.K = width, .R = 3, .stride = stride, .pad = 1});
        graph::Tensor shortcut = x;
        if (stride != 1 && option == Shortcut::A)
            shortcut = net.subsample(text<47>(at, ".shortcut"), x, width, stride);
        else if (stride != 1)
            shortcut = net.conv(text<47>(at, ".shortcut.0"), x,
                                {.K = width, .stride = stride, .act = graph::Activation::none});
        return net.conv(text<47>(at, ".conv2"), y, {.K = width, .R = 3, .pad = 1, .shortcut = shortcut});
    }
};

template <int Classes = 10>
using ResNet20Cifar = CifarResNet<graph::Name("resnet20_cifar"), Shortcut::A, Classes, 3>;
template <int Classes = 10>
using ResNet32Cifar = CifarResNet<graph::Name("resnet32_cifar"), Shortcut::A, Classes, 5>;
template <int Classes = 10>
using ResNet44Cifar = CifarResNet<graph::Name("resnet44_cifar"), Shortcut::A, Classes, 7>;
template <int Classes = 10>
using ResNet56Cifar = CifarResNet<graph::Name("resnet56_cifar"), Shortcut::A, Classes, 9>;
template <int Classes = 10>
using ResNet110Cifar = CifarResNet<graph::Name("resnet110_cifar"), Shortcut::A, Classes, 18>;

template <int Classes = 10>
using ResNet20CifarB = CifarResNet<graph::Name("resnet20_cifar_b"), Shortcut::B, Classes, 3>;
template <int Classes = 10>
using ResNet32CifarB = CifarResNet<graph::Name("resnet32_cifar_b"), Shortcut::B, Classes, 5>;
template <int Classes = 10>
using ResNet44CifarB = CifarResNet<graph::Name("resnet44_cifar_b"), Shortcut::B, Classes, 7>;
template <int Classes = 10>
using ResNet56CifarB = CifarResNet<graph::Name("resnet56_cifar_b"), Shortcut::B, Classes, 9>;
template <int Classes = 10>
using ResNet110CifarB = CifarResNet<graph::Name("resnet110_cifar_b"), Shortcut::B, Classes, 18>;

}  // namespace sluice
