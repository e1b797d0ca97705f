// The textbook's set, each layer once by every primitive, for an emulator that counts instructions (count.c): what
// modelled.py makes a cost file of. Lines of stdin:
//
//     conv C H W K P Q R S stride top left groups add rows channels
//     map C H W
//
// Of a convolution only so many rows of the output are computed, from so many input channels: an emulator is slow, and
// instructions are proportional to both. A line of stdout for each run, whose instructions lie between two calls of
// getppid(): the primitive's name, the layouts that it reads and writes, bytes of workspace and of packed weights of
// the whole layer. Of a map: turned from each layout into each, named `turn`.
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "layers/subject.hpp"
#include "sluice_kernels/isa/isa.hpp"
#include "sluice_kernels/primitives.hpp"
#include "sluice_kernels/textbook/textbook.hpp"

using namespace sluice;
using kernels::Conv;
using kernels::textbook::Layout;

namespace {

using Isa = isa::native;

std::vector<float> numbers(std::int64_t count, const char* name) {
    return support::random_values(static_cast<std::size_t>(count) + 16, 1, name, 0, 0.5f);
}

template <class F>
void counted(std::string_view name, std::string_view read, std::string_view written, std::int64_t workspace,
             std::int64_t packed_floats, F run) {
    (void)getppid();
    run();
    (void)getppid();
    std::printf("%s %s %s %lld %zu\n", name.data(), read.data(), written.data(), static_cast<long long>(workspace),
                bench::cache_lines(packed_floats));
}

// The part of a layer that is computed.
Conv part_of(Conv c, int rows, int channels) {
    c.H -= (c.P - rows) * c.stride;
    c.P = rows;
    c.C = channels;
    return c;
}

// In maps of the engine's, which have a halo.
Conv placed(Conv c) {
    const int right = std::max(0, (c.Q - 1) * c.stride + c.S - c.left - c.W);
    c.in_pixel = graph::pixel_pitch(c.C), c.in_row = (c.left + c.W + right) * c.in_pixel;
    c.out_pixel = c.add_pixel = graph::pixel_pitch(c.K), c.out_row = c.add_row = c.Q * c.out_pixel;
    return c;
}

template <class P>
void run_ours(const Conv& whole, const Conv& part) {
    if (!P::supports(whole)) return;
    const Conv c = placed(part);
    const int bottom = std::max(0, (c.P - 1) * c.stride + c.R - c.top - c.H);
    const std::int64_t in = std::int64_t(c.top + c.H + bottom) * c.in_row, out = std::int64_t(c.P) * c.out_row;
    bench::Subject subject(
        {.name = {}, .shape = {}, .conv = c, .in = c.top * c.in_row + c.left * c.in_pixel, .out = in, .add = in + out},
        in + 2 * out);
    subject.reset();
    bench::Run<P> run(subject, {}, 0);
    counted(P::name, "HWC", "HWC", P::workspace_bytes(placed(whole)), P::packed_floats(placed(whole)), [&] { run(); });
}

template <class P>
void run_textbook(const Conv& whole, const Conv& c, const std::vector<float>& in, const std::vector<float>& add,
                  const std::vector<float>& weights) {
    if (!P::supports(whole)) return;
    std::vector<float> packed(static_cast<std::size_t>(P::packed_floats(c))), out(add.size());
    std::vector<float> workspace(static_cast<std::size_t>(P::workspace_bytes(c) / 4));
    const std::vector<float> ones(static_cast<std::size_t>(c.K), 1.0f);
    P::pack(c, weights.data(), packed.data());
    const std::int64_t bytes = (P::workspace_bytes(whole) + 63) / 64 * 64;
    counted(P::name, name_of(P::read), name_of(P::written), bytes, P::packed_floats(whole), [&] {
        P::run(c, {.in = in.data(),
                   .out = out.data(),
                   .add = add.data(),
                   .weights = packed.data(),
                   .scale = ones.data(),
                   .bias = ones.data(),
                   .workspace = reinterpret_cast<std::byte*>(workspace.data()),
                   .part = 0,
                   .parts = 1});
    });
}

template <class... Ours, class... Theirs>
void run_all(const Conv& whole, const Conv& c, kernels::PrimitiveList<Ours...>, kernels::textbook::List<Theirs...>) {
    (run_ours<Ours>(whole, c), ...);
    const auto in = numbers(std::int64_t(c.C) * c.H * c.W, "in"), add = numbers(std::int64_t(c.K) * c.P * c.Q, "add");
    const auto weights = numbers(c.weights(), "weights");
    (run_textbook<Theirs>(whole, c, in, add, weights), ...);
}

void turn_all(int C, int H, int W) {
    const auto in = numbers(std::int64_t(C) * H * W, "in");
    std::vector<float> out(in.size());
    for (Layout from : kernels::textbook::layouts)
        for (Layout to : kernels::textbook::layouts)
            counted("turn", name_of(from), name_of(to), 0, 0,
                    [&] { kernels::textbook::turn(in.data(), from, out.data(), to, C, H, W, 0, 1); });
}

}  // namespace

int main() {
    using namespace kernels;
    char what[8];
    while (std::scanf("%7s", what) == 1) {
        Conv c;
        int add, rows, channels;
        if (std::strcmp(what, "map") == 0 && std::scanf("%d %d %d", &c.C, &c.H, &c.W) == 3) {
            turn_all(c.C, c.H, c.W);
        } else if (std::strcmp(what, "conv") == 0 &&
                   std::scanf("%d %d %d %d %d %d %d %d %d %d %d %d %d %d %d", &c.C, &c.H, &c.W, &c.K, &c.P, &c.Q, &c.R,
                              &c.S, &c.stride, &c.top, &c.left, &c.groups, &add, &rows, &channels) == 15) {
            c.add = add != 0;
            run_all(c, part_of(c, rows, channels), textbook::shared<Isa>{}, textbook::primitives<Isa>{});
        } else {
            return std::fprintf(stderr, "instructions: expected conv and 15 numbers, or map and 3, found '%s'\n", what),
                   2;
        }
    }
}
