"""How long a network really takes by a plan: its header is compiled into a program that times it."""
import os
import pathlib
import shlex
import subprocess
import tempfile
from dataclasses import dataclass, fields

from .failure import FAILURE, USAGE, VERIFICATION, Failure
from .identity import ROOT


def this_cpu():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return found.get("model name") or found.get("Model") or "unknown"


@dataclass(frozen=True)
class Frames:
    least_ms: float
    median_ms: float       # of the quietest turn
    workspace_bytes: int   # of all threads
    persistent_bytes: int  # packed weights


@dataclass(frozen=True)
class Measured:
    whole: Frames    # by the plan with whole maps, as its costs were measured
    strips: Frames   # by the plan with strips
    default: Frames  # by the default plan
    layers_ms: float  # the plan's layers one by one, in turns with whole frames: the median of their sum
    of_layers: float  # the median of a frame's time in those of the sum beside it


ROUNDS = 3  # as costs are of; the quietest counts, since whatever else a machine does only ever makes it slower


def quietest(rounds):
    """The least of each number in several Measured, but the median of the ratios."""
    def least(frames):
        return Frames(*(min(getattr(f, field.name) for f in frames) for field in fields(Frames)))
    ratios = sorted(m.of_layers for m in rounds)
    return Measured(least([m.whole for m in rounds]), least([m.strips for m in rounds]), least([m.default for m in rounds]),
                    min(m.layers_ms for m in rounds), ratios[len(ratios) // 2])


def _frames(line):
    least, median, workspace, persistent = line.split()
    return Frames(float(least), float(median), int(workspace), int(persistent))


def compiled(costs, header, name, program):
    """Makes the program that times the plan in the header's text; on the machine that the costs are of."""
    if costs.machine["cpu"] != this_cpu():
        raise Failure(USAGE, f"--measure: the costs are of {costs.machine['cpu']}, this machine is {this_cpu()}")
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "plan.hpp").write_text(header, encoding="utf-8")
        compiler = [*shlex.split(os.environ.get("CXX", "g++")), "-std=c++20", *shlex.split(costs.machine["flags"])]
        if costs.machine["isa"] == "scalar":
            compiler.append("-DSLUICE_SCALAR")
        built = subprocess.run([*compiler, "-DSLUICE_QUIET", '-DPLAN_HEADER="plan.hpp"', f"-DPLAN_TYPE={name}",
                                *(f"-I{d}" for d in (folder, ROOT / "include", ROOT / "kernels", ROOT / "apps")),
                                *(ROOT / f for f in ("planner/measure.cpp", "apps/machine.cpp", "apps/sysfs.cpp")), "-o", program, "-pthread"],
                               capture_output=True, text=True)
        if built.returncode != 0:
            raise Failure(FAILURE, f"--measure: the plan does not compile: {built.stderr.strip()[:2000]}")


def run(program):
    """One round."""
    ran = subprocess.run([program], capture_output=True, text=True)
    if ran.returncode != 0:
        raise Failure(VERIFICATION if ran.returncode == VERIFICATION else FAILURE, f"--measure: {ran.stderr.strip()}")
    *plans, layers = ran.stdout.splitlines()
    return Measured(*map(_frames, plans), *map(float, layers.split()))


def measure(costs, header, name):
    """Of one plan, all rounds."""
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "measure"
        compiled(costs, header, name, program)
        return quietest([run(program) for _ in range(ROUNDS)])
