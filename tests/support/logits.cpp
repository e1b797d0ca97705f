// The logits of a network for images of a size that the sluice command has no network for:
//
//     logits WEIGHTS IMAGES >LOGITS
//
// IMAGES and LOGITS: float32 [N][C][H][W] and [N][classes]. Compiled with -DNETWORK='SqueezeNet10Caffe<>::at<228, 228>', and
// perhaps with -DPLAN=FastPlan, or another of sluice/plan/plan.hpp, or AllBf16Plan.
#include <cstdio>
#include <vector>

#include "sluice/sluice.hpp"
#include "sluice_kernels/cpu.hpp"

#if !defined(PLAN)
#define PLAN DefaultPlan
#endif

namespace sluice {

// The most that rounding weights can cost: wherever it can be done, whether it saves time or not.
struct AllBf16Plan : DefaultPlan {
    static constexpr std::string_view primitive(int, const graph::Node& n) {
        return n.has_weights() && n.groups == 1 && n.in.C % 2 == 0 ? "direct_bf16" : "";
    }
};

}  // namespace sluice

namespace nets = sluice::nets;
using Engine = sluice::Engine<nets::NETWORK, sluice::Cpu, sluice::PLAN>;

int main(int count, char** files) {
    if (count != 3) return 2;
    const auto weights = sluice::io::MappedFile::open(files[1]), images = sluice::io::MappedFile::open(files[2]);
    if (!weights || !images) return 3;
    const auto memory = sluice::host_memory<Engine>();
    Engine engine{memory};
    if (const auto status = engine.load(weights->bytes(), sluice::SelfTest::skip); !status) return std::puts(status.message()), 4;
    const std::size_t floats = images->bytes().size() / sizeof(float);
    const std::span<const float> all(reinterpret_cast<const float*>(images->bytes().data()), floats);
    std::vector<float> logits(floats / static_cast<std::size_t>(Engine::input.size()) * Engine::classes);
    if (const auto status = engine.run_batch(all, logits); !status) return std::puts(status.message()), 5;
    return std::fwrite(logits.data(), sizeof(float), logits.size(), stdout) == logits.size() ? 0 : 6;
}
