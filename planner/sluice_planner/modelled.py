"""A cost file for a 32-bit ARM that nobody has measured: its times are counts of instructions, one a nanosecond.

Each primitive of the textbook's set, compiled for that machine, computes a part of each layer under qemu-user, which counts.
What caches, memory and the order of instructions cost is not in such times, so they compare ways of computing, not
machines. Layers and maps are those of a measured file of the same network.
"""
import functools
import json
import pathlib
import subprocess
import tempfile

from .failure import FAILURE, Failure
from .identity import ROOT
from .output import save

COMPILER = ["arm-linux-gnueabihf-g++", "-O3", "-mcpu=cortex-a15", "-mfpu=neon-vfpv4"]
MOST_MACS = 4 << 20  # of a layer's part: the emulator does some ten million a second
MOST_FLOATS = 1 << 18  # of a map's part
LANES = 4


def _run(command, **how):
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **how)
    except FileNotFoundError:
        raise Failure(FAILURE, f"the model needs {command[0]}, which is not installed: ./run setup installs it") from None
    if done.returncode != 0:
        raise Failure(FAILURE, f"{command[0]}: {done.stderr.strip()[:2000]}")
    return done


class Emulator:
    """The program and the plugin that counts, compiled into a folder that is as short-lived as this."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        # A cross compiler must see this machine's xsimd without its C library.
        (folder / "xsimd").symlink_to("/usr/include/xsimd")
        self.program, self.plugin, self.counts = folder / "instructions", folder / "libcount.so", {}
        _run(["gcc", "-O2", "-shared", "-fPIC", ROOT / "planner/count.c", "-o", self.plugin])
        includes = [f"-I{ROOT / name}" for name in ("include", "kernels", "apps", "bench", "tests")]
        _run([*COMPILER, "-std=c++20", "-DSLUICE_QUIET", "-static", *includes, "-isystem", folder,
              ROOT / "planner/instructions.cpp", "-o", self.program])

    def count(self, line):
        """[(name, read, written, workspace bytes, packed bytes, instructions)] of a line that instructions.cpp reads."""
        if line not in self.counts:
            done = _run(["qemu-arm", "-plugin", self.plugin, self.program], input=line)
            marks = [int(word) for word in done.stderr.split()]
            rows = [row.split() for row in done.stdout.splitlines()]
            if len(marks) != 2 * len(rows):
                raise Failure(FAILURE, f"qemu-arm: {len(rows)} primitives, but {len(marks)} marks around them")
            self.counts[line] = [(*row[:3], int(row[3]), int(row[4]), marks[2 * i + 1] - marks[2 * i])
                                 for i, row in enumerate(rows)]
        return self.counts[line]


@functools.cache
def emulator():
    """Compiled when first asked for."""
    return Emulator()


def part(kind):
    """(rows of the output, input channels) that are computed: as many as the emulator bears. Rows by twelves, which are
    whole tiles of Winograd's, of 2, 4 or 6 rows; then channels by 32."""
    (C, _, _), (K, P, Q), window = kind["input"], kind["output"], kind["window"]
    row = C // kind["groups"] * K * Q * window["R"] * window["S"]
    rows = min(P, max(12, MOST_MACS // row // 12 * 12))
    channels = C if kind["groups"] > 1 else min(C, max(32, C * MOST_MACS // (rows * row) // 32 * 32))
    return rows, channels


def _times(instructions):
    return {"median": max(1, round(instructions)), "least": max(1, round(instructions)), "spread": 0}


def _turned(shape):
    """{(source, target): instructions}"""
    C, H, W = shape
    rows = min(H, max(1, MOST_FLOATS // (C * W)))
    return {(read, written): n * H / rows for _, read, written, _, _, n in emulator().count(f"map {C} {rows} {W}\n")}


def _primitives(kind, add):
    if kind["op"] == "input":
        turned = _turned(kind["input"])
        return [{**p, "time_ns": _times(turned[p["read"], p["written"]])} for p in kind["primitives"]]
    window = kind["window"]
    if kind["op"] not in ("conv", "linear"):  # a load and an operation for each vector of a window
        vectors = window["R"] * window["S"] * -(-kind["output"][0] // LANES) * kind["output"][1] * kind["output"][2]
        return [{**p, "time_ns": _times(2 * vectors)} for p in kind["primitives"]]
    numbers = (*kind["input"], *kind["output"], window["R"], window["S"], window["stride"], *window["padding"][:2],
               kind["groups"], int(add))
    rows, channels = part(kind)

    def counted(channels):
        return emulator().count(f"conv {' '.join(map(str, numbers))} {rows} {channels}\n")

    errors = {(p["name"], p["read"], p["written"]): p["error"] for p in kind["primitives"]}
    found = []
    # With fewer channels than all, what does not depend on them is known from half of those.
    missing = (kind["input"][0] - channels) / (channels - channels // 2)
    for (*name, workspace, persistent, n), (*_, half) in zip(counted(channels), counted(channels // 2 if missing else channels)):
        whole = n + (n - half) * missing
        found.append({**dict(zip(("name", "read", "written"), name)), "time_ns": _times(whole * kind["output"][1] / rows),
                      "workspace_bytes": workspace, "persistent_bytes": persistent, "error": errors[tuple(name)]})
    return found


def write(measured, path):
    """The cost file at `path`, of the network of the file `measured`."""
    file = json.loads(pathlib.Path(measured).read_text(encoding="utf-8"))
    file["basis"] = "modelled"
    version = _run([COMPILER[0], "-dumpfullversion"]).stdout.strip()
    file["machine"] = {"cpu": "instructions of ARMv7, one a nanosecond", "isa": "neon", "compiler": f"gcc {version}",
                       "flags": " ".join(COMPILER[1:]), "threads": 1}
    adds = {layer["kind"] for layer in file["layers"] if layer["shortcut"] is not None}
    for i, kind in enumerate(file["kinds"]):
        kind["primitives"] = kind["primitives"] and _primitives(kind, i in adds)
    for entry in file["maps"]:
        turned = _turned(entry["shape"])
        for c in entry["conversions"]:
            c["time_ns"] = _times(turned[c["source"], c["target"]])
    save("--folder", path, json.dumps(file))
