// What load() accepts, what it refuses with which sentence, and that a refused file leaves no weights behind.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support/engines.hpp"

using namespace sluice;
using support::check_same;
using support::Loaded;
using support::WeightsWriter;

namespace {

using Net = nets::ResNet20Cifar<>;
using NetEngine = Engine<Net, Cpu>;

WeightsWriter good_file() { return WeightsWriter(support::generated<Net>()); }

// What load() says about a file. After an error the engine must refuse to run and then still take a good file.
Status load(std::span<const std::byte> file) {
    const auto memory = host_memory<NetEngine>();
    NetEngine engine{memory};
    const auto good = support::generated<Net>();
    REQUIRE(engine.load(good));  // so that there are weights to be left behind
    const Status status = engine.load(file);
    const auto image = support::image_for<Net>();
    if (!status) {
        CHECK(std::string(engine.run(image).message()) == "the engine has no weights: load() them first");
        REQUIRE(engine.load(good));
        const auto logits = engine.run(image);
        REQUIRE(logits);
        check_same({logits->begin(), logits->end()}, Loaded<Net>(good).logits(image));
    }
    return status;
}
std::string message(const WeightsWriter& file) { return load(file.bytes()).message(); }

// Every tensor in 16 bits, and the same numbers in 32.
template <class Narrow, class Widen>
void check_narrow(const char* dtype, Narrow narrow, Widen widen) {
    WeightsWriter narrowed = good_file(), widened = good_file();
    for (std::size_t i = 0; i < narrowed.tensors.size(); ++i) {
        std::vector<float> values = narrowed.tensors[i].floats();
        std::vector<std::byte> bytes;
        for (float& x : values) {
            const std::uint16_t bits = narrow(x);
            bytes.push_back(static_cast<std::byte>(bits));
            bytes.push_back(static_cast<std::byte>(bits >> 8));
            x = widen(bits);
        }
        narrowed.tensors[i].dtype = dtype;
        narrowed.tensors[i].data = bytes;
        widened.tensors[i].set(values);
    }
    const auto image = support::image_for<Net>();
    const auto logits = Loaded<Net>(narrowed.bytes()).logits(image);
    check_same(logits, Loaded<Net>(widened.bytes()).logits(image));
    support::check_close(logits, Loaded<Net>(good_file().bytes()).logits(image), 0.1);  // the same weights, but coarser
}

// A file with a self-test, whose logits `spoil` may change.
template <class Spoil>
WeightsWriter self_testing(Spoil spoil) {
    WeightsWriter file = good_file();
    auto logits = Loaded<Net>(file.bytes()).logits(support::image_for<Net>(42));
    spoil(logits);
    file.add("selftest.logits", logits);
    file.metadata["selftest_seed"] = "42";
    file.metadata["input"] = "3x32x32";
    return file;
}

}  // namespace

TEST_CASE("weights of another network, and files that no converter wrote") {
    WeightsWriter file = good_file();
    CHECK(load(support::generated<nets::ResNet32Cifar<>>()).kind() == Error::mismatch);
    CHECK(std::string(load(support::generated<nets::ResNet32Cifar<>>()).message()) ==
          "the file holds weights of 'resnet32_cifar', expected 'resnet20_cifar'");
    file.metadata["format_version"] = "2";
    CHECK(message(file) == "the file has format version '2', this library reads version 1");
    file.metadata.erase("format");
    CHECK(message(file) ==
          "the file was not written by sluice's converter: its metadata has no format = sluice; "
          "convert the checkpoint first");
}

TEST_CASE("a tensor that is missing, or one too many") {
    for (const char* name : {"conv1.weight", "layer2.1.conv1.bias", "linear.weight"}) {
        WeightsWriter file = good_file();
        file.remove(name);
        CHECK(message(file) == "tensor " + std::string(name) + " is missing");
    }
    for (const char* name :
         {"layer4.0.conv1.weight", "conv1.running_mean", "weight", "conv1.weight.bias", "input.weight"}) {
        WeightsWriter file = good_file();
        file.add(name, {1, 2, 3});
        CHECK(message(file) == "tensor " + std::string(name) + " belongs to no layer of this network");
    }
}

TEST_CASE("a tensor of another shape or type") {
    WeightsWriter file = good_file();
    file.at("conv1.weight").shape = {16, 27};
    CHECK(message(file) == "tensor conv1.weight has shape [16, 27], expected [16, 3, 3, 3]");

    file = good_file();
    file.at("conv1.weight").shape = {3, 16, 3, 3};
    CHECK(message(file) == "tensor conv1.weight has shape [3, 16, 3, 3], expected [16, 3, 3, 3]");

    file = good_file();
    file.at("linear.weight").shape = {10, 64, 1, 1};
    CHECK(message(file) == "tensor linear.weight has shape [10, 64, 1, 1], expected [10, 64]");

    file = good_file();
    file.at("layer1.0.conv1.bias").shape = {16, 1};
    CHECK(message(file) == "tensor layer1.0.conv1.bias has shape [16, 1], expected [16]");

    file = good_file();
    file.at("linear.bias").dtype = "I32";
    CHECK(message(file) == "tensor linear.bias holds I32, expected F32, F16 or BF16");
}

