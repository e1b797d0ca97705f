// The GPU backend's half on the host, on a recorded fake of CUDA and cuDNN: logits against the CPU engine, launches,
// memory, errors at every call. No GPU computes anything here.
#include <doctest/doctest.h>

#include "sluice_kernels/cuda.hpp"
#include "support/engines.hpp"
#include "support/fake_gpu.hpp"

using namespace sluice;
using support::check_close;
using support::FakeGpu;

namespace {

using Net = nets::ResNet20Cifar<>;

// All kinds of steps in as few multiplications as will do.
struct Tiny {
    static constexpr graph::Name name{"tiny"};
    static constexpr void describe(graph::Builder& b) {
        auto x = b.max_pool("pool", b.conv("stem.0", b.input({3, 8, 8}), {.K = 4, .R = 3, .pad = {0, 0, 1, 1}}), {});
        b.begin_group();
        for (const char* at : {"1.", "2."}) {
            b.begin_block(x);
            const auto y = b.conv(text<47>(at, "conv1"), x, {.K = 4, .R = 3, .pad = 1});
            x = b.conv(text<47>(at, "conv2"), y, {.K = 4, .shortcut = x});
            b.end_block(x);
        }
        const auto left = b.conv("left.0", x, {.K = 2}),
                   right = b.conv("right.0", x, {.K = 2, .act = graph::Activation::relu6});
        b.linear("fc", b.average_pool("mean", b.subsample("sub", b.concat("both", {left, right}), 6, 2)), 5);
    }
};

// Weights that bring a setting for a mask: other scales and biases wherever a layer has a norm and runs.
template <class Network>
std::vector<std::byte> with_setting(const std::string& bits) {
    support::WeightsWriter file(support::generated<Network>());
    file.metadata["settings"] = "half=" + bits;
    const auto mask = support::mask_of<Network>(bits);
    for (const graph::Node& n : graph_of<Network>.nodes) {
        if (!n.norm || (n.block >= 0 && !mask.runs(n.block))) continue;
        const std::string name = "settings.half." + std::string(n.name.view());
        const auto channels = static_cast<std::size_t>(n.out.C);
        file.add(name + ".scale", support::random_values(channels, 1, name + "s", 1, 0.3f));
        file.add(name + ".bias", support::random_values(channels, 1, name + "b"));
    }
    return file.bytes();
}

// An engine on a fake GPU, with weights, room for a setting, and slots for two recorded frames.
template <class Network, Precision precision = Precision::float32, int N = 1>
struct OnFake {
    using GpuEngine = Engine<Network, Cuda<precision, N>>;
    FakeGpu& gpu;
    cuda::Session session;
    cuda::OwnedMemory memory;
    std::array<typename GpuEngine::Recorded, 2> slots;
    GpuEngine engine;

    explicit OnFake(FakeGpu& fake, std::size_t workspace = 4096, ShutGates shut = ShutGates::left_out)
        : gpu(fake),
          session(cuda::Session::open(FakeGpu::api, 0, &fake).take()),
          memory(GpuEngine::allocate(session, workspace, 1).take()),
          engine(session, memory, slots, shut) {}

