// sluice bench --device cuda, the half that runs on the host, on the fake GPU: what is timed, that wrong logits are not,
// and which options are refused. None of the times here is a GPU's.
#include <doctest/doctest.h>

#include "failure.hpp"
#include "gpu/engines_impl.hpp"
#include "gpu/frame_timing.hpp"
#include "gpu/options.hpp"
#include "support/engines.hpp"
#include "support/fake_gpu.hpp"

using namespace sluice;
using namespace sluice::tools;
using support::FakeGpu;

namespace {

// Two blocks that can be skipped, in few multiplications: half a second of frames is many of them.
struct Small {
    static constexpr graph::Name name{"small"};
    static constexpr void describe(graph::Builder& b) {
        auto x = b.conv("stem.0", b.input({3, 4, 4}), {.K = 4, .R = 3, .pad = 1});
        b.begin_group();
        for (const char* at : {"1.", "2.", "3."}) {
            b.begin_block(x);
            const auto y = b.conv(text<47>(at, "conv1"), x, {.K = 4});
            x = b.conv(text<47>(at, "conv2"), y, {.K = 4, .shortcut = x});
            b.end_block(x);
        }
        b.linear("fc", b.average_pool("mean", x), 5);
    }
};
using SmallEngine = Engine<Small, Cuda<Precision::fp16, 8>>;

struct Timed {
    FakeGpu gpu;
    cuda::Session session = cuda::Session::open(FakeGpu::api, 0, &gpu).take();
    std::vector<std::byte> file = support::generated<Small>();

    GpuEngineSession<SmallEngine> loaded(cuda::ShutGates shut) {
        const GpuOptions o{.precision = Precision::fp16, .batch = 8, .shut = shut, .workspace = 4096, .settings = 0};
        return {session, SmallEngine::allocate(session, o.workspace).take(), o};
    }
    // Eight times the same image, and the CPU's logits for it.
    GpuFrame frame(const Gates& gates) {
        GpuFrame f{.name = "small", .precision = Precision::fp16, .images = {}, .expected = {}, .gates = gates};
        const auto image = support::image_for<Small>();
        const auto logits = support::Loaded<Small>(file).logits(image, mask_of<Small>(gates));
        for (int n = 0; n < 8; ++n) {
            f.images.insert(f.images.end(), image.begin(), image.end());
            f.expected.insert(f.expected.end(), logits.begin(), logits.end());
        }
        return f;
    }
};

template <class F>
std::pair<Exit, std::string> failure_of(F f) {
    try {
        f();
    } catch (const Failure& failure) {
        return {failure.code, failure.what()};
    }
    return {Exit::ok, ""};
}

}  // namespace

TEST_CASE("on a fake GPU a batch of frames is verified and timed, with gates shut in either way") {
    for (const auto shut : {cuda::ShutGates::left_out, cuda::ShutGates::disabled}) {
        Timed t;
        auto session = t.loaded(shut);
        REQUIRE(session.load(t.file));
        REQUIRE(session.tune());
        for (const Gates& gates : {Gates{true, true}, Gates{true, false}, Gates{false, false}}) {
            const GpuTiming timing = time_gpu_frames(session, t.frame(gates));
            CHECK(timing.frames >= 5);
            CHECK(timing.relative_difference > 0);
            CHECK(timing.relative_difference <= 1e-2);
            CHECK(timing.least_ms > 0);
            CHECK(timing.least_ms <= timing.median_ms);
            CHECK(timing.first_ms > 0);
            CHECK(timing.switched_ms > 0);
        }
        CHECK(t.gpu.fault == "");
        // Left out, each mask is recorded; disabled, there is one recording, which is switched.
        CHECK(t.gpu.count("begin_recording") == (shut == cuda::ShutGates::left_out ? 3 : 1));
        CHECK((t.gpu.count("enable") > 0) == (shut == cuda::ShutGates::disabled));
    }
}

