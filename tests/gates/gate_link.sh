#!/usr/bin/env bash
# Two files of one program, compiled for different instruction sets, share no function of the library: on a machine
# without the wider one, the linker must not have kept its copy.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

g++ "${std[@]}" -Iapps -O1 tests/gates/write_weights.cpp -o "$scratch/write_weights" 2>/dev/null
"$scratch/write_weights" "$scratch/weights"

# shared A B: functions and data that the linker would keep one of, whoever made them.
shared() {
    comm -12 <(nm --defined-only "$1" | sed -nE 's/^[0-9a-f]* [WVu] //p' | sort) \
        <(nm --defined-only "$2" | sed -nE 's/^[0-9a-f]* [WVu] //p' | sort) | sed '/^DW.ref/d' | c++filt
}

echo 'namespace sluice { template <class T> [[gnu::noinline]] T same(T x) { return x + 1; } }
      int FUNCTION(int x) { return sluice::same(x); }' >"$scratch/self.cpp"
for half in narrow wide; do g++ -O2 -DFUNCTION=$half -c "$scratch/self.cpp" -o "$scratch/self_$half.o"; done
[[ $(shared "$scratch/self_narrow.o" "$scratch/self_wide.o") == *sluice::same* ]] || fail "the check sees no shared function"

for cxx in g++ clang++; do
    compile=("$cxx" "${std[@]}" -O2 "${warnings[@]}")
    "${compile[@]}" "${sse[@]}" -DLOGITS=narrow -c tests/gates/link_part.cpp -o "$scratch/narrow.o"
    "${compile[@]}" -c tests/gates/link_main.cpp -o "$scratch/main.o"
    for kind in avx2 avx512; do
        declare -n flags=$kind
        "${compile[@]}" "${flags[@]}" -DLOGITS=wide -c tests/gates/link_part.cpp -o "$scratch/wide.o"
        found=$(shared "$scratch/narrow.o" "$scratch/wide.o")
        [[ -z $found ]] || fail "$cxx: the parts for sse and $kind share"$'\n'"$found"
        untagged=$(nm -C --defined-only "$scratch/wide.o" | sed -nE 's/^[0-9a-f]* [A-Za-z] //p' | grep '^sluice::' |
            grep -v "^sluice::$kind::" || true)
        [[ -z $untagged ]] || fail "$cxx: symbols without the tag $kind:"$'\n'"$untagged"
        # Either order of the objects: the linker keeps the first copy that it meets.
        for order in 'narrow wide' 'wide narrow'; do
            read -r first second <<<"$order"
            $cxx "$scratch/main.o" "$scratch/$first.o" "$scratch/$second.o" -o "$scratch/program"
            parts=both
            if ! cmake/cpu_isa.sh $kind true >/dev/null; then
                parts=narrow
                echo "SKIPPED: this processor has no $kind, that half is linked but not run"
            fi
            "$scratch/program" "$scratch/weights" $parts >"$scratch/said" || fail "$cxx, sse and $kind: $(cat "$scratch/said")"
        done
        echo "$cxx: sse and $kind in one program: $(cat "$scratch/said")"
    done
done
