# shellcheck shell=bash
# What the gates share: `source common.sh` gives the checkout as the working folder, a folder of its own that goes away,
# the compilers, and one way to fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

std=(-std=c++20 -Iinclude -Ikernels)
# shellcheck disable=SC2034  # used by the gates
warnings=(-Wall -Wextra -Wshadow -Werror)
sse=(-DSLUICE_QUIET)
avx2=(-mavx2 -mfma)
avx512=("${avx2[@]}" -mavx512f -mavx512bw -mavx512dq -mavx512vl)
isa=$(cmake/cpu_isa.sh)
case $isa in
avx512) native=("${avx512[@]}") ;;
avx2) native=("${avx2[@]}") ;;
sse) native=("${sse[@]}") ;;
neon64) native=() ;;
neon) native=(-mfpu=neon-vfpv4) ;;
*) native=(-DSLUICE_SCALAR) ;;
esac
: "${std[@]}" "${native[@]}"

fail() { printf 'GATE: %s\n' "$*" && exit 1; }

for cxx in g++ clang++; do
    command -v $cxx >/dev/null || fail "$cxx is not installed; ./run setup installs it"
done