    void load(std::span<const std::byte> file) {
        const Status status = engine.load(file);
        REQUIRE_MESSAGE(status, status.message());
    }
    std::vector<float> logits(const std::vector<float>& image, const gate::Mask<Network>& mask = {}) {
        const auto result = engine.run(image, mask);
        REQUIRE_MESSAGE(result, result.message());
        CHECK(gpu.fault == "");
        return {result->begin(), result->end()};
    }
};

// The fake's logits are the CPU engine's: one image, three times the same mask.
template <class Network, Precision precision = Precision::float32>
void check_as_on_cpu(double tolerance, bool fused = true) {
    CAPTURE(Network::name.c_str());
    const auto file = support::generated<Network>(3);
    const auto image = support::image_for<Network>();
    const auto expected = support::Loaded<Network>(file).logits(image);
    FakeGpu fake;
    fake.has_fused = fused;
    {
        OnFake<Network, precision> gpu(fake, 1 << 20);
        gpu.load(file);
        for (int frame = 0; frame < 3; ++frame) check_close(gpu.logits(image), expected, tolerance);
        CHECK(fake.launches == 2);  // of the first frame each kernel is launched alone
        CHECK(fake.fault == "");
    }
    CHECK(fake.live == 0);
}

// What happens to a program from opening the GPU to closing it, of which one call fails. Empty if all went well.
std::string whole_story(FakeGpu& fake, ShutGates shut) {
    using GpuEngine = Engine<Tiny, Cuda<>>;
    const auto file = with_setting<Tiny>("0");
    const auto image = support::image_for<Tiny>();
    const auto mask = support::mask_of<Tiny>("0");
    const auto session = cuda::Session::open(FakeGpu::api, 0, &fake);
    if (!session) return session.message();
    const auto memory = GpuEngine::allocate(*session, 4096, 1);
    if (!memory) return memory.message();
    std::array<GpuEngine::Recorded, 1> slots;
    GpuEngine engine(*session, *memory, slots, shut);
    Status status = engine.load(file);
    for (int frame = 0; frame < 2 && status; ++frame) status = engine.run(image, mask).status();
    if (status) status = engine.tune();
    std::string choices;
    if (status) status = engine.keep([&](std::string_view line) { choices += line; });
    if (status) status = engine.recall(choices);
    if (!status) {  // the engine can be used again
        if (Status again = engine.load(file); !again) return "loading again: " + std::string(again.message());
        const auto logits = engine.run(image, mask);
        if (!logits) return "running again: " + std::string(logits.message());
        check_close({logits->begin(), logits->end()}, support::Loaded<Tiny>(file, 1).logits(image, mask), 1e-4);
    }
    return status.message();
}

using Half = Cuda<Precision::fp16>;
static_assert(Engine<Net, Cuda<>>::memory.device.weights >= std::size_t(graph_of<Net>.nodes.size()));
static_assert(Engine<Net, Half>::memory.device.activations < Engine<Net, Cuda<>>::memory.device.activations);

}  // namespace

TEST_CASE("on a fake GPU each kind of network gives the CPU's logits") {
    check_as_on_cpu<Tiny>(1e-4);
    check_as_on_cpu<Net>(1e-4);                                // option A's copies
    check_as_on_cpu<nets::ResNet20CifarB<>>(1e-4);             // shortcuts by convolution
    check_as_on_cpu<nets::SqueezeNet11<10, 32, 32>>(1e-4);     // slices, pools in ceil mode
    check_as_on_cpu<nets::MobileNetV2Same<10, 32, 32>>(1e-4);  // ReLU6, groups, padding that differs by side
}

TEST_CASE("on a fake GPU the plain form gives what the fused one gives") { check_as_on_cpu<Net>(1e-4, false); }

TEST_CASE("on a fake GPU all precisions give the CPU's logits within their digits") {
    check_as_on_cpu<Net, Precision::tf32>(cuda::tolerance(Precision::tf32));
    check_as_on_cpu<Net, Precision::fp16>(cuda::tolerance(Precision::fp16));
    check_as_on_cpu<Net, Precision::bf16>(cuda::tolerance(Precision::bf16));
}

TEST_CASE("on a fake GPU masks and their settings are the CPU's, and each mask is recorded once") {
    const auto file = with_setting<Net>("010101");
    const auto image = support::image_for<Net>();
    support::Loaded<Net> cpu(file, 1);
    FakeGpu fake;
    OnFake<Net> gpu(fake);
    gpu.load(file);
    CHECK(gpu.engine.settings() == 1);
    const auto half = support::mask_of<Net>("010101");
    for (int frame = 0; frame < 2; ++frame) {
        check_close(gpu.logits(image, half), cpu.logits(image, half), 1e-4);
        check_close(gpu.logits(image), cpu.logits(image), 1e-4);
    }
    CHECK(fake.count("begin_recording") == 2);
    CHECK(fake.launches == 2);
    const auto other = gpu.engine.run(image, support::mask_of<Net>("111110"));
    CHECK(std::string(other.message()) ==
          "the weights have 1 gate settings, but none for this mask; ask for NoSetting::takes_the_default to run it "
          "with the "
          "full network's statistics");
}

TEST_CASE("on a fake GPU a shut block launches nothing") {
    FakeGpu fake;
    OnFake<Net> gpu(fake);
    gpu.load(support::generated<Net>());
    const auto image = support::image_for<Net>();
    const auto convolutions = [&](const std::string& bits) {
        fake.calls.clear();
        gpu.logits(image, support::mask_of<Net>(bits));
        return fake.count("conv") + fake.count("fused");
    };
    // A first frame asks twice: to run, and to be recorded.
    CHECK(convolutions("111111") == 2 * 20);
    CHECK(convolutions("101111") == 2 * 18);
    CHECK(convolutions("000000") == 2 * 8);
}