TEST_CASE("a file that ends too early, or is none") {
    const auto file = good_file().bytes();
    CHECK(load({file.data(), file.size() - 4}).kind() == Error::format);
    CHECK(std::string(load({file.data(), file.size() - 4}).message()).find("bytes of data") != std::string::npos);
    CHECK(load({file.data(), 100}).kind() == Error::format);
    CHECK(load({}).kind() == Error::format);
}

TEST_CASE("weights of half precision and bfloat16 give what the same numbers give as floats") {
    check_narrow("F16", support::half_of, io::half_to_float);
    check_narrow("BF16", support::bfloat16_of, io::bfloat16_to_float);
}

TEST_CASE("the order of a file's tensors does not matter") {
    WeightsWriter file = good_file();
    std::reverse(file.tensors.begin(), file.tensors.end());
    const auto image = support::image_for<Net>();
    check_same(Loaded<Net>(file.bytes()).logits(image), Loaded<Net>(good_file().bytes()).logits(image));
}

TEST_CASE("the self-test passes for the logits that the weights give, to within 1e-4 of the largest") {
    const auto file = self_testing([](std::vector<float>&) {}).bytes();
    const auto memory = host_memory<NetEngine>();
    NetEngine engine{memory};
    REQUIRE(engine.load(file));
    CHECK(engine.largest_difference() == 0);
    CHECK(engine.largest_logit() > 0);
    const auto nearly = self_testing([](std::vector<float>& logits) {
        for (float& x : logits) x *= 1 + 5e-5f;
    });
    REQUIRE(engine.load(nearly.bytes()));
    CHECK(engine.largest_difference() > 0);
    CHECK(engine.largest_difference() <= 1e-4f * engine.largest_logit());
}

TEST_CASE("the self-test refuses wrong logits, whichever is wrong") {
    for (std::size_t at : {0u, 5u, 9u}) {
        CAPTURE(at);
        const Status off = load(self_testing([&](std::vector<float>& logits) { logits[at] += 1; }).bytes());
        CHECK(off.kind() == Error::verify);
        CHECK(std::string(off.message()).starts_with("self-test failed: the logits differ from the stored ones by "));
        // Not a number here, right everywhere else.
        const Status nan = load(self_testing([&](std::vector<float>& logits) {
                                    logits[at] = std::numeric_limits<float>::quiet_NaN();
                                }).bytes());
        CHECK(nan.kind() == Error::verify);
    }
    const auto scaled = self_testing([](std::vector<float>& logits) {
        for (float& x : logits) x *= 1.0003f;
    });
    CHECK(load(scaled.bytes()).kind() == Error::verify);
    const auto zero = self_testing([](std::vector<float>& logits) { logits.assign(10, 0.0f); });
    CHECK(load(zero.bytes()).kind() == Error::verify);
}

TEST_CASE("the self-test finds weights that were damaged, NaNs too") {
    for (const float damage : {1.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        WeightsWriter file = self_testing([](std::vector<float>&) {});
        auto bias = file.at("linear.bias").floats();
        bias[0] = damage;  // only the first logit is spoilt
        file.at("linear.bias").set(bias);
        CHECK(load(file.bytes()).kind() == Error::verify);
    }
}

TEST_CASE("a self-test for another image size is refused unless it is to be skipped") {
    WeightsWriter file = self_testing([](std::vector<float>&) {});
    file.metadata["input"] = "3x224x224";
    CHECK(message(file) ==
          "the self-test is for 3x224x224 images, this engine takes 3x32x32; load with SelfTest::skip");
    const auto memory = host_memory<NetEngine>();
    NetEngine engine{memory};
    CHECK(engine.load(file.bytes()).kind() == Error::mismatch);
    REQUIRE(engine.load(file.bytes(), SelfTest::skip));
    CHECK(engine.run(support::image_for<Net>()));
}

TEST_CASE("a self-test of another number of classes") {
    WeightsWriter file = good_file();
    file.add("selftest.logits", std::vector<float>(1000, 1.0f));
    file.metadata["selftest_seed"] = "1", file.metadata["input"] = "3x32x32";
    CHECK(message(file) == "tensor selftest.logits has shape [1000], expected [10]");
}

TEST_CASE("a self-test needs a seed that is a number") {
    for (const char* seed : {"", "one", "-1", "1.5", "18446744073709551616", "99999999999999999999999"}) {
        WeightsWriter file = self_testing([](std::vector<float>&) {});
        file.metadata["selftest_seed"] = seed;
        CHECK(message(file) == "the self-test has the seed '" + std::string(seed) + "', expected a 64-bit number");
    }
}

TEST_CASE("a self-test whose stored logits are all zero fails with a sentence") {
    const WeightsWriter file = self_testing([](std::vector<float>& logits) { logits.assign(10, 0.0f); });
    CHECK(message(file).starts_with("self-test failed: the logits differ from the stored ones by more than 1000000000e-6"));
}
