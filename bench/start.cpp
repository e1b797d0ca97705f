// bench_start PACKED [RUNS]: from the start of the process to its first result. ResNet-50's packed weights are mapped, and
// one image is run; the whole process, with its start and its end, is timed from outside. Both ways of using the file are
// measured in turn: with its checksum, and trusted.
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "sluice/host_memory.hpp"
#include "sluice/io/map.hpp"
#include "sluice/nets/resnet.hpp"
#include "sluice_kernels/cpu.hpp"
#include "trace.hpp"

extern char** environ;

namespace {

using Engine = sluice::Engine<sluice::nets::ResNet50<>, sluice::Cpu>;

int first_inference(const char* path, sluice::io::Integrity integrity) {
    const auto file = sluice::io::MappedFile::open(path);
    if (!file) return std::fprintf(stderr, "%s\n", file.message()), 1;
    const sluice::HostMemory memory(Engine::frame_memory);
    Engine engine{memory};
    if (const auto s = engine.load_packed(file->bytes(), integrity); !s) return std::fprintf(stderr, "%s\n", s.message()), 1;
    const std::vector<float> image(Engine::input.size(), 0.5f);
    return !engine.run(image);
}

// Milliseconds of a process; below zero if it failed.
double process_ms(char* self, char* path, const char* how) {
    char* arguments[] = {self, path, const_cast<char*>(how), nullptr};
    const auto start = sluice::tools::Clock::now();
    pid_t child = 0;
    int status = 1;
    if (posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments, environ) != 0) return -1;
    if (waitpid(child, &status, 0) != child || status != 0) return -1;
    return 1e3 * sluice::tools::seconds_since(start);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::puts("usage: bench_start PACKED [RUNS]"), 2;
    if (argc == 3 && std::strcmp(argv[2], "checked") == 0) return first_inference(argv[1], sluice::io::Integrity::checked);
    if (argc == 3 && std::strcmp(argv[2], "trusted") == 0) return first_inference(argv[1], sluice::io::Integrity::trusted);
    const int runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 20;
    std::vector<double> ms[2];
    for (int i = 0; i < runs; ++i)
        for (int how = 0; how < 2; ++how) {
            ms[how].push_back(process_ms(argv[0], argv[1], how == 0 ? "checked" : "trusted"));
            if (ms[how].back() < 0) return std::puts("a run failed"), 1;
        }
    for (int how = 0; how < 2; ++how) {
        std::sort(ms[how].begin(), ms[how].end());
        std::printf("%s: least %.1f ms, median %.1f ms of %d\n", how == 0 ? "checksum" : "trusted ", ms[how].front(),
                    ms[how][ms[how].size() / 2], runs);
    }
}
