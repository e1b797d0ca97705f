#!/usr/bin/env bash
# The GPU backend compiles without NVIDIA's headers but for one file; an installed sluice::cuda builds a program by itself,
# with cuDNN as it is installed and as a pip wheel has it; what is missing, for the build or the program, is named.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

strict=("${std[@]}" "${native[@]}" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
    -fno-exceptions -fno-rtti)
for cxx in g++ clang++; do
    $cxx "${strict[@]}" -c tests/cuda/consumer/main.cpp -o "$scratch/main.o"
    echo "$cxx compiles the host's half without CUDA"
done
if grep -rlE '#include <(cuda|cudnn|cublas)' include kernels | grep -v '^kernels/sluice_kernels/cuda/library.cuh$'; then
    fail "only library.cuh knows headers of CUDA and cuDNN"
fi

{ cmake -S . -B "$scratch/build" -DSLUICE_TESTS=OFF -DSLUICE_TOOLS=OFF -DSLUICE_BENCH=OFF &&
    cmake --install "$scratch/build" --prefix "$scratch/installed"; } >"$scratch/log" 2>&1 ||
    fail "$(tail "$scratch/log")"
# configure NAME OPTION...
configure() {
    cmake -S tests/cuda/consumer -B "$scratch/$1" -DCMAKE_PREFIX_PATH="$scratch/installed" -DCMAKE_CUDA_ARCHITECTURES=87 \
        "${@:2}" >"$scratch/log" 2>&1
}
# refuses WORDS OPTION...
refuses() {
    rm -rf "$scratch/refused"
    if configure refused "${@:2}"; then fail "it is configured without $1"; fi
    tr -s ' \n' ' ' <"$scratch/log" | grep -qF "$1" || fail "it does not say '$1' but: $(tail "$scratch/log")"
    echo "without it: $1"
}
refuses "needs CUDA's compiler, nvcc, which was not found" -DCMAKE_CUDA_COMPILER=NOTFOUND

if ! nvcc=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null); then
    echo "SKIPPED: nvcc is not installed, so sluice::cuda was not built"
    exit 77
fi
# An empty folder counts as found, so that CMake does not look for another one.
refuses "needs cuDNN 9 (cudnn.h), which was not found" -DSLUICE_CUDNN_INCLUDE_DIR=
if ! configure usual; then
    grep -qF 'needs cuDNN 9' "$scratch/log" || fail "$(tail "$scratch/log")"
    echo "SKIPPED: cuDNN is not installed, so sluice::cuda was not built"
    exit 77
fi
headers=$(sed -n 's/^SLUICE_CUDNN_INCLUDE_DIR:PATH=//p' "$scratch/usual/CMakeCache.txt")
wheel=$scratch/site-packages/nvidia/cudnn
mkdir -p "$wheel/include" "$wheel/lib"
ln -s "$headers"/cudnn*.h "$wheel/include"
touch "$wheel/lib/libcudnn.so.9"
for root in "$wheel" "$scratch/site-packages"; do
    rm -rf "$scratch/wheel"
    configure wheel -DCUDNN_ROOT="$root" || fail "$(tail "$scratch/log")"
    for found in "INCLUDE_DIR:PATH=$wheel/include" "LIBRARY:FILEPATH=$wheel/lib/libcudnn.so.9"; do
        grep -qxF "SLUICE_CUDNN_$found" "$scratch/wheel/CMakeCache.txt" || fail "CUDNN_ROOT=$root: not $found"
    done
done
echo "CUDNN_ROOT takes a wheel's folders"

cmake --build "$scratch/usual" >"$scratch/log" 2>&1 || fail "$(tail "$scratch/log")"
said=$("$scratch/usual/consumer" || true)
[[ $said == "GPU 0 cannot be used: "* || $said == "a GPU with "* ]] || fail "the program says: $said"
echo "$nvcc and cuDNN build a program, which says: $said"
