#!/usr/bin/env python3
"""TASO's table: how much faster the best plan is than greedy choices, and how much less memory nearly the best time takes,
for the paper's networks. Measures what has not been measured yet, plans, and prints Markdown.

    ./run plan --paper --write
    ./run plan --paper --networks alexnet,squeezenet1_0 --threads 1 --primitives textbook,model

A folder keeps the costs, so that the command may be stopped and given again.
"""
import argparse
import sys

from sluice_planner import cost_file, modelled, profiling, table
from sluice_planner.failure import USAGE, Failure
from sluice_planner.limits import ratio

NETWORKS = "googlenet,alexnet,vgg16,resnet50,squeezenet1_0"
PRIMITIVES = ("textbook", "all", "model")
MARK = "<!-- ./run plan --paper -->"


def files(options):
    """The cost files of the table, in its order."""
    for primitives in options.primitives:
        if primitives == "model":
            yield from (model(options, network) for network in options.networks)
            continue
        for threads in options.threads:
            for network in options.networks:
                yield profiling.measured(options.program, options.folder, network, primitives, threads)


def model(options, network):
    path = profiling.file_of(options.folder, network, "neon_modelled", 1)
    if not profiling.complete(path):
        measured = profiling.measured(options.program, options.folder, network, "textbook", 1)
        print(f"{network}, modelled: counting instructions", file=sys.stderr, flush=True)
        modelled.write(measured, path)
    return path


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./run plan --paper", description=__doc__.split("\n\n")[0])
    profiling.add_options(parser, NETWORKS)
    parser.add_argument("--primitives", default=",".join(PRIMITIVES), metavar="SET,…",
                        help="textbook, all (the engine's), model (the textbook's on a 32-bit ARM, by instructions); default: all three")
    parser.add_argument("--slowdown", default="1.15", metavar="X", help="how much slower plans of less memory may be (%(default)s)")
    options = parser.parse_args(arguments)
    profiling.check_options(options)
    options.primitives = options.primitives.split(",")
    for name in options.primitives:
        if name not in PRIMITIVES:
            raise Failure(USAGE, f"--primitives: expected some of {', '.join(PRIMITIVES)}, found '{name}'")
    options.slowdown = ratio("--slowdown", options.slowdown, 1)
    return options


def main(arguments=None):
    try:
        options = parse(arguments)
        found = [cost_file.read(path, None, options.time) for path in files(options)]
        lines = [*table.lines(table.rows(found, options.slowdown)), table.printed()]
    except Failure as e:
        print(f"plan: {e}", file=sys.stderr)
        return e.code
    print("\n".join(lines))
    if options.write:
        profiling.put(MARK, found, lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