TEST_CASE("on a fake GPU one recorded frame does all masks of a setting, by switching what belongs to gates") {
    const auto file = with_setting<Net>("010101");
    const auto image = support::image_for<Net>();
    support::Loaded<Net> cpu(file, 1);
    FakeGpu fake;
    OnFake<Net> gpu(fake, 4096, ShutGates::disabled);
    gpu.load(file);
    constexpr auto missing = NoSetting::takes_the_default;
    const auto switched = [&](const std::string& bits) {
        const auto mask = support::mask_of<Net>(bits);
        const int before = fake.count("enable"), launches = fake.launches;
        const auto actual = gpu.engine.run(image, mask, missing);
        const auto expected = cpu.engine.run(image, mask, {}, missing);
        REQUIRE_MESSAGE(actual, actual.message());
        check_close({actual->begin(), actual->end()}, {expected->begin(), expected->end()}, 1e-4);
        CHECK(fake.launches == launches + 1);
        return fake.count("enable") - before;
    };
    CHECK(switched("111111") == 0);
    CHECK(switched("101111") == 1);
    CHECK(switched("101110") == 1);
    CHECK(switched("000000") == 4);
    CHECK(switched("010101") == 3);  // its own scales: a frame of its own
    CHECK(switched("111111") == 6);
    CHECK(fake.count("begin_recording") == 2);
    CHECK(fake.fault == "");
}

TEST_CASE("on a fake GPU a gate that could not be switched leaves no frame that is half switched") {
    FakeGpu fake;
    OnFake<Net> gpu(fake, 4096, ShutGates::disabled);
    gpu.load(support::generated<Net>());
    const auto image = support::image_for<Net>();
    const auto expected = gpu.logits(image);
    fake.fail_at = static_cast<int>(fake.calls.size());
    CHECK(std::string(gpu.engine.run(image, support::mask_of<Net>("011111")).message()) ==
          "GPU: switching gate 0: an illegal memory access was encountered");
    check_close(gpu.logits(image), expected, 1e-6);
}

TEST_CASE("on a fake GPU the mask that was used longest ago gives up its slot") {
    FakeGpu fake;
    OnFake<Net> gpu(fake);
    gpu.load(support::generated<Net>());
    const auto image = support::image_for<Net>();
    const auto launched = [&](const std::string& bits) {
        const int before = fake.launches;
        gpu.logits(image, support::mask_of<Net>(bits));
        return fake.launches > before;
    };
    CHECK(!launched("111111"));
    CHECK(!launched("000000"));
    CHECK(launched("111111"));
    CHECK(!launched("010101"));  // in the place of 000000
    CHECK(launched("111111"));
    CHECK(!launched("000000"));
}

TEST_CASE("on a fake GPU a batch is its images one by one") {
    constexpr int N = 3;
    const auto file = support::generated<Net>();
    support::Loaded<Net> cpu(file);
    std::vector<float> images, expected;
    for (int n = 0; n < N; ++n) {
        const auto image = support::image_for<Net>(static_cast<std::uint64_t>(n));
        const auto logits = cpu.logits(image);
        images.insert(images.end(), image.begin(), image.end());
        expected.insert(expected.end(), logits.begin(), logits.end());
    }
    FakeGpu fake;
    OnFake<Net, Precision::float32, N> gpu(fake);
    gpu.load(file);
    check_close(gpu.logits(images), expected, 1e-4);
}

TEST_CASE("on a fake GPU tuning takes the algorithm that was measured fastest, and its choices can be kept") {
    const auto file = support::generated<Net>();
    const auto image = support::image_for<Net>();
    FakeGpu fake;
    OnFake<Net> gpu(fake);
    gpu.load(file);
    const auto before = gpu.logits(image);
    const auto estimated = gpu.engine.choices();
    CHECK(estimated[1].algorithm == 1);
    REQUIRE(gpu.engine.tune());
    CHECK(fake.count("measure") == 20);
    const auto measured = gpu.engine.choices();
    CHECK(measured[1].algorithm == 6);
    CHECK(measured[1].fused);
    CHECK(!measured.back().fused);  // the classifier has no ReLU: cuDNN fuses it with algorithm 1 alone
    check_close(gpu.logits(image), before, 1e-4);
    REQUIRE(gpu.engine.choose(estimated));
    CHECK(gpu.engine.choices().back().fused);
}