TEST_CASE("on a fake GPU wrong logits are not timed") {
    Timed t;
    auto session = t.loaded(cuda::ShutGates::left_out);
    REQUIRE(session.load(t.file));
    GpuFrame frame = t.frame({true, true});
    frame.expected[3 * 5 + 1] += 0.1f;  // one logit of the fourth image
    const auto [code, said] = failure_of([&] { time_gpu_frames(session, frame); });
    CHECK(code == Exit::verification);
    CHECK(said.starts_with("small: the logits differ from the CPU's by 0."));
    CHECK(said.ends_with(" of the largest, expected at most 0.01; no time is reported"));
    const int launches = t.gpu.launches;
    frame.images[7] = std::numeric_limits<float>::quiet_NaN();
    CHECK(failure_of([&] { time_gpu_frames(session, frame); }).first == Exit::verification);
    CHECK(t.gpu.launches - launches < 5);
}

TEST_CASE("on a fake GPU a failure of the device ends a measurement with its text") {
    Timed t;
    auto session = t.loaded(cuda::ShutGates::left_out);
    REQUIRE(session.load(t.file));
    t.gpu.fail_at = static_cast<int>(t.gpu.calls.size()) + 30;
    const auto [code, said] = failure_of([&] { time_gpu_frames(session, t.frame({true, true})); });
    CHECK(code == Exit::failure);
    CHECK(said.find("an illegal memory access was encountered") != said.npos);
}

TEST_CASE("the bench's options for a GPU mean what they say, or are refused") {
    BenchOptions o;
    const GpuSweep plain = gpu_sweep(o);
    CHECK(plain.precisions == std::vector{Precision::float32});
    CHECK(plain.batches == std::vector{1});
    CHECK(plain.shut == cuda::ShutGates::left_out);
    CHECK(plain.workspace == std::size_t(256) << 20);
    o.gpu = {.precisions = {"tf32,fp16", "bf16"}, .batches = {"8,256"}, .shut = "disabled", .algorithms = {},
             .workspace_mib = 0};
    const GpuSweep s = gpu_sweep(o);
    CHECK(s.precisions == std::vector{Precision::tf32, Precision::fp16, Precision::bf16});
    CHECK(s.batches == std::vector{8, 256});
    CHECK(s.shut == cuda::ShutGates::disabled);
    CHECK(s.workspace == 0);

    const auto refused = [](auto change, const std::string& why) {
        BenchOptions bad;
        change(bad);
        const auto [code, said] = failure_of([&] { (void)gpu_sweep(bad); });
        CHECK(code == Exit::usage);
        CHECK(said == why);
    };
    using B = BenchOptions;
    refused([](B& b) { b.gpu.precisions = {"fp32"}; },
            "--precision: expected float32, tf32, fp16 or bf16, found 'fp32'");
    refused([](B& b) { b.gpu.batches = {"7"}; }, "--batch: expected any of 1, 8, 64, 256, found 7");
    refused([](B& b) { b.gpu.batches = {"many"}; }, "--batch: expected any of 1, 8, 64, 256, found 'many'");
    refused([](B& b) { b.gpu.shut = "off"; }, "--shut: expected left-out or disabled, found 'off'");
    refused([](B& b) { b.gpu.workspace_mib = -1; }, "--workspace: expected MiB from 0 to 1048576, found -1");
    refused([](B& b) { b.threads = 2; }, "--threads: is for --device cpu");
    refused([](B& b) { b.layers = true; }, "--layers: is for --device cpu; on a GPU a frame is one launch");
    refused([](B& b) { b.plan = "fast"; }, "--plan: a GPU's layers are cuDNN's; see --algorithms");
    refused([](B& b) { b.line = true, b.gpu.batches = {"1,8"}; },
            "--line: expected one precision and one batch, found 2");
    refused([](B& b) { b.gpu.algorithms = "x", b.gpu.precisions = {"tf32,fp16"}; },
            "--algorithms: a file is for one precision and one batch, found 2");

    BenchOptions cpu;
    CHECK(failure_of([&] { check_no_gpu_options(cpu); }).first == Exit::ok);
    cpu.gpu.batches = {"8"};
    CHECK(failure_of([&] { check_no_gpu_options(cpu); }).second == "--batch: is for --device cuda");
}
