#!/usr/bin/env python3
"""Include lines point the way that docs/design.md says: core <- graph <- nets, gate, plan, io <- packed_weights
<- engine; core <- power; kernels use core
and graph; include/ knows no kernel; one header knows xsimd; nothing knows tests and apps but they themselves."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SIMD = "kernels/sluice_kernels/isa/simd.hpp"
POSIX = {"include/sluice/io/map.hpp": {"fcntl.h", "sys/mman.h", "sys/stat.h", "unistd.h"},  # what looks at the system,
         "include/sluice/host_memory.hpp": {"sys/mman.h"},                                  # none of it in the core
         "include/sluice/threads/openmp.hpp": {"omp.h"},
         "include/sluice/power/files.hpp": {"fcntl.h", "sys/syscall.h", "unistd.h"},
         "include/sluice/power/nvml.hpp": {"dlfcn.h"}}
ANY = None

# What a room, or a header outside of one, may include: rooms and headers of include/sluice/.
MAY = {
    "core": {"core"},
    "graph": {"core", "graph"},
    "nets": {"core", "graph", "nets"},
    "gate": {"core", "graph", "gate"},
    "plan": {"core", "graph", "plan"},
    "plans": {"core", "graph", "plan", "plans"},
    "io": {"core", "graph", "io", "version.hpp"},
    "threads": {"core"},
    "power": {"core", "power"},
    "version.hpp": set(),
    "host_memory.hpp": {"core"},
    "packed_weights.hpp": {"core", "graph", "gate", "io"},
    "engine.hpp": {"core", "graph", "gate", "io", "plan", "packed_weights.hpp"},
    "sluice.hpp": ANY,
    "kernels": {"core", "graph"},
    "cpu.hpp": {"core", "graph", "engine.hpp"},
    "cuda": {"core", "graph", "gate", "io", "engine.hpp", "packed_weights.hpp"},
}


def fault(path, bracket, target):
    """Why the file may not include the target, or None."""
    top, _, rest = path.partition("/")
    if top not in ("include", "kernels"):
        return None
    if bracket == "<":
        if target.startswith("xsimd/") or target.endswith("intrin.h") or target == "arm_neon.h":
            return None if path == SIMD else f"only {SIMD} knows xsimd and intrinsics"
        if re.fullmatch("[a-z_0-9]+", target) or target in POSIX.get(path, ()):
            return None
        return "is no header of the C++ standard library"
    name = rest.split("/")[1]  # a backend is an engine's half, not a kernel
    room = name if top == "include" or name == "cpu.hpp" else "cuda" if name in ("cuda", "cuda.hpp") else "kernels"
    if room not in MAY:
        return f"gate_includes.py has no rule for {room}"
    library, _, inner = target.partition("/")
    if library == "sluice_kernels" and top == "kernels":
        return None if (ROOT / "kernels" / target).is_file() else "no such header"
    if library != "sluice" or not (ROOT / "include" / target).is_file():
        return f"{top}/ includes its own headers and those below, by their full names"
    used = inner.split("/")[0]
    return None if MAY[room] is ANY or used in MAY[room] else f"{room} does not use {used}"


def faults(path, lines):
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        why = found and fault(path, *found.groups())
        if why:
            yield f"{path}:{number}: {line.strip()}: {why}"


def self_check():
    bad = {"include/sluice/core/x.hpp": "sluice/graph/node.hpp", "include/sluice/graph/x.hpp": "sluice/nets/resnet.hpp",
           "include/sluice/io/x.hpp": "sluice/gate/mask.hpp", "include/sluice/engine.hpp": "sluice_kernels/cpu.hpp",
           "include/sluice/nets/x.hpp": "sluice/engine.hpp", "kernels/sluice_kernels/direct/x.hpp": "sluice/engine.hpp",
           "kernels/sluice_kernels/x.hpp": "network.hpp", "include/sluice/new_room/x.hpp": "sluice/core/text.hpp",
           "include/sluice/power/x.hpp": "sluice/graph/node.hpp", "include/sluice/graph/y.hpp": "sluice/power/model.hpp"}
    angled = {"include/sluice/core/x.hpp": "xsimd/xsimd.hpp", "kernels/sluice_kernels/cpu.hpp": "immintrin.h",
              "include/sluice/core/text.hpp": "doctest/doctest.h", "include/sluice/power/model.hpp": "dlfcn.h"}
    lines = [(p, f'#include "{t}"') for p, t in bad.items()] + [(p, f"#include <{t}>") for p, t in angled.items()]
    return [f"the check passes {line} in {path}" for path, line in lines if not list(faults(path, [line]))]


def main():
    files = sorted(p for room in ("include", "kernels") for p in (ROOT / room).rglob("*.hpp"))
    found = self_check()
    for path in files:
        found += faults(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8").splitlines())
    for line in found:
        print(f"GATE: {line}")
    print(f"{len(files)} headers, {len(found)} wrong include lines")
    return 1 if found or len(files) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
