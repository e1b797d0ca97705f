// Gate settings: masks for which the weights bring scale and bias vectors of their own.
#include <doctest/doctest.h>

#include "support/engines.hpp"

using namespace sluice;
using support::check_close;
using support::check_same;
using support::Loaded;
using support::mask_of;
using support::WeightsWriter;

namespace {

using Net = nets::ResNet20Cifar<>;
using NetEngine = Engine<Net, Cpu>;

WeightsWriter good_file() { return WeightsWriter(support::generated<Net>()); }

// Vectors of a setting for every layer with a norm that runs under the mask.
std::vector<float> scale_of(const graph::Node& n, const std::string& setting) {
    return support::random_values(static_cast<std::size_t>(n.out.C), 1, setting + std::string(n.name.view()) + "s", 1,
                                  0.3f);
}
std::vector<float> bias_of(const graph::Node& n, const std::string& setting) {
    return support::random_values(static_cast<std::size_t>(n.out.C), 1, setting + std::string(n.name.view()) + "b");
}
template <class F>
void for_each_layer(const gate::Mask<Net>& mask, F f) {
    for (const graph::Node& n : graph_of<Net>.nodes)
        if (n.norm && (n.block < 0 || mask.runs(n.block))) f(n, std::string(n.name.view()));
}
void add_setting(WeightsWriter& file, const std::string& name, const std::string& bits) {
    std::string& list = file.metadata["settings"];
    list += (list.empty() ? "" : " ") + name + "=" + bits;
    for_each_layer(mask_of<Net>(bits), [&](const graph::Node& n, const std::string& layer) {
        file.add("settings." + name + "." + layer + ".scale", scale_of(n, name));
        file.add("settings." + name + "." + layer + ".bias", bias_of(n, name));
    });
}

// The network whose weights were multiplied with the setting's scales by hand.
WeightsWriter folded(const std::string& name, const std::string& bits) {
    WeightsWriter file = good_file();
    for_each_layer(mask_of<Net>(bits), [&](const graph::Node& n, const std::string& layer) {
        auto weights = file.at(layer + ".weight").floats();
        const auto scale = scale_of(n, name);
        const std::size_t per_channel = weights.size() / scale.size();
        for (std::size_t i = 0; i < weights.size(); ++i) weights[i] *= scale[i / per_channel];
        file.at(layer + ".weight").set(weights);
        file.at(layer + ".bias").set(bias_of(n, name));
    });
    return file;
}

// What load() says with room for two settings.
std::string message(const WeightsWriter& file) {
    const auto memory = host_memory<NetEngine>(2);
    NetEngine engine{memory};
    const auto bytes = file.bytes();
    const std::string says = engine.load(bytes).message();
    if (!says.empty()) {
        CHECK_FALSE(engine.run(support::image_for<Net>()));
        CHECK(engine.settings() == 0);
    }
    return says;
}

}  // namespace

TEST_CASE("a setting's mask runs with the setting's vectors, every other one with none or the default") {
    WeightsWriter file = good_file();
    add_setting(file, "half", "101010");
    add_setting(file, "30", "000000");
    Loaded<Net> net(file.bytes(), 2), plain(good_file().bytes());
    CHECK(net.engine.settings() == 2);
    const auto image = support::image_for<Net>();

    for (const auto& [name, bits] : {std::pair<std::string, std::string>{"half", "101010"}, {"30", "000000"}}) {
        const auto mask = mask_of<Net>(bits);
        const auto logits = net.logits(image, mask);
        check_close(logits, Loaded<Net>(folded(name, bits).bytes()).logits(image, mask), 1e-5);
        CHECK(logits != plain.logits(image, mask));
    }
    check_same(net.logits(image), plain.logits(image));  // the full network has the default vectors

    const auto other = mask_of<Net>("111000");
    CHECK(
        std::string(net.engine.run(image, other).message()) ==
        "the weights have 2 gate settings, but none for this mask; ask for NoSetting::takes_the_default to run it with "
        "the full network's statistics");
    const auto anyway = net.engine.run(image, other, {}, NoSetting::takes_the_default);
    REQUIRE(anyway);
    check_same({anyway->begin(), anyway->end()}, plain.logits(image, other));
    // A mask that has a setting takes it even so.
    const auto half = net.engine.run(image, mask_of<Net>("101010"), {}, NoSetting::takes_the_default);
    REQUIRE(half);
    check_same({half->begin(), half->end()}, net.logits(image, mask_of<Net>("101010")));
}

