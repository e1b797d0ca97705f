#!/usr/bin/env bash
# The example programs build as somebody's own project, with warnings as errors, and run: weights from a file, a deadline,
# and weights linked into the program. The executors of threads/ give the same logits as no threads.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

g++ "${std[@]}" -Iapps -O1 "${native[@]}" -DNETWORK=ResNet32Cifar tests/gates/write_weights.cpp -o "$scratch/write_weights"
"$scratch/write_weights" "$scratch/weights" "$scratch/packed"
flags=("${native[@]}" -Wall -Wextra -Wpedantic -Wshadow -Werror)
{ cmake -S examples -B "$scratch/build" -DPACKED_WEIGHTS="$scratch/packed" "-DSLUICE_EXAMPLE_FLAGS=$(IFS=';' && echo "${flags[*]}")" &&
    cmake --build "$scratch/build"; } >"$scratch/log" 2>&1 || fail "$(tail -n 30 "$scratch/log")"

head -c 3072 /dev/zero | tr '\0' '\200' >"$scratch/image"  # all pixels 128, as in firmware.cpp
"$scratch/build/hello" "$scratch/weights" "$scratch/image" | tee "$scratch/hello"
"$scratch/build/firmware" | tee "$scratch/firmware"
[[ $(sed -n 's/^class //p' "$scratch/hello") == $(sed -n 's/^100 .*class //p' "$scratch/firmware") ]] ||
    fail "the linked weights give another class than the file"
"$scratch/build/hello" "$scratch/image" "$scratch/image" && fail "hello takes an image for weights"
"$scratch/build/budget" "$scratch/weights" 1000 20 | tee "$scratch/budget"
grep -q '^100 % of the blocks: 20 frames' "$scratch/budget" || fail "a second is not enough for budget"
"$scratch/build/budget" "$scratch/weights" 0 20 | grep -q '^ 20 % of the blocks: 19 frames' ||
    fail "budget does not skip where there is no time at all"
if nm -C "$scratch/build/firmware" | grep -E ' (operator new|malloc|__cxa_throw)'; then fail "firmware uses the above"; fi

cat >"$scratch/threads.cpp" <<'CODE'
#include <sluice/sluice.hpp>
#include <sluice/threads/openmp.hpp>
#include <sluice/threads/team.hpp>
#include <sluice_kernels/cpu.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>
using Engine = sluice::Engine<sluice::nets::ResNet32Cifar<>, sluice::Cpu>;
int main(int, char** argv) {
    const auto file = sluice::io::MappedFile::open(argv[1]);
    const int most = std::max(3, sluice::openmp_executor().parts);
    const auto memory = sluice::host_memory<Engine>(0, most);
    Engine engine{memory};
    if (!file || !engine.load(file->bytes())) return 1;
    std::vector<float> image(Engine::input.size(), 0.25f), expected;
    sluice::Team team(3);
    for (const sluice::Executor& e : {sluice::Executor{}, team.executor(), sluice::openmp_executor(3), sluice::openmp_executor()}) {
        const auto logits = engine.run(image, {}, e);
        if (!logits) return std::puts(logits.message()), 1;
        if (expected.empty()) expected.assign(logits->begin(), logits->end());
        if (std::memcmp(expected.data(), logits->data(), logits->size_bytes()) != 0) return std::puts("other bits"), 1;
        std::printf("%d parts\n", e.parts);
    }
}
CODE
for exceptions in -fexceptions -fno-exceptions; do
    g++ "${std[@]}" -O2 "${flags[@]}" $exceptions -fopenmp "$scratch/threads.cpp" -o "$scratch/threads"
    "$scratch/threads" "$scratch/weights" | paste -sd' ' || fail "an executor with $exceptions"
done
