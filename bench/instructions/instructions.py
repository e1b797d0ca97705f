#!/usr/bin/env python3
"""Counts the instructions of fixed layers under valgrind and compares them with the numbers kept beside this file.

    instructions.py --program bench_instructions [--renew]

Times are noisy where others share the machine; instructions are not. A difference of more than 3 % either way is a
failure: fewer are welcome, and to be kept by --renew. Numbers belong to a compiler; with another one nothing is compared
and the exit code is 77.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

NUMBERS = pathlib.Path(__file__).with_name("instructions.json")
TOLERANCE = 0.03
FUNCTION = "sluice_counted*"  # compilers make copies of it for each caller


def instructions(program, name):
    """How many the layer takes."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--toggle-collect={FUNCTION}",
                              f"--callgrind-out-file={folder}/out", program, name], capture_output=True, text=True)
    found = re.search(r"Collected *: *(\d+)", run.stderr)
    if run.returncode != 0 or not found or int(found[1]) == 0:
        sys.exit(f"instructions.py: valgrind counted nothing of {name}: {run.stderr.strip()[-500:]}")
    return int(found[1])


def faults(counts, kept):
    """Yields a sentence for each layer that does not take as many instructions as it did."""
    for name in counts.keys() | kept.keys():
        now, was = counts.get(name), kept.get(name)
        if now is None or was is None:
            yield f"{name}: {'no such layer' if now is None else 'no number'}; ./run instructions --renew"
        elif abs(now - was) > TOLERANCE * was:
            yield (f"{name}: {now:,} instructions, {was:,} are kept: {100 * (now / was - 1):+.1f} %, allowed "
                   f"{100 * TOLERANCE:.0f} %. If that is meant, ./run instructions --renew")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True, help="bench_instructions; ./run instructions gives it")
    parser.add_argument("--numbers", type=pathlib.Path, default=NUMBERS, metavar="FILE", help="another file of numbers")
    parser.add_argument("--renew", action="store_true", help="keep what is counted now")
    options = parser.parse_args()

    compiler, *names = subprocess.run([options.program], check=True, capture_output=True, text=True).stdout.splitlines()
    kept = json.loads(options.numbers.read_text()) if options.numbers.exists() else {"compiler": None, "layers": {}}
    if not options.renew and compiler != kept["compiler"]:
        print(f"SKIPPED: the numbers in {options.numbers.name} are those of {kept['compiler']}, this is {compiler}")
        return 77
    counts = {name: instructions(options.program, name) for name in names}
    for name, count in counts.items():
        was = kept["layers"].get(name)
        print(f"{name}: {count:,} instructions" + (f", {100 * (count / was - 1):+.2f} %" if was else ""))
    if options.renew:
        options.numbers.write_text(json.dumps({"compiler": compiler, "layers": counts}, indent=1) + "\n")
        return 0
    found = sorted(faults(counts, kept["layers"]))
    for fault in found:
        print(f"FAULT: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