namespace {

template <class Engine>
std::string kept(const Engine& engine) {
    std::string text;
    REQUIRE(engine.keep([&](std::string_view line) { text += line; }));
    return text;
}

}  // namespace

TEST_CASE("on a fake GPU kept choices are recalled, and those of anything else refused with both its names") {
    FakeGpu fake;
    OnFake<Tiny> gpu(fake);
    CHECK(std::string(gpu.engine.recall("").message()) == "the engine has no weights: load() them first");
    gpu.load(support::generated<Tiny>());
    const std::string estimated = kept(gpu.engine);
    REQUIRE(gpu.engine.tune());
    const std::string measured = kept(gpu.engine);
    CHECK(measured ==
          "sluice algorithms\t1\ndevice\ta fake\ncudnn\t90000\nnetwork\ttiny\nprecision\tfloat32\nimages\t1\n"
          "workspace\t4096\nstem.0\t6\tfused\n1.conv1\t6\tfused\n1.conv2\t6\tfused\n2.conv1\t6\tfused\n"
          "2.conv2\t6\tfused\nleft.0\t6\tplain\nright.0\t6\tplain\nfc\t6\tplain\n");
    REQUIRE(gpu.engine.recall(estimated));
    CHECK(kept(gpu.engine) == estimated);
    REQUIRE(gpu.engine.recall(measured));
    CHECK(kept(gpu.engine) == measured);

    const auto refused = [&](const std::string& from, const std::string& to, Error kind, const std::string& why) {
        std::string text = measured;
        text.replace(text.find(from), from.size(), to);
        const Status status = gpu.engine.recall(text);
        CHECK(status.kind() == kind);
        CHECK(std::string(status.message()) == "the choices of algorithms " + why);
        CHECK(kept(gpu.engine) == measured);
    };
    const auto other = [&](const std::string& from, const std::string& to, const std::string& why) {
        refused(from, to, Error::mismatch, "are for " + why);
    };
    other("a fake", "an Orin", "device 'an Orin', here it is 'a fake'; measure again");
    other("90000", "91002", "cudnn '91002', here it is '90000'; measure again");
    other("tiny", "resnet50", "network 'resnet50', here it is 'tiny'; measure again");
    other("float32", "bf16", "precision 'bf16', here it is 'float32'; measure again");
    other("images\t1", "images\t8", "images '8', here it is '1'; measure again");
    other("4096", "4097", "4097 bytes of workspace, here cuDNN has 4096; lend more or measure again");
    const auto broken = [&](const std::string& from, const std::string& to, const std::string& line) {
        refused(from, to, Error::format, "have no line '" + line + "' where it belongs");
    };
    broken("cudnn\t", "cudnn ", "cudnn");
    broken("sluice", "", "sluice algorithms");
    broken("4096", "-1", "workspace");
    broken("1.conv2\t6", "1.conv3\t6", "1.conv2");
    broken("fc\t6\t", "fc\tsix\t", "fc");
    broken("fc\t6\tplain\n", "", "fc");
    broken("fc\t6\tplain\n", "fc\tplain\n", "fc");
    refused("fc\t6\tplain\n", "fc\t6\tplain\nmore\n", Error::format, "have a line too many: 'more'");
}

TEST_CASE("on a fake GPU a workspace that is too small for the fastest algorithm gets another one") {
    FakeGpu fake;
    fake.workspace = 4097;
    OnFake<Net> gpu(fake);
    gpu.load(support::generated<Net>());
    CHECK(gpu.engine.choices()[1].algorithm == 6);
    CHECK(fake.fault == "");
}

TEST_CASE("on a fake GPU two engines have one set of weights") {
    FakeGpu fake;
    OnFake<Net> gpu(fake);
    gpu.load(support::generated<Net>());
    const auto image = support::image_for<Net>();
    const auto expected = gpu.logits(image);
    const auto memory = gpu.engine.allocate(gpu.session, 4096);
    const std::size_t bytes = fake.device_bytes;
    auto twin = gpu.engine.share(gpu.session, *memory);
    REQUIRE_MESSAGE(twin, twin.message());
    auto engine = twin.take();
    const auto logits = engine.run(image);
    REQUIRE_MESSAGE(logits, logits.message());
    check_close({logits->begin(), logits->end()}, expected, 1e-6);
    CHECK(fake.device_bytes == bytes);
}

