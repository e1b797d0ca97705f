#!/usr/bin/env bash
# A program of somebody else's builds and runs by every road: bare -I, add_subdirectory, FetchContent, an installed CMake
# package and pkg-config. Their warnings are errors there, and there are no exceptions and no RTTI.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

strict=(-std=c++20 -O2 "${native[@]}" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
    -fno-exceptions -fno-rtti)
sources=(tests/consumer/main.cpp tests/consumer/inference.cpp)
choosing=(tests/consumer/choose.cpp tests/consumer/governor.cpp)

g++ "${std[@]}" -Iapps -O1 tests/gates/write_weights.cpp -o "$scratch/write_weights" 2>/dev/null
"$scratch/write_weights" "$scratch/weights"
works() {
    "$@" "$scratch/weights" >"$scratch/said" || fail "$1: $(cat "$scratch/said")"
    grep -qx 'class [0-9]' "$scratch/said" || fail "$1 says $(cat "$scratch/said")"
}
chooses() {
    "$1" >"$scratch/chosen" || fail "$1: $(cat "$scratch/chosen")"
    grep -qx 'levels 2 1 -1' "$scratch/chosen" || fail "$1 says $(cat "$scratch/chosen")"
}

for cxx in g++ clang++; do
    $cxx "${strict[@]}" -Iinclude -Ikernels "${sources[@]}" -o "$scratch/bare_$cxx"
    $cxx "${strict[@]}" -Iinclude "${choosing[@]}" -ldl -o "$scratch/choose_$cxx"
    chooses "$scratch/choose_$cxx"
    works "$scratch/bare_$cxx"
    echo "bare -I with $cxx: $(head -n1 "$scratch/said")"
done
# With exceptions and RTTI, without optimisation, with the portable kernels and no xsimd in sight.
g++ -std=c++20 -DSLUICE_SCALAR -Iinclude -Ikernels "${sources[@]}" -o "$scratch/scalar"
works "$scratch/scalar"

# cmake_road NAME OPTION...
cmake_road() {
    local name=$1 && shift
    { cmake -S tests/consumer -B "$scratch/$name" -DROAD="$name" "$@" && cmake --build "$scratch/$name"; } \
        >"$scratch/log" 2>&1 || fail "road $name: $(tail -n 20 "$scratch/log")"
    works "$scratch/$name/consumer"
    chooses "$scratch/$name/choose"
    echo "road $name works"
}
cmake_road subdirectory
cmake_road fetch

# Installed, then moved: nothing in the package may know where it was built.
{ cmake -S . -B "$scratch/build" -DSLUICE_TESTS=OFF -DSLUICE_TOOLS=OFF -DSLUICE_BENCH=OFF &&
    cmake --install "$scratch/build" --prefix "$scratch/installed"; } >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
mv "$scratch/installed" "$scratch/moved"
if grep -rlF -e "$PWD" -e "$scratch/installed" "$scratch/moved"; then fail "the installed files above name a folder"; fi
cmake_road package -DCMAKE_PREFIX_PATH="$scratch/moved"
if command -v pkg-config >/dev/null; then
    read -ra flags < <(PKG_CONFIG_PATH="$scratch/moved/share/pkgconfig" pkg-config --cflags sluice)
    g++ "${strict[@]}" "${flags[@]}" "${sources[@]}" -o "$scratch/pkg_config"
    works "$scratch/pkg_config"
    g++ "${strict[@]}" "${flags[@]}" "${choosing[@]}" -ldl -o "$scratch/choose_pkg_config"
    chooses "$scratch/choose_pkg_config"
    echo "road pkg-config works"
else
    fail "pkg-config is not installed; ./run setup installs it"
fi
