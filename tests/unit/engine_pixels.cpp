// Frames of 8-bit pixels: in every layout the bits of the float path. Batches: the bits of single frames.
#include <doctest/doctest.h>

#include "support/engines.hpp"

using namespace sluice;
using support::check_same;
using support::Loaded;

namespace {

using Net = nets::ResNet20Cifar<>;
constexpr int C = 3, H = 32, W = 32;

std::vector<std::byte> checkpoint(const char* mean = "0.485 0.456 0.406", const char* std = "0.229 0.224 0.225") {
    support::WeightsWriter file(support::generated<Net>());
    file.metadata["mean"] = mean;
    file.metadata["std"] = std;
    return file.bytes();
}

std::uint8_t level(int c, int h, int w) { return static_cast<std::uint8_t>(Generator::mix(c * 1024 + h * 32 + w)); }

// As torchvision does it, in float32.
std::vector<float> normalised() {
    const float mean[] = {0.485f, 0.456f, 0.406f}, std[] = {0.229f, 0.224f, 0.225f};
    std::vector<float> image;
    for (int c = 0; c < C; ++c)
        for (int h = 0; h < H; ++h)
            for (int w = 0; w < W; ++w) image.push_back((static_cast<float>(level(c, h, w)) / 255.0f - mean[c]) / std[c]);
    return image;
}

}  // namespace

TEST_CASE("pixels in every layout give the logits of the float path") {
    Loaded<Net> net(checkpoint(), 0, 3);
    const auto expected = net.logits(normalised());
    for (PixelLayout layout : {PixelLayout::hwc, PixelLayout::chw})
        for (ChannelOrder order : {ChannelOrder::rgb, ChannelOrder::bgr})
            for (int gap : {0, 1, 37}) {
                INFO("layout ", int(layout), ", order ", int(order), ", gap ", gap);
                const bool hwc = layout == PixelLayout::hwc;
                const int row = W * (hwc ? C : 1) + gap;
                std::vector<std::uint8_t> bytes(static_cast<std::size_t>(row * H * (hwc ? 1 : C)), 0xEE);
                for (int c = 0; c < C; ++c)
                    for (int h = 0; h < H; ++h)
                        for (int w = 0; w < W; ++w) {
                            const int place = order == ChannelOrder::rgb ? c : C - 1 - c;
                            const int at = hwc ? h * row + w * C + place : (place * H + h) * row + w;
                            bytes[static_cast<std::size_t>(at)] = level(c, h, w);
                        }
                bytes.resize(bytes.size() - static_cast<std::size_t>(gap));  // a camera's last row may end early
                const Pixels pixels{bytes, layout, order, gap == 0 ? 0 : row};
                for (int parts : {1, 3}) {
                    Executor executor{.parts = parts, .run = [](void* self, Executor::Task task, void* context) {
                                          for (int i = 0; i < *static_cast<int*>(self); ++i) task(context, i);
                                      }, .self = &parts};
                    const auto logits = net.engine.run(pixels, {}, executor);
                    REQUIRE_MESSAGE(logits, logits.message());
                    check_same({logits->begin(), logits->end()}, expected);
                }
                bytes.pop_back();
                const auto refused = net.engine.run(Pixels{bytes, layout, order, gap == 0 ? 0 : row});
                CHECK(std::string(refused.message()).find("an image of 3x32x32 needs ") != std::string::npos);
            }
    const std::vector<std::uint8_t> bytes(10000);
    CHECK(std::string(net.engine.run(Pixels{bytes, PixelLayout::hwc, ChannelOrder::rgb, 95}).message()) ==
          "the pixels have a row stride of 95 bytes, expected at least 96");
    CHECK_FALSE(net.engine.run(Pixels{bytes, PixelLayout::chw, ChannelOrder::rgb, -40}));
}

TEST_CASE("weights that do not say how pixels are normalised") {
    const std::vector<std::uint8_t> bytes(C * H * W);
    for (const auto& texts : {std::pair{"", ""}, {"0.5 0.5", "1 1 1"}, {"0.5 0.5 0.5", "1 0 1"},
                              {"0.5 0.5 0.5 0.5", "1 1 1"}, {"0.5 x 0.5", "1 1 1"}, {"0.5 0.5 .", "1 1 1"},
                              {"0.5 0.5 0.5", "1 -1 1"}}) {
        CAPTURE(texts.first);
        Loaded<Net> net(checkpoint(texts.first, texts.second));
        CHECK(std::string(net.engine.run(Pixels{bytes}).message()).find("their metadata need a 'mean' and a 'std'") !=
              std::string::npos);
        CHECK(net.engine.run(support::image_for<Net>()));  // floats need neither
    }
    // Decimals are the nearest floats.
    for (const char* text : {"0.1", "-0.485", ".5", "3", "0.000001", "123456.789"}) {
        float value = 0;
        CHECK(io::decimal(text, value));
        CHECK(value == std::strtof(text, nullptr));
    }
    float untouched = 0;
    for (const char* text : {"", "-", ".", "1e3", "1.2.3", "+1", " 1", "1234567890123456"})
        CHECK_FALSE(io::decimal(text, untouched));
}

TEST_CASE("a batch gives the logits of its images") {
    Loaded<Net> net(checkpoint());
    std::vector<float> images, expected;
    for (std::uint64_t seed : {1u, 2u, 3u}) {
        const auto image = support::image_for<Net>(seed);
        const auto logits = net.logits(image);
        images.insert(images.end(), image.begin(), image.end());
        expected.insert(expected.end(), logits.begin(), logits.end());
    }
    std::vector<float> logits(expected.size());
    REQUIRE(net.engine.run_batch(images, logits));
    check_same(logits, expected);
    CHECK_FALSE(net.engine.run_batch({images.data(), images.size() - 1}, logits));
    CHECK_FALSE(net.engine.run_batch({}, {}));
    CHECK(std::string(net.engine.run_batch(images, {logits.data(), 20}).message()) ==
          "a batch needs N images of 3x32x32 = 3072 floats and N x 10 logits, found 9216 and 20");
}