TEST_CASE("on a fake GPU the device memory is what was promised") {
    FakeGpu fake;
    OnFake<Net> gpu(fake, 4096);
    constexpr auto size = Engine<Net, Cuda<>>::memory_for(1).device;
    const std::size_t promised = size.weights + size.activations + size.workspace + 4096 + size.setting;
    CHECK(fake.device_bytes >= promised);
    CHECK(fake.device_bytes < promised + 4 * 256);
    gpu.load(with_setting<Net>("010101"));
    gpu.logits(support::image_for<Net>());
    CHECK(fake.count("allocate") == 1);
    CHECK(fake.count("allocate_pinned") == 1);
}

TEST_CASE("on a fake GPU every call may fail: a sentence with CUDA's text, nothing lost, and the next frame is right") {
    for (const ShutGates shut : {ShutGates::left_out, ShutGates::disabled})
        for (int nth = 0;; ++nth) {
            CAPTURE(nth);
            FakeGpu fake;
            fake.fail_at = nth;
            const std::string said = whole_story(fake, shut);
            CHECK(fake.live == 0);
            CHECK(fake.fault == "");
            if (static_cast<int>(fake.calls.size()) <= nth) {
                CHECK(said == "");
                CHECK(nth > 100);
                break;
            }
            CAPTURE(fake.calls[static_cast<std::size_t>(nth)]);
            const char* const expected =
                nth == 0 ? "GPU 0 cannot be used: refused" : ": an illegal memory access was encountered";
            CHECK(said.find(expected) != std::string::npos);
            CHECK(said.find("again: ") == std::string::npos);
        }
}

TEST_CASE("on a fake GPU the self-test of a file is replayed, within the digits of the precision") {
    support::WeightsWriter file(support::generated<Net>());
    const auto logits = support::Loaded<Net>(file.bytes()).logits(support::image_for<Net>(7));
    file.metadata["input"] = "3x32x32";
    file.metadata["selftest_seed"] = "7";
    file.add("selftest.logits", logits);
    FakeGpu fake;
    OnFake<Net> gpu(fake);
    gpu.load(file.bytes());
    OnFake<Net, Precision::fp16, 2> half(fake);
    half.load(file.bytes());

    auto wrong = logits;
    for (float& x : wrong) x *= 1.001f;
    file.at("selftest.logits").set(wrong);
    half.load(file.bytes());
    const Status status = gpu.engine.load(file.bytes());
    CHECK(status.kind() == Error::verify);
    CHECK(std::string(status.message())
              .starts_with("self-test failed: the GPU's logits differ from the stored ones by "));
    CHECK(gpu.engine.load(file.bytes(), SelfTest::skip));
    file.metadata["selftest_seed"] = "7x";
    CHECK(std::string(gpu.engine.load(file.bytes()).message()) ==
          "the self-test has the seed '7x', expected a 64-bit number");
}

TEST_CASE("asking for a GPU where there is none says what is missing") {
    FakeGpu fake;
    fake.has_device = false;
    const auto session = cuda::Session::open(FakeGpu::api, 0, &fake);
    CHECK(session.status().kind() == Error::device);
    CHECK(std::string(session.message()) == "GPU 0 cannot be used: the driver is there, but no device");
}

TEST_CASE("on a fake GPU wrong arguments are told as on the CPU") {
    FakeGpu fake;
    OnFake<Net> gpu(fake);
    const std::vector<float> small(7);
    CHECK(std::string(gpu.engine.run(support::image_for<Net>()).message()) ==
          "the engine has no weights: load() them first");
    CHECK(std::string(gpu.engine.run(small).message()) == "the image has 7 floats, expected 1 x 3x32x32 = 3072");
    CHECK(std::string(gpu.engine.load(support::generated<nets::ResNet20CifarB<>>()).message()) ==
          "the file holds weights of 'resnet20_cifar_b', expected 'resnet20_cifar'");
    cuda::DeviceMemory unstaged = gpu.memory;
    unstaged.staging = unstaged.staging.first(100);
    decltype(gpu.engine) mute(gpu.session, unstaged);
    CHECK(std::string(mute.load(support::generated<Net>()).message())
              .starts_with("the region for staging has 100 bytes, needs "));
    cuda::DeviceMemory less = gpu.memory;
    less.device.weights = less.device.weights.first(100);
    decltype(gpu.engine) engine(gpu.session, less);
    CHECK(std::string(engine.load(support::generated<Net>()).message())
              .starts_with("the region for weights has 100 bytes, needs "));
}
