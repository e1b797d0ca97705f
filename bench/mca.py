#!/usr/bin/env python3
"""What the direct convolution's inner loops cost on boards that are not at hand: LLVM's machine code analyser runs the
compiler's output on its model of the core, with every load a hit in L1. Prints a table; --write FILE puts it between
the file's marks."""
import argparse
import json
import pathlib
import re
import subprocess
import sys

import document
from assembly import INSTRUCTIONS, count, tiles

MCA = "llvm-mca-19"  # the Neoverse N1 appeared in 16
AARCH64 = ("aarch64", ["aarch64-linux-gnu-g++"], ["-mtriple=aarch64"], "fmla v{}.4s, v30.4s, v31.4s", 30)
ARMV7 = ("arm", ["arm-linux-gnueabihf-g++", "-mfpu=neon-vfpv4"], ["-mtriple=armv7", "-mattr=+neon,+vfp4"],
         "vfma.f32 q{}, q14, q15", 14)
# Core, what it is compiled for, which of LLVM's processors stands for it.
CORES = [
    ("Cortex-A72", AARCH64, "cortex-a72", "cortex-a72"),
    ("Cortex-A76", AARCH64, "cortex-a76", "neoverse-n1"),
    ("Cortex-A15", ARMV7, "cortex-a15", "cortex-a15"),
]
ITERATIONS = 1000


def analysed(lines, flags, model):
    """(cycles of one iteration, busiest unit, its share of the cycles)"""
    run = subprocess.run([MCA, "-json", f"-mcpu={model}", f"-iterations={ITERATIONS}", *flags], input="\n".join(lines) + "\n",
                         capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"mca.py: {MCA} for {model}: {run.stderr.strip()}")
    answer = json.loads(run.stdout)
    region = answer["CodeRegions"][0]
    cycles = region["SummaryView"]["TotalCycles"] / ITERATIONS
    # The last entry of the list, after all instructions, is their sum.
    usage = [(use["ResourceUsage"], answer["TargetInfo"]["Resources"][use["ResourceIndex"]])
             for use in region["ResourcePressureView"]["ResourcePressureInfo"]
             if use["InstructionIndex"] == len(region["Instructions"])]
    usage.append((region["SummaryView"]["TotaluOps"] / ITERATIONS / region["SummaryView"]["DispatchWidth"], "dispatch"))
    busy, unit = max(usage)
    return cycles, re.sub(r"\..*", "", unit, flags=re.S), busy / cycles


def table():
    yield "| core | tile | instructions a step | FMAs a cycle | of the peak | busiest unit |"
    yield "|---|---|---|---|---|---|"
    for core, (processor, compiler, flags, fma, registers), cpu, model in CORES:
        # As many independent chains as there are registers beside the factors.
        peak_cycles, _, _ = analysed([fma.format(i) for i in range(registers)], flags, model)
        peak = registers / peak_cycles
        for (MR, NR), loop in sorted(tiles(processor, [*compiler, f"-mcpu={cpu}"]).items()):
            steps, fused = (count(loop, INSTRUCTIONS[processor][what]) for what in ("step", "fused"))
            cycles, unit, busy = analysed(loop, flags, model)
            instructions = count(loop, r"[a-z]") / steps
            yield (f"| {core} | {MR} × {NR} | {instructions:.0f}, {fused / steps:.0f} of them FMAs | {fused / cycles:.2f} | "
                   f"{100 * fused / cycles / peak:.0f} % of {peak:.1f} | {unit}, {100 * busy:.0f} % of the time |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    lines = "\n".join(table())
    print(lines)
    if options.write:
        document.put(options.write, "<!-- ./run mca -->", lines)


if __name__ == "__main__":
    main()
