#!/usr/bin/env bash
# 700 nodes stay within the default limits of constant evaluation, with either compiler and every instruction set.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

wrong=0
for cxx in g++ clang++; do
    for kind in scalar sse avx2 avx512; do
        flags=(-DSLUICE_SCALAR)
        if [[ $kind != scalar ]]; then declare -n flags_of=$kind && flags=("${flags_of[@]}"); fi
        if $cxx "${std[@]}" "${flags[@]}" -fsyntax-only tests/gates/limits.cpp 2>"$scratch/said"; then
            echo "$cxx $kind: fits"
        else
            wrong=1
            echo "GATE: $cxx $kind: $(grep -m1 'error:' "$scratch/said")"
            grep -m2 -E 'limit|note: in call' "$scratch/said" || true
        fi
    done
done
exit $wrong
