// The firmware: says how much memory the network takes, and with a weights file what it makes of a grey image.
#include <cstdio>

#include "inference.hpp"

static std::byte file[2 << 20];
static float image[3 * 32 * 32];

int main(int argc, char** argv) {
    std::printf("weights %zu, activations %zu, workspace %zu bytes\n", footprint.weights, footprint.activations,
                footprint.workspace);
    if (argc < 2) return 0;
    std::FILE* f = std::fopen(argv[1], "rb");
    if (f == nullptr) return std::perror(argv[1]), 1;
    const std::size_t size = std::fread(file, 1, sizeof file, f);
    std::fclose(f);
    if (const char* error = load(std::span(file).first(size)); error != nullptr) return std::puts(error), 1;
    const int result = classify(image);
    std::printf("class %d\n", result);
    return result < 0;
}
