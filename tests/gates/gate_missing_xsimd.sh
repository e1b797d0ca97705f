#!/usr/bin/env bash
# Without xsimd on the include path the compiler says what to install, and SLUICE_SCALAR does without.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The compiler's own folders, those that have xsimd replaced by links to everything else in them.
for cxx in g++ clang++; do
    without=(-nostdinc -nostdinc++) number=0
    while read -r folder; do
        if [[ -e $folder/xsimd ]]; then
            farm=$scratch/$cxx$((number++))
            mkdir "$farm"
            find "$folder" -mindepth 1 -maxdepth 1 ! -name xsimd -exec ln -s -t "$farm" {} +
            folder=$farm
        fi
        without+=(-isystem "$folder")
    done < <($cxx -x c++ -E -v /dev/null 2>&1 | sed -n '/^#include </,/^End of search/s/^ //p')
    [[ $number -gt 0 ]] || fail "$cxx finds no xsimd to take away"

    printf '#include <sluice_kernels/cpu.hpp>\nint main() {}\n' >"$scratch/main.cpp"
    compile=("$cxx" "${std[@]}" "${without[@]}" -fsyntax-only "$scratch/main.cpp")
    "$cxx" "${std[@]}" "${native[@]}" -fsyntax-only "$scratch/main.cpp"
    if "${compile[@]}" "${avx2[@]}" 2>"$scratch/said"; then fail "$cxx compiles without xsimd"; fi
    for words in 'is not on the include path' libxsimd-dev SLUICE_SCALAR; do
        grep -qF "$words" "$scratch/said" || fail "$cxx does not say '$words' but: $(cat "$scratch/said")"
    done
    errors=$(grep -c 'error:' "$scratch/said")
    echo "$cxx: $errors errors, the first: $(grep -m1 'error:' "$scratch/said")"
    grep -m1 -A0 'error:' "$scratch/said" | grep -qF 'is not on the include path' ||
        fail "$cxx: the sentence is not the first error"
    "${compile[@]}" -DSLUICE_SCALAR || fail "$cxx: SLUICE_SCALAR needs xsimd"
done
