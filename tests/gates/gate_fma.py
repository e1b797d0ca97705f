#!/usr/bin/env python3
"""In the inner loop of a direct tile every multiply-add is one instruction: MR * NR of them a step, for each column of its
window, no multiplication beside them, and no sum that travels through memory."""
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
from assembly import INSTRUCTIONS, count, tiles  # noqa: E402

AVX2 = ["-mavx2", "-mfma"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"]
NEON = ["-mfpu=neon-vfpv4"]
# Per instruction set: floats in a vector, processor, compilers with their flags, a tile that must be there.
CHECKED = {
    "avx2": (8, "x86_64", [["g++", *AVX2], ["clang++", *AVX2]], (6, 2)),
    "avx512": (16, "x86_64", [["g++", *AVX512], ["clang++", *AVX512]], (14, 2)),
    "neon64": (4, "aarch64", [["aarch64-linux-gnu-g++"], ["aarch64-linux-gnu-g++", "-mcpu=cortex-a72"]], (10, 2)),
    "neon": (4, "arm", [["arm-linux-gnueabihf-g++", *NEON], ["arm-linux-gnueabihf-g++", *NEON, "-mcpu=cortex-a15"]], (4, 2)),
}
# Of those that have them, the other ways to store weights: columns of the window, and a tile that must be there.
OTHERS = {
    "avx2": {"Paired": (1, (6, 2)), "Sliding": (3, (11, 1))},
    "avx512": {"Paired": (1, (14, 2)), "Sliding": (3, (16, 1))},
}


def check(isa, width, processor, compiler, must_have, storage="Float32", window=1):
    """Yields what is wrong with the tiles; prints the counts."""
    seen = tiles(processor, compiler, storage)
    who = f"{compiler[0]} {isa} {storage}"
    for (MR, NR), loop in seen.items():
        n = {what: count(loop, pattern) for what, pattern in INSTRUCTIONS[processor].items()}
        # A step is known by what it fetches: one cache line, or, in tiles of few pixels, all of its weights.
        n["step"] //= -(-NR * width * 4 // 64) if MR <= 4 else 1
        print(f"{who} {MR}x{NR}: {len(loop)} lines for {n['step']} steps, {n['fused']} multiply-adds, {n['product']} products, "
              f"{n['store']} stores")
        wanted = window * MR * NR
        if n["step"] == 0 or n["fused"] != wanted * n["step"]:
            yield f"{who} {MR}x{NR}: {n['fused']} multiply-adds in {n['step']} steps of {wanted}"
        if n["product"] or n["store"]:
            yield f"{who} {MR}x{NR}: {n['product']} products and {n['store']} stores in the loop"
    if must_have not in seen:
        yield f"{who}: no tile {must_have} among {sorted(seen)}"


def main():
    faults = []
    for isa, (width, processor, compilers, must_have) in CHECKED.items():
        for compiler in compilers:
            if shutil.which(compiler[0]):
                faults += check(isa, width, processor, compiler, must_have)
                for storage, (window, tile) in OTHERS.get(isa, {}).items():
                    faults += check(isa, width, processor, compiler, tile, storage, window)
            else:
                print(f"SKIPPED: {compiler[0]} is not installed, {isa} was not checked; ./run setup installs it")
    for fault in faults:
        print(f"GATE: {fault}")
    # SSE has no fused multiply-add, so the check must find its tiles wrong.
    if not list(check("sse", 4, "x86_64", ["g++", "-DSLUICE_QUIET"], (6, 2))):
        faults.append("the check passes separate multiplications and additions")
        print(f"GATE: {faults[-1]}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
