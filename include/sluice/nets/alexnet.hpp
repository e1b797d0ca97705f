// AlexNet as torchvision has it: one tower and no local response normalisation (Krizhevsky 2014, "One weird trick").
#pragma once

#include "sluice/graph/builder.hpp"

namespace sluice::inline SLUICE_ABI::nets {

template <graph::Name net_name, int Classes, int H, int W>
struct OneTower {
    static constexpr graph::Name name = net_name;
    template <int h, int w>
    using at = OneTower<net_name, Classes, h, w>;

    static constexpr void describe(graph::Builder& net) {
        graph::Tensor x = net.input({3, H, W});
        x = net.conv("features.0", x, {.K = 64, .R = 11, .stride = 4, .pad = 2, .norm = false, .bias = true});
        x = net.max_pool("features.2", x, {.R = 3, .stride = 2});
        x = net.conv("features.3", x, {.K = 192, .R = 5, .pad = 2, .norm = false, .bias = true});
        x = net.max_pool("features.5", x, {.R = 3, .stride = 2});
        x = net.conv("features.6", x, {.K = 384, .R = 3, .pad = 1, .norm = false, .bias = true});
        x = net.conv("features.8", x, {.K = 256, .R = 3, .pad = 1, .norm = false, .bias = true});
        x = net.conv("features.10", x, {.K = 256, .R = 3, .pad = 1, .norm = false, .bias = true});
        x = net.max_pool("features.12", x, {.R = 3, .stride = 2});
        x = net.average_pool("avgpool", x, 6, 6);
        x = net.linear("classifier.1", x, 4096, graph::Activation::relu);
        x = net.linear("classifier.4", x, 4096, graph::Activation::relu);
        net.linear("classifier.6", x, Classes);
    }
};

template <int Classes = 1000, int H = 224, int W = 224>
using AlexNet = OneTower<graph::Name("alexnet"), Classes, H, W>;

}  // namespace sluice
