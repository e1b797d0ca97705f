"""How long a network really takes by a plan: its header is compiled into a program that times it."""
import os
import pathlib
import shlex
import subprocess
import tempfile
from dataclasses import dataclass

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


def _frames(line):
    least, median, workspace, persistent = line.split()
    return Frames(float(least), float(median), int(workspace), int(persistent))


def measure(costs, header, name):
    """Of the plan in the header's text; on the machine that the costs are of."""
    if costs.machine["cpu"] != this_cpu():
        raise Failure(USAGE, f"--measure: the costs are of {costs.machine['cpu']}, this machine is {this_cpu()}")
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "plan.hpp").write_text(header, encoding="utf-8")
        compiler = [*shlex.split(os.environ.get("CXX", "g++")), "-std=c++20", *shlex.split(costs.machine["flags"])]
        if costs.machine["isa"] == "scalar":
            compiler.append("-DSLUICE_SCALAR")
        built = subprocess.run([*compiler, "-DSLUICE_QUIET", '-DPLAN_HEADER="plan.hpp"', f"-DPLAN_TYPE={name}",
                                *(f"-I{d}" for d in (folder, ROOT / "include", ROOT / "kernels", ROOT / "apps")),
                                ROOT / "planner/measure.cpp", "-o", f"{folder}/measure", "-pthread"],
                               capture_output=True, text=True)
        if built.returncode != 0:
            raise Failure(FAILURE, f"--measure: the plan does not compile: {built.stderr.strip()[:2000]}")
        ran = subprocess.run([f"{folder}/measure"], capture_output=True, text=True)
        if ran.returncode != 0:
            raise Failure(VERIFICATION if ran.returncode == VERIFICATION else FAILURE, f"--measure: {ran.stderr.strip()}")
    *plans, layers = ran.stdout.splitlines()
    return Measured(*map(_frames, plans), *map(float, layers.split()))
