// SqueezeNet (Iandola et al. 2016, table 1): 1.0, 1.1 with the same accuracy for less than half of the work, and 1.0 as
// Caffe has it.
#pragma once

#include <initializer_list>

#include "sluice/graph/builder.hpp"

namespace sluice::inline SLUICE_ABI::nets {

enum class Squeeze { v1_0, v1_1, v1_0_caffe };

template <graph::Name net_name, Squeeze version, int Classes, int H, int W>
struct SqueezeNet {
    static constexpr graph::Name name = net_name;
    template <int h, int w>
    using at = SqueezeNet<net_name, version, Classes, h, w>;

    static constexpr void describe(graph::Builder& net) {
        constexpr bool newer = version == Squeeze::v1_1;
        graph::Tensor x = net.input({3, H, W});
        if (newer)
            x = net.conv("features.0", x, {.K = 64, .R = 3, .stride = 2, .norm = false, .bias = true});
        else
            x = net.conv("features.0", x, {.K = 96, .R = 7, .stride = 2, .norm = false, .bias = true});
        int module = 2;  // torchvision numbers modules: convolution, ReLU, pool, fire, ...
        const auto pool = [&] {
            x = net.max_pool(text<47>("features.", module++), x, {.R = 3, .stride = 2, .ceil = true});
        };
        // Fire modules of (squeeze, expand 1x1 and 3x3 each), pools between them.
        const auto fires = [&](std::initializer_list<int> squeezes) {
            for (int squeeze : squeezes) x = fire(net, text<47>("features.", module++), x, squeeze, 4 * squeeze);
        };
        pool();
        if (newer)
            fires({16, 16}), pool(), fires({32, 32}), pool(), fires({48, 48, 64, 64});
        else
            fires({16, 16, 32}), pool(), fires({32, 48, 48, 64}), pool(), fires({64});
        // Caffe's file pads the last convolution.
        x = net.conv("classifier.1", x,
                     {.K = Classes, .pad = version == Squeeze::v1_0_caffe ? 1 : 0, .norm = false, .bias = true});
        net.average_pool("classifier.3", x);
    }

  private:
    static constexpr graph::Tensor fire(graph::Builder& net, const graph::Name& at, graph::Tensor x, int squeeze,
                                        int K) {
        x = net.conv(text<47>(at, ".squeeze"), x, {.K = squeeze, .norm = false, .bias = true});
        const graph::Tensor small = net.conv(text<47>(at, ".expand1x1"), x, {.K = K, .norm = false, .bias = true});
        return net.concat(at, {small, net.conv(text<47>(at, ".expand3x3"), x,
                                               {.K = K, .R = 3, .pad = 1, .norm = false, .bias = true})});
    }
};

template <int Classes = 1000, int H = 224, int W = 224>
using SqueezeNet10 = SqueezeNet<graph::Name("squeezenet1_0"), Squeeze::v1_0, Classes, H, W>;
template <int Classes = 1000, int H = 224, int W = 224>
using SqueezeNet11 = SqueezeNet<graph::Name("squeezenet1_1"), Squeeze::v1_1, Classes, H, W>;
template <int Classes = 1000, int H = 227, int W = 227>
using SqueezeNet10Caffe = SqueezeNet<graph::Name("squeezenet1_0_caffe"), Squeeze::v1_0_caffe, Classes, H, W>;

}  // namespace sluice
