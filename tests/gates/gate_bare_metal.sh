#!/usr/bin/env bash
# A board without an operating system: core, kernels, one network and its weights link to a complete program that has no
# heap, thread, file, exception or constructor in it. An emulator runs it to the class that this machine finds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if ! command -v arm-none-eabi-g++ >/dev/null; then
    echo "SKIPPED: arm-none-eabi-g++ is not installed, no bare-metal program was built; ./run setup installs it"
    exit 77
fi
forbidden='^(operator (new|delete).*|_*(malloc|calloc|realloc|free|sbrk)(_r)?|_*pthread.*|_*f?open(_r)?|_*f?write(_r)?|.*printf.*|__cxa_(throw|allocate_exception|guard_acquire|atexit)|std::__throw.*|_Unwind.*|typeinfo.*|abort|_exit)$'

# offences PROGRAM: symbols that must not be there, and code to be run before the program.
offences() {
    arm-none-eabi-nm -C "$1" | sed -E 's/^[0-9a-f ]* [A-Za-z] //' | grep -E "$forbidden" || true
    arm-none-eabi-objdump -h "$1" | grep -oE '\.(init|fini)_array' || true
}

cat >"$scratch/self.cpp" <<'CODE'
#include <cstdio>
struct Early { int* p; Early() : p(new int[9]) {} } early;
int main() { return std::fopen("x", "r") == nullptr; }
CODE
arm-none-eabi-g++ --specs=nosys.specs "$scratch/self.cpp" -o "$scratch/self" 2>/dev/null
offences "$scratch/self" >"$scratch/said"
for bad in malloc 'operator new\[\]' fopen .init_array; do
    grep -q "^$bad" "$scratch/said" || fail "the check does not see $bad"
done

# The same weights and image on this machine.
g++ "${std[@]}" -Iapps -O1 -DSLUICE_QUIET tests/gates/write_weights.cpp -o "$scratch/write_weights"
"$scratch/write_weights" "$scratch/weights"
g++ "${std[@]}" -O2 "${native[@]}" tests/consumer/main.cpp tests/consumer/inference.cpp -o "$scratch/hosted"
class=$("$scratch/hosted" "$scratch/weights" | sed -n 's/^class //p')

printf '.section .rodata\n.balign 64\n.global weights_begin, weights_end\nweights_begin: .incbin "%s"\nweights_end:\n' \
    "$scratch/weights" >"$scratch/weights.s"
mkdir "$scratch/header_only" && ln -s /usr/include/xsimd "$scratch/header_only/"  # without this machine's C library
# qemu-user 7.2 starts no Cortex-M; "max" knows all of its instructions.
for board in 'cortex-m7 fpv5-d16 max' 'cortex-a7 neon-vfpv4 cortex-a7'; do
    read -r cpu fpu emulated <<<"$board"
    # No start files, no syscalls: what newlib would ask of an operating system fails to link. gnu++20, since xsimd names
    # posix_memalign, which newlib hides from strict C++.
    arm-none-eabi-g++ "${std[@]}" -std=gnu++20 -isystem "$scratch/header_only" -Itests/consumer "${warnings[@]}" -Wno-psabi -O2 \
        -mcpu="$cpu" -mfpu="$fpu" -mfloat-abi=hard -fno-exceptions -fno-rtti -nostartfiles -Wl,--entry=start \
        tests/gates/bare_metal.cpp tests/consumer/inference.cpp "$scratch/weights.s" -o "$scratch/$cpu"
    found=$(offences "$scratch/$cpu")
    [[ -z $found ]] || fail "$cpu: the program has"$'\n'"$found"
    arm-none-eabi-size "$scratch/$cpu" | awk -v cpu="$cpu" -v weights="$(stat -c %s "$scratch/weights")" \
        'NR == 2 { printf "%s: %d bytes of code and constants, %d of weights, %d of data, %d of zeros\n", cpu, $1 - weights, weights, $2, $3 }'
    if command -v qemu-arm >/dev/null; then
        rc=0 && qemu-arm -cpu "$emulated" "$scratch/$cpu" || rc=$?
        [[ $rc == "$class" ]] || fail "$cpu: the program ends with $rc, on this machine the class is $class"
        echo "$cpu: class $rc under qemu-arm, as on this machine"
    else
        echo "SKIPPED: qemu-arm is not installed, the program for $cpu was linked but not run"
    fi
done