TEST_CASE("without settings every mask takes the default") {
    Loaded<Net> net(good_file().bytes(), 2);
    CHECK(net.engine.settings() == 0);
    CHECK(net.engine.run(support::image_for<Net>(), mask_of<Net>("010101")));
}

TEST_CASE("the full network may have a setting too") {
    WeightsWriter file = good_file();
    add_setting(file, "full", "111111");
    Loaded<Net> net(file.bytes(), 1), expected(folded("full", "111111").bytes());
    check_close(net.logits(support::image_for<Net>()), expected.logits(support::image_for<Net>()), 1e-5);
}

TEST_CASE("an engine that shares weights shares the settings") {
    WeightsWriter file = good_file();
    add_setting(file, "half", "101010");
    Loaded<Net> net(file.bytes(), 1);
    const auto frame = frame_memory<NetEngine>();
    NetEngine twin = net.engine.share(frame);
    const auto image = support::image_for<Net>();
    const auto logits = twin.run(image, mask_of<Net>("101010"));
    REQUIRE(logits);
    check_same({logits->begin(), logits->end()}, net.logits(image, mask_of<Net>("101010")));
}

TEST_CASE("a layer without a norm may have vectors as well, and then they count") {
    WeightsWriter file = good_file();
    add_setting(file, "half", "101010");
    file.add("settings.half.linear.scale", std::vector<float>(10, 2.0f));
    file.add("settings.half.linear.bias", std::vector<float>(10, 1.0f));
    WeightsWriter by_hand = folded("half", "101010");
    auto weights = by_hand.at("linear.weight").floats();
    for (float& w : weights) w *= 2;
    by_hand.at("linear.weight").set(weights);
    by_hand.at("linear.bias").set(std::vector<float>(10, 1.0f));
    Loaded<Net> net(file.bytes(), 1), expected(by_hand.bytes());
    const auto image = support::image_for<Net>();
    check_close(net.logits(image, mask_of<Net>("101010")), expected.logits(image, mask_of<Net>("101010")), 1e-5);
}

TEST_CASE("settings need room, and the message says how much") {
    WeightsWriter file = good_file();
    for (const char* name : {"a", "b", "c"}) add_setting(file, name, "101010");
    const std::string each = std::to_string(NetEngine::memory.setting);
    CHECK(message(file) ==
          "the weights bring 3 gate settings of " + each + " bytes each, the region for settings has room for 2");
    const auto memory = host_memory<NetEngine>();
    NetEngine none{memory};
    CHECK(std::string(none.load(file.bytes()).message()) ==
          "the weights bring 3 gate settings of " + each + " bytes each, the region for settings has room for 0");
}

