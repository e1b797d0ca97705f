// bench_instructions [NAME]: computes one fixed layer once, in sluice_counted(), for a tool that counts instructions.
// Without a name it prints the compiler, then the names. The layers are typed in here on purpose: numbers that are kept
// beside them must not change because a network does.
#include <cstdio>
#include <string_view>

#include "layers/subject.hpp"
#include "machine.hpp"
#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/primitives.hpp"

using namespace sluice;

// A name that callgrind knows whatever the compiler makes of the rest.
extern "C" [[gnu::noinline]] void sluice_counted(void (*run)(void*), void* self) { run(self); }

namespace {

using Isa = isa::native;

// C x H x W to K channels by windows of R x R. The map lies in a halo of R / 2 zeros; what an arena has no reason for,
// gaps and slices, is not there.
bench::Layer layer(int C, int H, int W, int K, int R, int pad, int stride = 1, int groups = 1) {
    const graph::Window window{R, R, stride, pad, pad, pad, pad};
    kernels::Conv c{.C = C,
                    .H = H,
                    .W = W,
                    .K = K,
                    .P = window.P(H),
                    .Q = window.Q(W),
                    .R = R,
                    .S = R,
                    .stride = stride,
                    .top = pad,
                    .left = pad,
                    .groups = groups,
                    .act = graph::Activation::relu};
    c.in_pixel = graph::pixel_pitch(C), c.in_row = (W + 2 * pad) * c.in_pixel;
    c.out_pixel = graph::pixel_pitch(K), c.out_row = c.Q * c.out_pixel;
    const std::int64_t in_floats = std::int64_t(H + 2 * pad) * c.in_row;
    return {.name = {}, .shape = {}, .conv = c, .in = pad * (c.in_row + c.in_pixel), .out = in_floats};
}

template <class P>
int count(const bench::Layer& l) {
    bench::Subject subject(l, l.out + std::int64_t(l.conv.P) * l.conv.out_row);
    subject.reset();
    bench::Run<P> run(subject, {}, 0);
    sluice_counted([](void* r) { (*static_cast<bench::Run<P>*>(r))(); }, &run);
    return 0;
}

struct Case {
    std::string_view name;
    int (*count)(const bench::Layer&);
    bench::Layer layer;
};

}  // namespace

int main(int argc, char** argv) {
    const Case cases[] = {
        {"pointwise", &count<kernels::Direct<Isa>>, layer(256, 14, 14, 128, 1, 0)},
        {"direct", &count<kernels::Direct<Isa>>, layer(64, 28, 28, 64, 3, 1, 2)},
        {"direct_paired", &count<kernels::Direct<Isa, kernels::PairedStorage>>, layer(96, 28, 28, 12, 1, 0)},
        {"direct_sliding", &count<kernels::Direct<Isa, kernels::SlidingStorage>>, layer(3, 28, 28, 8, 3, 1)},
        {"winograd2", &count<kernels::Winograd<Isa, 2>>, layer(128, 7, 7, 128, 3, 1)},
        {"winograd4", &count<kernels::Winograd<Isa, 4>>, layer(64, 28, 28, 64, 3, 1)},
        {"winograd6", &count<kernels::Winograd<Isa, 6>>, layer(64, 30, 30, 64, 3, 1)},
        {"winograd2_5x5", &count<kernels::Winograd<Isa, 2, 5>>, layer(64, 27, 27, 192, 5, 2)},
        {"depthwise", &count<kernels::Depthwise<Isa>>, layer(96, 28, 28, 96, 3, 1, 1, 96)},
        {"linear", &count<kernels::Direct<Isa>>, layer(1024, 1, 1, 512, 1, 0)},
    };
    if (argc == 1) {
        std::puts(tools::compiled().compiler.c_str());
        for (const Case& c : cases) std::puts(c.name.data());
        return 0;
    }
    for (const Case& c : cases)
        if (argc == 2 && c.name == argv[1]) return c.count(c.layer);
    return std::fprintf(stderr, "bench_instructions: expected one of the names that it prints by itself\n"), 2;
}
