// Networks as data: parameters, multiply-accumulates, blocks and shapes against published numbers and against counts
// made here from He et al.'s description, layer by layer. Nearly all of it at compile time.
#include <doctest/doctest.h>

#include <string>

#include "sluice/gate/accounting.hpp"
#include "sluice/gate/keep.hpp"
#include "sluice/nets/networks.hpp"

using namespace sluice;
using namespace sluice::nets;

namespace {

// What a network counts, in trainable parameters and multiply-accumulates.
struct Count {
    std::int64_t parameters = 0, macs = 0;

    // A convolution without bias and its batch norm, giving an H x W map.
    constexpr void conv(int C, int K, int R, int H, int W) {
        const std::int64_t weights = std::int64_t(C) * K * R * R;
        parameters += weights + 2 * K;
        macs += weights * H * W;
    }
    constexpr void linear(int C, int K) {
        parameters += std::int64_t(C) * K + K;
        macs += std::int64_t(C) * K;
    }
    friend constexpr bool operator==(const Count&, const Count&) = default;
};

constexpr int half(int n) { return (n + 1) / 2; }

// He et al., table 1. cifar: the stem is one 3x3 and keeps the size.
constexpr Count resnet(const std::array<int, 4>& blocks, bool bottleneck, int classes, int H, int W, bool cifar) {
    Count count;
    if (cifar) {
        count.conv(3, 64, 3, H, W);
    } else {
        H = half(H), W = half(W);
        count.conv(3, 64, 7, H, W);
        H = half(H), W = half(W);
    }
    int C = 64;
    for (int group = 0; group < 4; ++group) {
        const int width = 64 << group, out = bottleneck ? 4 * width : width;
        for (int i = 0; i < blocks[static_cast<std::size_t>(group)]; ++i) {
            const int h = H, w = W;
            if (group > 0 && i == 0) H = half(H), W = half(W);
            if (bottleneck) {
                count.conv(C, width, 1, h, w);
                count.conv(width, width, 3, H, W);
                count.conv(width, out, 1, H, W);
            } else {
                count.conv(C, width, 3, H, W);
                count.conv(width, width, 3, H, W);
            }
            if (C != out) count.conv(C, out, 1, H, W);
            C = out;
        }
    }
    count.linear(C, classes);
    return count;
}

// He et al., section 4.2: 6n + 2 layers.
constexpr Count resnet_cifar(int n, bool projections, int classes) {
    Count count;
    count.conv(3, 16, 3, 32, 32);
    for (int group = 0; group < 3; ++group) {
        const int width = 16 << group, size = 32 >> group;
        for (int i = 0; i < n; ++i) {
            const int C = group > 0 && i == 0 ? width / 2 : width;
            count.conv(C, width, 3, size, size);
            count.conv(width, width, 3, size, size);
            if (C != width && projections) count.conv(C, width, 1, size, size);
        }
    }
    count.linear(64, classes);
    return count;
}

template <class Net>
constexpr Count count_of = {parameters<Net>(), macs<Net>()};

// Published: torchvision's model pages, and two listings of the CIFAR variant of ResNet-152.
static_assert(parameters<ResNet18<>>() == 11'689'512);
static_assert(parameters<ResNet34<>>() == 21'797'672);
static_assert(parameters<ResNet50<>>() == 25'557'032);
static_assert(parameters<ResNet101<>>() == 44'549'160);
static_assert(parameters<ResNet152<>>() == 60'192'808);
static_assert(parameters<ResNet152Cifar<>>() == 58'156'618);
static_assert(parameters<ResNet152At32<>>() == 58'164'298);
static_assert(parameters<ResNet152At32<>>() - parameters<ResNet152Cifar<>>() == 3 * 64 * (7 * 7 - 3 * 3));

// torchvision prints 1.81, 3.66, 4.09, 7.80 and 11.51 G.
static_assert(macs<ResNet18<>>() == 1'814'073'344);
static_assert(macs<ResNet34<>>() == 3'663'761'408);
static_assert(macs<ResNet50<>>() == 4'089'184'256);
static_assert(macs<ResNet101<>>() == 7'801'405'440);
static_assert(macs<ResNet152<>>() == 11'513'626'624);

// The same from the description.
static_assert(count_of<ResNet18<>> == resnet({2, 2, 2, 2}, false, 1000, 224, 224, false));
static_assert(count_of<ResNet34<>> == resnet({3, 4, 6, 3}, false, 1000, 224, 224, false));
static_assert(count_of<ResNet50<>> == resnet({3, 4, 6, 3}, true, 1000, 224, 224, false));
static_assert(count_of<ResNet101<>> == resnet({3, 4, 23, 3}, true, 1000, 224, 224, false));
static_assert(count_of<ResNet152<>> == resnet({3, 8, 36, 3}, true, 1000, 224, 224, false));
static_assert(count_of<ResNet152Cifar<>> == resnet({3, 8, 36, 3}, true, 10, 32, 32, true));
static_assert(count_of<ResNet152At32<>> == resnet({3, 8, 36, 3}, true, 10, 32, 32, false));

// He et al. print 0.27, 0.46, 0.66, 0.85 and 1.7 M for the CIFAR networks with option A.
static_assert(parameters<ResNet20Cifar<>>() == 269'722);
static_assert(parameters<ResNet32Cifar<>>() == 464'154);
static_assert(parameters<ResNet44Cifar<>>() == 658'586);
static_assert(parameters<ResNet56Cifar<>>() == 853'018);
static_assert(parameters<ResNet110Cifar<>>() == 1'727'962);
static_assert(count_of<ResNet20Cifar<>> == resnet_cifar(3, false, 10));
static_assert(count_of<ResNet32Cifar<>> == resnet_cifar(5, false, 10));
static_assert(count_of<ResNet44Cifar<>> == resnet_cifar(7, false, 10));
static_assert(count_of<ResNet56Cifar<>> == resnet_cifar(9, false, 10));
static_assert(count_of<ResNet110Cifar<>> == resnet_cifar(18, false, 10));
static_assert(count_of<ResNet20CifarB<>> == resnet_cifar(3, true, 10));
static_assert(count_of<ResNet32CifarB<>> == resnet_cifar(5, true, 10));
static_assert(count_of<ResNet44CifarB<>> == resnet_cifar(7, true, 10));
static_assert(count_of<ResNet56CifarB<>> == resnet_cifar(9, true, 10));
static_assert(count_of<ResNet110CifarB<>> == resnet_cifar(18, true, 10));
// Two projections with their norms: 16 to 32 channels and 32 to 64.
static_assert(parameters<ResNet20CifarB<>>() - parameters<ResNet20Cifar<>>() == 16 * 32 + 64 + 32 * 64 + 128);

// Other classes, other sizes: parameters follow the classes alone.
static_assert(parameters<ResNet50<10>>() == parameters<ResNet50<>>() - 990 * 2049);
static_assert(parameters<ResNet20Cifar<100>>() == parameters<ResNet20Cifar<>>() + 90 * 65);
static_assert(count_of<ResNet50<1000, 97, 131>> == resnet({3, 4, 6, 3}, true, 1000, 97, 131, false));
static_assert(count_of<ResNet18<7, 33, 250>> == resnet({2, 2, 2, 2}, false, 7, 33, 250, false));
static_assert(std::is_same_v<ResNet50<>::at<97, 131>, ResNet50<1000, 97, 131>>);
static_assert(ResNet50<>::at<97, 131>::name.view() == "resnet50");

// Parameters and multiply-accumulates of block `index` of a group.
template <class Net>
constexpr Count block(int group, int index) {
    Count count;
    for (const graph::Node& n : graph_of<Net>.nodes) {
        if (n.block < 0) continue;
        const graph::Block& b = graph_of<Net>.blocks[static_cast<std::size_t>(n.block)];
        if (b.group == group && b.index == index) count.parameters += n.parameters(), count.macs += n.macs();
    }
    return count;
}

// Bottlenecks of ResNet-152 for CIFAR: every block that can be skipped costs the same time in all groups, but not the
// same memory.
using Table1Net = ResNet152Cifar<>;
static_assert(block<Table1Net>(0, 0).parameters == 75'008 && block<Table1Net>(0, 1) == Count{70'400, 71'303'168});
static_assert(block<Table1Net>(1, 0).parameters == 379'392 && block<Table1Net>(1, 7) == Count{280'064, 71'303'168});
static_assert(block<Table1Net>(2, 0).parameters == 1'512'448 &&
              block<Table1Net>(2, 35) == Count{1'117'184, 71'303'168});
static_assert(block<Table1Net>(3, 0).parameters == 6'039'552 && block<Table1Net>(3, 2) == Count{4'462'592, 71'303'168});
static_assert(block<Table1Net>(0, 0).macs == 75'497'472);
static_assert(block<Table1Net>(1, 0).macs == 121'634'816 && block<Table1Net>(3, 0).macs == 121'634'816);

static_assert(blocks_per_group<ResNet152<>> == std::array{3, 8, 36, 3} && gateable_blocks<ResNet152<>> == 46);
static_assert(blocks_per_group<ResNet18<>> == std::array{2, 2, 2, 2} && gateable_blocks<ResNet18<>> == 4);
static_assert(blocks_per_group<ResNet110Cifar<>> == std::array{18, 18, 18} && gateable_blocks<ResNet110Cifar<>> == 51);

// torchvision's model pages; GoogLeNet without its auxiliary heads. MobileNet: Keras.
static_assert(parameters<ResNeXt50<>>() == 25'028'904 && parameters<WideResNet50<>>() == 68'883'240);
static_assert(parameters<AlexNet<>>() == 61'100'840 && macs<AlexNet<>>() == 714'188'480);
static_assert(parameters<VGG11<>>() == 132'863'336 && parameters<VGG13<>>() == 133'047'848);
static_assert(parameters<VGG16<>>() == 138'357'544 && parameters<VGG19<>>() == 143'667'240);
static_assert(parameters<VGG11BN<>>() == 132'868'840 && parameters<VGG13BN<>>() == 133'053'736);
static_assert(parameters<VGG16BN<>>() == 138'365'992 && parameters<VGG19BN<>>() == 143'678'248);
static_assert(parameters<GoogLeNet<>>() == 6'624'904);
static_assert(parameters<SqueezeNet10<>>() == 1'248'424 && parameters<SqueezeNet11<>>() == 1'235'496);
static_assert(parameters<SqueezeNet10Caffe<>>() == parameters<SqueezeNet10<>>());
static_assert(parameters<MobileNetV2<>>() == 3'504'872 && parameters<MobileNetV2Same<>>() == 3'504'872);
static_assert(parameters<MobileNetV1<>>() == 4'231'976 && parameters<MobileNetV1x075<>>() == 2'585'560);
// 15.47 G of VGG-16, 1.50 G of GoogLeNet, 0.35 G of SqueezeNet 1.1, 0.30 G of MobileNetV2, 0.57 G of MobileNet.
static_assert(macs<VGG16<>>() == 15'470'264'320 && macs<GoogLeNet<>>() == 1'498'376'192);
static_assert(macs<SqueezeNet11<>>() == 349'151'936 && macs<MobileNetV2<>>() == 300'774'272);
static_assert(macs<MobileNetV1<>>() == 568'740'352);
static_assert(blocks_per_group<MobileNetV2<>> == std::array{1, 2, 3, 4, 3, 3, 1} && gateable_blocks<MobileNetV2<>> == 10);

template <class F, class... Net>
void for_each_network(F f, List<Net...>) {
    (f(std::type_identity<Net>{}), ...);
}

const graph::Node* find(const graph::View& net, std::string_view name) {
    for (const graph::Node& n : net.nodes)
        if (n.name.view() == name) return &n;
    return nullptr;
}

}  // namespace

TEST_CASE("every network of the list hangs together") {
    for_each_network(
        []<class Net>(std::type_identity<Net>) {
            CAPTURE(Net::name.view());
            const graph::View net = graph_view<Net>;
            CHECK(net.nodes.front().op == graph::Op::input);
            CHECK((net.nodes.back().out.H == 1 && net.nodes.back().out.W == 1));
            int next_gate = 0, next_block = 0;
            for (std::size_t i = 1; i < net.nodes.size(); ++i) {
                const graph::Node& n = net.nodes[i];
                CAPTURE(n.name.view());
                REQUIRE((n.input >= 0 && n.input < static_cast<int>(i)));
                if (n.op != graph::Op::concat) CHECK(n.in == net.nodes[static_cast<std::size_t>(n.input)].out);
                if (n.shortcut >= 0) CHECK(net.nodes[static_cast<std::size_t>(n.shortcut)].out == n.out);
                if (n.has_weights()) CHECK((n.norm || n.bias));
                if (n.slice_of >= 0) {
                    const graph::Node& whole = net.nodes[static_cast<std::size_t>(n.slice_of)];
                    CHECK((whole.op == graph::Op::concat && n.slice_of > static_cast<int>(i)));
                    CHECK(n.channel + n.out.C <= whole.out.C);
                    CHECK((whole.out.H == n.out.H && whole.out.W == n.out.W));
                }
            }
            for (const graph::Block& b : net.blocks) {
                CAPTURE(b.group);
                CHECK(b.gate == (b.index == 0 ? -1 : next_gate++));
                for (int i = b.first; i <= b.last; ++i)
                    CHECK(net.nodes[static_cast<std::size_t>(i)].block == next_block);
                ++next_block;
            }
            CHECK(net.gates == next_gate);
            int inside = 0;
            for (const graph::Node& n : net.nodes) inside += n.block >= 0;
            for (const graph::Block& b : net.blocks) inside -= b.last - b.first + 1;
            CHECK(inside == 0);
        },
        networks{});
}

TEST_CASE("an odd image size: every shape on the way") {
    const graph::View net = graph_view<ResNet50<>::at<97, 131>>;
    const auto out = [&](std::string_view name) { return find(net, name)->out; };
    CHECK(out("conv1") == Shape{64, 49, 66});
    CHECK(out("maxpool") == Shape{64, 25, 33});
    CHECK(out("layer1.2.conv3") == Shape{256, 25, 33});
    CHECK(out("layer2.0.conv1") == Shape{128, 25, 33});  // the stride is on the 3x3
    CHECK(out("layer2.0.conv2") == Shape{128, 13, 17});
    CHECK(out("layer2.0.downsample.0") == Shape{512, 13, 17});
    CHECK(out("layer3.5.conv3") == Shape{1024, 7, 9});
    CHECK(out("layer4.2.conv3") == Shape{2048, 4, 5});
    CHECK(out("avgpool") == Shape{2048, 1, 1});
    CHECK(out("fc") == Shape{1000, 1, 1});
}

TEST_CASE("layers carry the names of torchvision's checkpoints") {
    const graph::View net = graph_view<ResNet152<>>;
    for (const char* name :
         {"conv1", "layer1.0.downsample.0", "layer2.7.conv1", "layer3.35.conv2", "layer4.2.conv3", "fc"})
        CHECK_MESSAGE(find(net, name) != nullptr, name);
    CHECK(find(net, "layer1.1.downsample.0") == nullptr);
    CHECK(find(net, "layer3.36.conv1") == nullptr);
    CHECK(find(graph_view<ResNet18<>>, "layer1.0.downsample.0") == nullptr);  // 64 channels already
    CHECK(find(graph_view<ResNet20Cifar<>>, "layer2.0.shortcut")->op == graph::Op::subsample);
    CHECK(find(graph_view<ResNet20CifarB<>>, "layer2.0.shortcut.0")->op == graph::Op::conv);
}

TEST_CASE("shut gates do not count") {
    const auto mask = gate::keep<Table1Net>({3, 8, 35, 2});
    CHECK(parameters<Table1Net>(mask) == parameters<Table1Net>() - 1'117'184 - 4'462'592);
    CHECK(macs<Table1Net>(mask) == macs<Table1Net>() - 2 * 71'303'168);
}