TEST_CASE("more settings than the activations have room to index while loading") {
    WeightsWriter file = good_file();
    std::vector<std::string> masks;
    for (int i = 0; i < 63; ++i) {
        masks.push_back({});
        for (int g = 0; g < 6; ++g) masks.back() += (i >> g & 1) != 0 ? '1' : '0';
        add_setting(file, "s" + std::to_string(i), masks.back());
    }
    const auto bytes = file.bytes();
    Loaded<Net> net(bytes, masks.size());
    CHECK(net.engine.settings() == 63);
    WeightsWriter one = good_file();
    add_setting(one, "s37", masks[37]);
    const auto image = support::image_for<Net>();
    check_same(net.logits(image, mask_of<Net>(masks[37])), Loaded<Net>(one.bytes(), 1).logits(image, mask_of<Net>(masks[37])));

    const HostMemory tight(NetEngine::memory, masks.size());
    NetEngine engine{tight};
    const Status status = engine.load(bytes);
    // Where pointers have 32 bits the index may be small enough even so.
    std::vector<io::Tensor> index(10'000);
    const std::size_t tensors = io::Safetensors::open(bytes, index)->tensors().size();
    if (tensors * sizeof(io::Tensor) <= NetEngine::memory.activations)
        CHECK(status);
    else
        CHECK(std::string(status.message()).find("the region for activations needs more than its " +
                                                 std::to_string(NetEngine::memory.activations) + " bytes") != std::string::npos);
}

TEST_CASE("settings that are not name=mask") {
    const std::string expected = "': expected name=mask with 6 digits 0 or 1";
    for (const char* item :
         {"half=10101", "half=1010101", "half=10101x", "half", "=101010", "half=", "half=101010=1"}) {
        WeightsWriter file = good_file();
        file.metadata["settings"] = item;
        CHECK(message(file) == "setting '" + std::string(item) + expected);
    }
}

TEST_CASE("spaces around settings bring no setting of their own") {
    for (const char* list : {"half=101010 ", " half=101010"}) {
        WeightsWriter file = good_file();
        add_setting(file, "half", "101010");
        file.metadata["settings"] = list;
        const auto memory = host_memory<NetEngine>(2);
        NetEngine engine{memory};
        if (engine.load(file.bytes()))
            CHECK(engine.settings() == 1);
        else
            CHECK(engine.settings() == 0);
    }
}

TEST_CASE("a setting without all of its vectors, or with wrong ones") {
    for (const char* name : {"layer1.0.conv1.scale", "layer1.0.conv1.bias", "conv1.scale", "layer3.0.conv2.bias"}) {
        WeightsWriter file = good_file();
        add_setting(file, "half", "101010");
        file.remove("settings.half." + std::string(name));
        CHECK(message(file) == "tensor settings.half." + std::string(name) + " is missing");
    }
    WeightsWriter file = good_file();
    add_setting(file, "half", "101010");
    file.at("settings.half.layer1.0.conv1.scale").shape = {4, 4};
    CHECK(message(file) == "tensor settings.half.layer1.0.conv1.scale has shape [4, 4], expected [16]");
}

TEST_CASE("a vector that a setting need not have must still be right if it is there") {
    WeightsWriter file = good_file();
    add_setting(file, "half", "101010");
    file.add("settings.half.linear.bias", std::vector<float>(7, 1.0f));
    CHECK(message(file) == "tensor settings.half.linear.bias has shape [7], expected [10]");
}

TEST_CASE("a setting's vector that nobody reads is a mistake") {
    for (const char* name : {"settings.halff.conv1.scale", "settings.half.conv9.scale", "settings.half.conv1.scales"}) {
        WeightsWriter file = good_file();
        add_setting(file, "half", "101010");
        file.add(name, std::vector<float>(16, 1.0f));
        CHECK(message(file) != "");
    }
}

TEST_CASE_TEMPLATE("there is room for the index of a file with a setting for each row of Table 1", N,
                   nets::ResNet20Cifar<>, nets::ResNet110Cifar<>, nets::ResNet152Cifar<>, nets::ResNet152At32<>) {
    // While a file is loaded the index of its tensors lies in the region of the activations.
    CAPTURE(N::name.view());
    std::size_t layers = 0;
    for (const graph::Node& n : graph_of<N>.nodes) layers += n.has_weights();
    const std::size_t tensors = 2 * layers * (1 + gate::table1_rows.size()) + 1;
    CHECK(Engine<N, Cpu>::memory.activations / sizeof(io::Tensor) >= tensors);
}
