#!/usr/bin/env bash
# Every header compiles alone, twice in one file, without exceptions and RTTI. The list is what lies in the folders.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# alone HEADER [FLAG...]: with all instruction sets, for the headers of their sheets, and OpenMP for that of its executor.
alone() {
    local header=$1 && shift
    printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
        g++ "${std[@]}" "${avx512[@]}" "${warnings[@]}" -fopenmp -fno-exceptions -fno-rtti "$@" -fsyntax-only -x c++ -
}

mkdir "$scratch/self"
echo 'inline std::string name() { return {}; }' >"$scratch/self/lacks_an_include.hpp"
echo 'inline int twice() { return 2; }' >"$scratch/self/lacks_a_guard.hpp"
for bad in lacks_an_include lacks_a_guard; do
    if alone $bad.hpp "-I$scratch/self" 2>/dev/null; then fail "the check passes a header that $bad"; fi
done

mapfile -t headers < <(cd include && find . -name '*.hpp' | sort && cd ../kernels && find . -name '*.hpp' | sort)
[[ ${#headers[@]} -gt 40 ]] || fail "only ${#headers[@]} headers found"
running=0
for header in "${headers[@]#./}"; do
    alone "$header" || { echo "GATE: $header does not compile alone" && touch "$scratch/wrong"; } &
    if ((++running >= $(nproc))); then wait -n; fi
done
wait
[[ ! -e $scratch/wrong ]] || exit 1
echo "${#headers[@]} headers compile alone"
