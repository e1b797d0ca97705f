// link FILE (narrow | both): runs the halves of the program and compares them.
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>

const float* narrow(const std::byte* file, std::size_t size, const float* image);
const float* wide(const std::byte* file, std::size_t size, const float* image);

static std::byte file[2 << 20];
static float image[3 * 32 * 32];

int main(int, char** argv) {
    std::FILE* f = std::fopen(argv[1], "rb");
    const std::size_t size = f == nullptr ? 0 : std::fread(file, 1, sizeof file, f);
    for (int i = 0; i < 3 * 32 * 32; ++i) image[i] = static_cast<float>(i % 17) / 8 - 1;

    const float* a = narrow(file, size, image);
    if (a == nullptr) return std::puts("the narrow half does not run"), 1;
    if (std::strcmp(argv[2], "narrow") == 0) return 0;
    const float* b = wide(file, size, image);
    if (b == nullptr) return std::puts("the wide half does not run"), 1;
    float largest = 0, difference = 0;
    for (int k = 0; k < 10; ++k) {
        largest = std::fmax(largest, std::fabs(a[k]));
        difference = std::fmax(difference, std::fabs(a[k] - b[k]));
    }
    std::printf("largest logit %g, largest difference %g\n", static_cast<double>(largest), static_cast<double>(difference));
    return !(difference <= 1e-4f * largest && difference > 0);  // equal to the bit: the linker kept one copy for both
}
