#!/usr/bin/env bash
# The core has no heap, exceptions, RTTI, output or statics: what a program with one network asks of the linker.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

flags=("${std[@]}" -O2 "${native[@]}" "${warnings[@]}" -fno-exceptions -fno-rtti)
heap='operator (new|delete)|(malloc|calloc|realloc|free|aligned_alloc|posix_memalign)$'
exceptions='__cxa_(throw|allocate_exception|begin_catch|guard_acquire|atexit)|std::__throw|__gxx_personality|_Unwind|typeinfo'
output='printf|puts$|putchar$|fwrite$|fputc$|std::(cout|cerr|clog|basic_ostream)|std::ios_base'

# offences OBJECT: undefined symbols that must not be there, and data of the library that a program could write to.
offences() {
    nm -C --undefined-only "$1" | sed 's/^ *[A-Za-z] //' | grep -E "$heap|$exceptions|$output" || true
    # A constant table of functions is in .data.rel.ro, which is read-only once a program has started.
    objdump -tC "$1" | grep -vF .data.rel.ro | grep -E '[[:space:]]\.t?(bss|data)[^[:space:]]*[[:space:]].*sluice::' || true
}

cat >"$scratch/self.cpp" <<'CODE'
#include <cstdio>
#include <cstdlib>
namespace sluice { int counter; }
void* heap(std::size_t n) { std::puts("x"); return n > 9 ? new char[n] : std::malloc(n); }
int once() { static int value = std::rand(); return value; }
void thrower() { throw 1; }
CODE
g++ -std=c++20 -O2 -c "$scratch/self.cpp" -o "$scratch/self.o"
for bad in 'operator new' malloc puts __cxa_throw __cxa_guard_acquire sluice::counter; do
    offences "$scratch/self.o" | grep -qF "$bad" || fail "the check does not see $bad"
done

for cxx in g++ clang++; do
    for part in inference governor; do
        $cxx "${flags[@]}" -c "tests/consumer/$part.cpp" -o "$scratch/$part.o"
        found=$(offences "$scratch/$part.o")
        [[ -z $found ]] || fail "$cxx: tests/consumer/$part.cpp needs"$'\n'"$found"
        echo "$cxx, $part: $(nm --undefined-only "$scratch/$part.o" | sed 's/^ *U //' | sort | paste -sd' ')"
    done
done
