#!/usr/bin/env python3
"""What a program with one network costs: the compiler, in seconds and memory, and the program, in bytes of code and
constants above one that does nothing. Everything is printed, and everything has a bound. Seconds are those of a processor,
which neighbours change little."""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIMIT_S, LIMIT_MIB = 20, 1024  # what boards that compile for themselves have
NETWORKS = {  # type: (header, KiB of code and constants)
    "ResNet50": ("resnet", 300),
    "SqueezeNet11": ("squeezenet", 200),
}
EMPTY = "int main() {}"
PROGRAM = """
#include <sluice/io/map.hpp>
#include <sluice/nets/HEADER.hpp>
#include <sluice_kernels/cpu.hpp>
using Engine = sluice::Engine<sluice::nets::NETWORK<>, sluice::Cpu>;
alignas(64) static std::byte weights[Engine::memory.weights], activations[Engine::memory.activations];
alignas(64) static std::byte workspace[Engine::memory.workspace + 64];
static float image[Engine::input.size()];
int main(int, char** argv) {
    const auto file = sluice::io::MappedFile::open(argv[1]);
    Engine engine(sluice::Memory{weights, activations, workspace, {}});
    if (!file || !engine.load(file->bytes())) return 1;
    const auto logits = engine.run(image);
    return logits && (*logits)[0] > 0 ? 0 : 2;
}
"""


def built(cxx, source, folder):
    """(processor seconds, MiB of the compiler's largest process, KiB of .text and .rodata) of a program."""
    path, target = folder / "one.cpp", folder / "one"
    path.write_text(source)
    compiler = subprocess.Popen([cxx, "-std=c++20", "-O3", "-DSLUICE_QUIET", f"-I{ROOT / 'include'}", f"-I{ROOT / 'kernels'}",
                                 "-fno-exceptions", "-fno-rtti", "-mavx2", "-mfma", path, "-o", target])
    _, status, used = os.wait4(compiler.pid, 0)
    compiler.returncode = os.waitstatus_to_exitcode(status)
    if compiler.returncode != 0:
        sys.exit(f"GATE: {cxx} does not compile the program")
    said = subprocess.run(["size", "-A", target], check=True, capture_output=True, text=True).stdout
    size = sum(int(line.split()[1]) for line in said.splitlines() if line.startswith((".text ", ".rodata ")))
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, size / 1024


def main():
    faults = []

    def bound(what, value, limit, unit):
        if value > limit:
            faults.append(f"{what}: {value:.0f} {unit}, at most {limit} are allowed")

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for cxx in ("g++", "clang++"):
            *_, nothing = built(cxx, EMPTY, folder)
            for network, (header, limit_kib) in NETWORKS.items():
                source = PROGRAM.replace("HEADER", header).replace("NETWORK", network)
                seconds, mib, kib = built(cxx, source, folder)
                kib -= nothing
                print(f"{cxx} {network}: {kib:.1f} KiB of code and constants, compiled in {seconds:.1f} s and {mib:.0f} MiB")
                bound(f"{cxx} {network}", kib, limit_kib, "KiB")
                bound(f"{cxx} {network}", seconds, LIMIT_S, "s")
                bound(f"{cxx} {network}", mib, LIMIT_MIB, "MiB")
    for fault in faults:
        print(f"GATE: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
