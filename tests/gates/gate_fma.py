#!/usr/bin/env python3
"""In the inner loop of a direct tile every multiply-add is one instruction: MR * NR of them a step, no multiplication
beside them, and no sum that travels through memory."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
AVX2 = ["-mavx2", "-mfma"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"]
MUST_HAVE = {"avx2": (6, 2), "avx512": (14, 2)}


def functions(assembly):
    """{demangled name: lines} of a compiler's -S output."""
    names = re.findall(r"^\s*\.type\s+(\S+),\s*@function", assembly, re.M)
    demangled = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    found = {}
    for name, readable in zip(names, demangled.splitlines()):
        body = re.search(rf"^{re.escape(name)}:(.*?)^\s*\.size\s+{re.escape(name)},", assembly, re.M | re.S)
        found[readable] = [line.strip() for line in body.group(1).splitlines()] if body else []
    return found


def innermost_loops(lines):
    """Lines between a label and the last jump back to it, for loops that have no other inside."""
    labels, spans = {}, {}
    for i, line in enumerate(lines):
        label = re.match(r"(\.L\w+):", line)
        jump = re.match(r"j\w+\s+(\.L\w+)", line)
        if label:
            labels[label.group(1)] = i
        elif jump and jump.group(1) in labels:
            spans[labels[jump.group(1)]] = i
    return [lines[a:b] for a, b in spans.items() if not any(a < c and d <= b for c, d in spans.items())]


def count(lines, pattern):
    return sum(re.match(pattern, line) is not None for line in lines)


def check(cxx, isa, flags):
    """Yields what is wrong with the tiles; prints the counts."""
    assembly = subprocess.run([cxx, "-std=c++20", "-O3", f"-I{ROOT / 'include'}", f"-I{ROOT / 'kernels'}", *flags, "-S",
                               ROOT / "tests/gates/fma.cpp", "-o", "-"], capture_output=True, text=True, check=True).stdout
    seen = set()
    for name, lines in functions(assembly).items():
        tile = re.search(r"direct_tile<.*, (\d+), (\d+)>", name)
        if not tile:
            continue
        MR, NR = map(int, tile.groups())
        seen.add((MR, NR))
        # The loop over channels is the one that prefetches, once a step.
        loop = max(innermost_loops(lines), key=lambda loop: count(loop, "prefetch") * 1000 + count(loop, "vfmadd"))
        steps = count(loop, "prefetch")
        fused, products = count(loop, "vfmadd"), count(loop, "vmulps")
        stores = count(loop, r"vmov[au]p[sd]\s+%[xyz]mm\d+,.*\(")
        print(f"{cxx} {isa} {MR}x{NR}: {len(loop)} lines for {steps} steps, {fused} vfmadd, {products} vmulps, {stores} stores")
        if steps == 0 or fused != MR * NR * steps:
            yield f"{cxx} {isa} {MR}x{NR}: {fused} vfmadd in {steps} steps of {MR * NR}"
        if products or stores:
            yield f"{cxx} {isa} {MR}x{NR}: {products} vmulps and {stores} stores in the loop"
    if MUST_HAVE[isa] not in seen:
        yield f"{cxx} {isa}: no tile {MUST_HAVE[isa]} among {sorted(seen)}"


def main():
    faults = [fault for cxx in ("g++", "clang++") for isa, flags in (("avx2", AVX2), ("avx512", AVX512))
              for fault in check(cxx, isa, flags)]
    for fault in faults:
        print(f"GATE: {fault}")
    # SSE has no fused multiply-add, so the check must find its tiles wrong.
    if not list(check("g++", "avx2", ["-DSLUICE_QUIET"])):
        faults.append("the check passes separate multiplications and additions")
        print(f"GATE: {faults[-1]}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
