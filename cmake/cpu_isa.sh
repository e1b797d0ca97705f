#!/usr/bin/env bash
# The instruction sets of this machine.
#
#     cpu_isa.sh                   prints the widest that sluice has a sheet for
#     cpu_isa.sh ISA COMMAND...    runs the command, or says that the machine lacks ISA and exits with 77 (skipped)
set -euo pipefail

has() {
    local flag
    case $1 in
    scalar) return 0 ;;
    sse) set -- sse2 ;;
    avx2) set -- avx2 fma ;;
    avx512) set -- avx2 fma avx512f avx512bw avx512dq avx512vl ;;
    # A 64-bit kernel may run a 32-bit system, and goes on calling the same registers asimd.
    neon64) [[ $(getconf LONG_BIT) == 64 ]] && set -- asimd || return 1 ;;
    neon) [[ $(getconf LONG_BIT) == 32 ]] && set -- 'vfpv4|asimd' || return 1 ;;
    *) echo "cpu_isa.sh: no such instruction set: $1" >&2 && exit 2 ;;
    esac
    for flag; do
        grep -qsE "^(flags|Features).* ($flag)( |\$)" /proc/cpuinfo || return 1
    done
}

if [[ $# -eq 0 ]]; then
    for isa in avx512 avx2 sse neon64 neon scalar; do
        if has "$isa"; then echo "$isa" && exit 0; fi
    done
fi
isa=$1 && shift
if has "$isa"; then exec "$@"; fi
echo "SKIPPED: this processor has no $isa; nothing was checked"
exit 77
