"""What compilers make of the direct convolution's largest tiles: the inner loop of each, as lines of assembly."""
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TILES = ROOT / "tests/gates/fma.cpp"

# By processor: one multiply-add of vectors, what comes once a step of the loop over channels, what must not be there.
INSTRUCTIONS = {
    "x86_64": {"fused": "vfmadd", "step": "prefetch", "product": "vmulps", "store": r"vmov[au]p[sd]\s+%[xyz]mm\d+,.*\("},
    "aarch64": {"fused": "fmla", "step": "prfm", "product": "fmul", "store": r"st[pru]+\s+q"},
    "arm": {"fused": "vfma", "step": "pld", "product": "vmul", "store": r"vst"},
}


def functions(assembly):
    """{demangled name: lines} of a compiler's -S output."""
    names = re.findall(r"^\s*\.type\s+(\S+),\s*[@%]function", assembly, re.M)
    demangled = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    found = {}
    for name, readable in zip(names, demangled.splitlines()):
        body = re.search(rf"^{re.escape(name)}:(.*?)^\s*\.size\s+{re.escape(name)},", assembly, re.M | re.S)
        found[readable] = [line.strip() for line in body.group(1).splitlines()] if body else []
    return found


def innermost_loops(lines):
    """Lines from a label to the last jump back to it, for loops that have no other inside."""
    labels, spans = {}, {}
    for i, line in enumerate(lines):
        label = re.match(r"(\.L\w+):", line)
        jump = re.match(r"(?:j\w+|b(?:\.?[a-z]{2})?|cbn?z\s+\w+,)\s+(\.L\w+)", line)
        if label:
            labels[label.group(1)] = i
        elif jump and jump.group(1) in labels:
            spans[labels[jump.group(1)]] = i
    return [lines[a:b + 1] for a, b in spans.items() if not any(a < c and d <= b for c, d in spans.items())]


def count(lines, pattern):
    return sum(re.match(pattern, line) is not None for line in lines)


def tiles(processor, compiler, storage="Float32"):
    """{(MR, NR): lines of the inner loop}. compiler: a command with its flags; storage: as storage.hpp names them."""
    what = INSTRUCTIONS[processor]
    with tempfile.TemporaryDirectory() as folder:
        # A cross compiler must see this machine's xsimd without its C library.
        pathlib.Path(folder, "xsimd").symlink_to("/usr/include/xsimd")
        assembly = subprocess.run([*compiler, "-std=c++20", "-O3", f"-I{ROOT / 'include'}", f"-I{ROOT / 'kernels'}",
                                   "-isystem", folder, "-S", TILES, "-o", "-"],
                                  capture_output=True, text=True, check=True).stdout
    found = {}
    for name, lines in functions(assembly).items():
        tile = re.search(rf"direct_tile<.*::{storage}Storage, (\d+), (\d+)>", name)
        if tile:
            # The loop over channels is the one that prefetches, once a step.
            found[tuple(map(int, tile.groups()))] = max(
                innermost_loops(lines), key=lambda loop: count(loop, what["step"]) * 1000 + count(loop, what["fused"]))
    return found
