// The GPU backend on a GPU: logits of each kind of network, in each precision, for the whole network and for masks, of
// frames that were launched kernel by kernel and as one graph, against the CPU engine. Skipped, and said so, without
// one.
#include <cstdio>

#include "sluice/host_memory.hpp"
#include "sluice/nets/networks.hpp"
#include "sluice_kernels/cpu.hpp"
#include "sluice_kernels/cuda.hpp"
#include "support/random.hpp"
#include "support/tolerance.hpp"
#include "support/writer.hpp"

using namespace sluice;

namespace {

int checks = 0, failures = 0;

template <class Net, Precision precision>
void compare(const cuda::Session& session, const char* name) {
    using GpuEngine = Engine<Net, Cuda<precision>>;
    using CpuEngine = Engine<Net, Cpu>;
    const auto file = support::generated<Net>(3);
    const auto host = host_memory<CpuEngine>();
    CpuEngine cpu{host};
    const auto told = [&](const Status& s) {
        if (!s) std::printf("%s, %s: %s\n", Net::name.c_str(), name, s.message()), ++failures;
        return bool(s);
    };
    if (!told(cpu.load(file))) return;
    auto memory = GpuEngine::allocate(session, std::size_t(256) << 20);
    if (!told(memory.status())) return;
    std::array<typename GpuEngine::Recorded, 2> recorded;
    GpuEngine gpu{session, *memory, recorded};
    if (!told(gpu.load(file))) return;

    const auto image = support::generated_image(1, GpuEngine::input);
    for (bool tuned : {false, true}) {
        if (tuned && !told(gpu.tune())) return;
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
            const auto mask = seed == 0 ? gate::Mask<Net>{} : support::random_mask<Net>(seed);
            const auto expected = cpu.run(image, mask);
            for (int frame = 0; frame < 2; ++frame) {
                const auto logits = gpu.run(image, mask);
                if (!told(logits.status())) return;
                const auto verdict = support::close<float>(*logits, *expected, cuda::tolerance(precision));
                ++checks;
                if (verdict.good) continue;
                ++failures;
                std::printf("%s, %s, mask %d, %s, frame %d: %s\n", Net::name.c_str(), name, int(seed),
                            tuned ? "measured" : "estimated", frame, verdict.why.c_str());
            }
        }
    }
}

template <class Net>
void compare_all(const cuda::Session& session) {
    compare<Net, Precision::float32>(session, "float32");
    compare<Net, Precision::tf32>(session, "tf32");
    compare<Net, Precision::fp16>(session, "fp16");
    compare<Net, Precision::bf16>(session, "bf16");
}

}  // namespace

int main() {
    const auto session = cuda::Session::open();
    if (!session) {
        std::printf("SKIPPED: %s\n", session.message());
        return 77;
    }
    compare_all<nets::ResNet20Cifar<>>(*session);
    compare_all<nets::SqueezeNet11<10, 64, 64>>(*session);
    compare_all<nets::MobileNetV2Same<10, 64, 64>>(*session);
    compare_all<nets::ResNet50<10, 64, 64>>(*session);
    std::printf("%d comparisons with the CPU engine, %d failures\n", checks, failures);
    return failures == 0 && checks > 0 ? 0 : 1;
}
