#!/usr/bin/env python3
"""What a program with one ResNet-50 costs its compiler. Seconds and code are printed; memory has a bound, 1 GiB, which
boards that compile for themselves have."""
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIMIT_MIB = 1024
PROGRAM = """
#include <sluice/nets/resnet.hpp>
#include <sluice_kernels/cpu.hpp>
using Engine = sluice::Engine<sluice::nets::ResNet50<>, sluice::Cpu>;
sluice::Status load(Engine& e, std::span<const std::byte> file) { return e.load(file); }
float run(Engine& e, std::span<const float> image) { auto r = e.run(image); return r ? (*r)[0] : 0; }
"""


def compile_with(cxx, folder):
    """(seconds, MiB of the largest process so far, bytes of code)"""
    source, target = folder / "one.cpp", folder / "one.o"
    source.write_text(PROGRAM)
    start = time.monotonic()
    subprocess.run([cxx, "-std=c++20", "-O2", "-DSLUICE_QUIET", f"-I{ROOT / 'include'}", f"-I{ROOT / 'kernels'}",
                    "-fno-exceptions", "-fno-rtti", "-mavx2", "-mfma", "-c", source, "-o", target], check=True)
    seconds = time.monotonic() - start
    size = subprocess.run(["size", target], check=True, capture_output=True, text=True).stdout.splitlines()[1].split()
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, int(size[0])


def main():
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        for cxx in ("g++", "clang++"):
            seconds, worst, code = compile_with(cxx, pathlib.Path(folder))
            print(f"{cxx}: {seconds:.1f} s, at most {worst:.0f} MiB, {code} bytes of code and constants")
    if worst > LIMIT_MIB:
        print(f"GATE: a compiler took {worst:.0f} MiB, at most {LIMIT_MIB} are allowed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
