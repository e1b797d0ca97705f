// hello WEIGHTS IMAGE: the class of an image of 32x32x3 raw bytes, rows of R, G, B.
#include <cstdio>
#include <sluice/sluice.hpp>
#include <sluice_kernels/cpu.hpp>

using Engine = sluice::Engine<sluice::nets::ResNet32Cifar<>, sluice::Cpu>;

int main(int argc, char** argv) {
    const auto file = sluice::io::MappedFile::open(argc > 1 ? argv[1] : ""), image = sluice::io::MappedFile::open(argc > 2 ? argv[2] : "");
    if (!file || !image) return std::puts(file ? image.message() : file.message()), 1;
    const auto memory = sluice::host_memory<Engine>(16);  // with room for 16 gate settings
    Engine engine{memory};
    if (const auto status = engine.load(file->bytes()); !status) return std::puts(status.message()), 1;
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(image->bytes().data());
    const auto logits = engine.run(sluice::Pixels{{pixels, image->bytes().size()}});
    if (!logits) return std::puts(logits.message()), 1;
    std::printf("class %td\n", std::max_element(logits->begin(), logits->end()) - logits->begin());
}
