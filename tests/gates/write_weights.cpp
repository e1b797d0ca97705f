// write_weights FILE [PACKED]: generated weights for the network that the gates run; and the same ones packed.
#include <bit>
#include <cstdio>
#include <span>

#include "generated_weights.hpp"
#include "sluice/host_memory.hpp"
#include "sluice/nets/resnet_cifar.hpp"
#include "sluice_kernels/cpu.hpp"

#if !defined(NETWORK)
#define NETWORK ResNet20Cifar
#endif

namespace {

using Net = sluice::nets::NETWORK<>;
using Engine = sluice::Engine<Net, sluice::Cpu>;

bool write(const char* path, std::initializer_list<std::span<const std::byte>> parts) {
    std::FILE* f = std::fopen(path, "wb");
    bool good = f != nullptr;
    for (const auto part : parts) good = good && std::fwrite(part.data(), 1, part.size(), f) == part.size();
    return good && std::fclose(f) == 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto file = sluice::tools::generated_weights(sluice::graph_view<Net>, Net::name.view(), 1);
    if (argc < 2 || !write(argv[1], {file})) return 1;
    if (argc == 2) return 0;
    const auto memory = sluice::host_memory<Engine>();
    Engine engine{memory};
    if (!engine.load(file)) return 1;
    const auto header = std::bit_cast<std::array<std::byte, sizeof(sluice::io::PackedHeader)>>(engine.packed().header());
    return !write(argv[2], {header, engine.packed().weights_region()});
}
