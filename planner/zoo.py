#!/usr/bin/env python3
"""Ready plans for this machine's instruction set: measures what has not been measured yet, plans each network for the least
time, compiles the plan, times it beside the default one, and writes it into include/sluice/plans/. Prints Markdown.

    ./run plan --zoo --write
    ./run plan --zoo --networks squeezenet1_1,resnet50 --threads 1
"""
import argparse
import pathlib
import re
import sys
import tempfile

from sluice_planner import choose, cost_file, header, measure, profiling
from sluice_planner.failure import Failure
from sluice_planner.identity import ROOT
from sluice_planner.limits import Limits
from sluice_planner.output import save
from sluice_planner.problem import Problem

NETWORKS = "squeezenet1_1,mobilenet_v1,mobilenet_v2,googlenet,resnet18,resnet50,vgg16,resnet20_cifar_b,resnet56_cifar,resnet152_cifar"
PLANS = ROOT / "include/sluice/plans"
MARK = "<!-- ./run plan --zoo -->"
HEAD = """// THE list of ready plans, one for each network, instruction set and number of threads that `./run plan --zoo` was run
// for; it writes this file.
#pragma once
"""


def say(line):
    print(line, file=sys.stderr, flush=True)


def planned(options, folder):
    """Of each network and number of threads: costs, the best plan and its evaluation, the program that times it."""
    for threads in options.threads:
        for network in options.networks:
            costs = cost_file.read(profiling.measured(options.program, options.folder, network, "all", threads), network, options.time)
            found = choose.best(Problem(costs), Limits(), "time")
            if found is None:
                raise choose.explain(Problem(costs), Limits(), None)
            name, program = header.type_name(costs), pathlib.Path(folder) / f"{network}x{threads}"
            say(f"{network}, threads: {threads}: compiling")
            measure.compiled(costs, header.text(costs, *found, name), name, program)
            yield costs, found, program


def measured(options):
    """Writes all headers: (costs, Evaluation, Measured). Rounds through all networks, so that one whose turn comes in a bad
    minute has another one."""
    with tempfile.TemporaryDirectory() as folder:
        plans, rounds = list(planned(options, folder)), []
        for i in range(measure.ROUNDS):
            say(f"frames, round {i + 1} of {measure.ROUNDS}")
            rounds.append([measure.run(program) for _, _, program in plans])
    for (costs, found, _), *times in zip(plans, *rounds):
        quietest = measure.quietest(times)
        save("--zoo", PLANS / header.file_name(costs), header.text(costs, *found, header.type_name(costs), quietest.strips))
        yield costs, found[1], quietest


def listing():
    """plans.hpp: of all headers in the folder."""
    names = sorted(path.name for path in PLANS.glob("*.hpp") if path.name != "plans.hpp")
    types = [re.search(r"^struct (\w+)", (PLANS / name).read_text(encoding="utf-8"), re.M)[1] for name in names]
    includes = "".join(f'#include "sluice/plans/{name}"\n' for name in names)
    members = ",\n".join(f"    {name}" for name in types)
    return (f"{HEAD}\n{includes}\nnamespace sluice::inline SLUICE_ABI::plans {{\n\ntemplate <class...>\nstruct List {{}};\n\n"
            f"using ready = List<\n{members}>;\n\n}}  // namespace sluice\n")


def lines(found, time):
    """time: which of a frame's times are held against the prediction, that of the costs."""
    yield ("| network | threads | predicted ms | measured | of the prediction | layers one by one | of these | with strips | "
           "default plan | times as fast | workspace, MiB | weights, MiB |")
    yield "|---" * 12 + "|"
    for costs, taken, measured in found:
        ms = taken.time_ns / 1e6
        whole, strips, default = (getattr(frames, f"{time}_ms") for frames in (measured.whole, measured.strips, measured.default))
        numbers = (ms, whole, whole / ms, measured.layers_ms, measured.of_layers, strips, default, default / strips,
                   measured.strips.workspace_bytes / 2**20, measured.strips.persistent_bytes / 2**20)
        yield f"| {costs.network} | {costs.machine['threads']} | " + " | ".join(f"{n:.2f}" for n in numbers) + " |"


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="./run plan --zoo", description=__doc__.split("\n\n")[0])
    profiling.add_options(parser, NETWORKS)
    try:
        options = parser.parse_args(arguments)
        profiling.check_options(options)
        found = list(measured(options))
        save("--zoo", PLANS / "plans.hpp", listing())
    except Failure as e:
        print(f"plan: {e}", file=sys.stderr)
        return e.code
    table = list(lines(found, options.time))
    print("\n".join(table))
    if options.write:
        profiling.put(MARK, [costs for costs, _, _ in found], table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
