// The GPU backend on a GPU: logits of each kind of network, in each precision, for the whole network and for masks, of
// frames that were launched kernel by kernel and as one graph, with gates shut in both ways, against the CPU engine;
// and trained weights of the repository with their self-test and gate settings. Skipped, and said so, without a GPU.
//
//     test_cuda [NETWORK...]    these alone: a sanitizer of the GPU's memory takes its time
#include <algorithm>
#include <cstdio>
#include <string>

#include "sluice/gate/policies.hpp"
#include "sluice/host_memory.hpp"
#include "sluice/io/map.hpp"
#include "sluice/nets/networks.hpp"
#include "sluice_kernels/cpu.hpp"
#include "sluice_kernels/cuda.hpp"
#include "support/random.hpp"
#include "support/tolerance.hpp"
#include "support/writer.hpp"

using namespace sluice;

namespace {

constexpr auto missing = NoSetting::takes_the_default;
std::vector<std::string> asked_for;  // none: all
int checks = 0, failures = 0;

template <class Net, Precision precision>
void compare(const cuda::Session& session, std::span<const std::byte> file, std::size_t settings, ShutGates shut) {
    using GpuEngine = Engine<Net, Cuda<precision>>;
    using CpuEngine = Engine<Net, Cpu>;
    const char* const name = nvidia::name_of(precision);
    const auto host = host_memory<CpuEngine>(settings);
    CpuEngine cpu{host};
    const auto told = [&](const Status& s) {
        if (!s) std::printf("%s, %s: %s\n", Net::name.c_str(), name, s.message()), ++failures;
        return bool(s);
    };
    if (!told(cpu.load(file))) return;
    auto memory = GpuEngine::allocate(session, std::size_t(256) << 20, settings);
    if (!told(memory.status())) return;
    std::array<typename GpuEngine::Recorded, 2> recorded;
    GpuEngine gpu{session, *memory, recorded, shut};
    if (!told(gpu.load(file))) return;

    const auto image = support::generated_image(1, GpuEngine::input);
    for (bool tuned : {false, true}) {
        if (tuned && !told(gpu.tune())) return;
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
            const auto mask = seed == 0   ? gate::Mask<Net>{}
                              : seed == 1 ? gate::proportional<Net>(gate::Ratio{1, 2})
                                          : support::random_mask<Net>(seed);
            const auto expected = cpu.run(image, mask, {}, missing);
            if (!told(expected.status())) return;
            for (int frame = 0; frame < 2; ++frame) {
                const auto logits = gpu.run(image, mask, missing);
                if (!told(logits.status())) return;
                const auto verdict = support::close<float>(*logits, *expected, cuda::tolerance(precision));
                ++checks;
                if (verdict.good) continue;
                ++failures;
                std::printf("%s, %s, gates %s, mask %d, %s, frame %d: %s\n", Net::name.c_str(), name,
                            shut == ShutGates::disabled ? "disabled" : "left out", int(seed),
                            tuned ? "measured" : "estimated", frame, verdict.why.c_str());
            }
        }
    }
}

template <class Net>
void compare_all(const cuda::Session& session, std::span<const std::byte> file, std::size_t settings = 0) {
    for (const ShutGates shut : {ShutGates::left_out, ShutGates::disabled}) {
        compare<Net, Precision::float32>(session, file, settings, shut);
        compare<Net, Precision::tf32>(session, file, settings, shut);
        compare<Net, Precision::fp16>(session, file, settings, shut);
        compare<Net, Precision::bf16>(session, file, settings, shut);
    }
}

bool wanted(std::string_view network) {
    return asked_for.empty() || std::find(asked_for.begin(), asked_for.end(), network) != asked_for.end();
}
template <class Net>
void generated(const cuda::Session& session) {
    if (wanted(Net::name.view())) compare_all<Net>(session, support::generated<Net>(3));
}

// Weights that bring a self-test, which load() replays, and 32 settings.
template <class Net>
void trained(const cuda::Session& session, const char* path) {
    if (!wanted(Net::name.view())) return;
    const auto file = io::MappedFile::open(path);
    if (file) return compare_all<Net>(session, file->bytes(), 32);
    std::printf("%s\n", file.message());
    ++failures;
}

}  // namespace

int main(int argc, char** argv) {
    asked_for.assign(argv + 1, argv + argc);
    const auto session = cuda::Session::open();
    if (!session) {
        std::printf("SKIPPED: %s\n", session.message());
        return 77;
    }
    generated<nets::ResNet20Cifar<>>(*session);
    generated<nets::SqueezeNet11<10, 64, 64>>(*session);
    generated<nets::MobileNetV2Same<10, 64, 64>>(*session);
    generated<nets::ResNet50<10, 64, 64>>(*session);
    trained<nets::ResNet56Cifar<>>(*session, SLUICE_SOURCE_DIR "/weights/resnet56_cifar_pls.safetensors");
    std::printf("%d comparisons with the CPU engine, %d failures\n", checks, failures);
    return failures == 0 && checks > 0 ? 0 : 1;
}
