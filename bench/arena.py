#!/usr/bin/env python3
"""How near each network's arena comes to the smallest that there can be: an integer linear program places the same
buffers with the same lifetimes, and a proof that it cannot be done in less counts as the optimum.

    python3 bench/arena.py --program sluice [--write FILE]
"""
import argparse
import json
import pathlib
import subprocess

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

import document

SECONDS = 60  # seconds that the solver may take for a network


def meets(a, b):
    return a["first"] <= b["last"] and b["first"] <= a["last"]


def lower_bound(buffers):
    """The most bytes that are alive at the same time."""
    return max(sum(b["bytes"] for b in buffers if b["first"] <= a["first"] <= b["last"]) for a in buffers)


def optimum(buffers, most):
    """(bytes, whether that is proven) of the smallest arena, which is no larger than `most`.

    Variables: the offset of each buffer, the arena, and for each pair that meets which of the two lies lower.
    """
    n, unit = len(buffers), 64  # all sizes are whole cache lines
    sizes, most = [b["bytes"] // unit for b in buffers], most // unit
    pairs = [(i, j) for i in range(n) for j in range(i) if meets(buffers[i], buffers[j])]
    rows, least = [], []

    def constraint(row, bound):
        rows.append(row)
        least.append(bound)

    for i in range(n):  # arena >= offset + size
        row = np.zeros(n + 1 + len(pairs))
        row[n], row[i] = 1, -1
        constraint(row, sizes[i])
    for p, (i, j) in enumerate(pairs):
        row = np.zeros(n + 1 + len(pairs))  # lower[p] = 1: offset[j] >= offset[i] + size[i]
        row[j], row[i], row[n + 1 + p] = 1, -1, -most
        constraint(row, sizes[i] - most)
        row = np.zeros(n + 1 + len(pairs))
        row[i], row[j], row[n + 1 + p] = 1, -1, most
        constraint(row, sizes[j])
    cost = np.zeros(n + 1 + len(pairs))
    cost[n] = 1
    low = np.zeros(len(cost))
    low[n] = lower_bound(buffers) // unit
    high = np.concatenate([np.full(n + 1, most), np.ones(len(pairs))])
    answer = milp(cost, constraints=LinearConstraint(np.array(rows), least, np.inf), bounds=Bounds(low, high),
                  integrality=np.concatenate([np.zeros(n + 1), np.ones(len(pairs))]), options={"time_limit": SECONDS})
    if answer.x is None:
        return most * unit, False
    return round(answer.fun) * unit, answer.status == 0


def table(networks):
    yield "| network | buffers | arena, bytes | alive at the same time | optimum | above it |"
    yield "|---|---|---|---|---|---|"
    for net in networks:
        buffers = net["buffers"]
        arena, bound = max(b["offset"] + b["bytes"] for b in buffers), lower_bound(buffers)
        best, proven = (bound, True) if arena == bound else optimum(buffers, arena)
        yield (f"| {net['name']} | {len(buffers)} | {arena:,} | {bound:,} | {best:,}{'' if proven else ' or less'} | "
               f"{100 * (arena / best - 1):.1f} % |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", required=True, metavar="PROGRAM", help="the sluice command; ./run arena gives it")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the table between the file's marks")
    options = parser.parse_args()
    said = subprocess.run([options.program, "nets", "--layers", "--json"], capture_output=True, text=True, check=True)
    lines = "\n".join(table(json.loads(said.stdout)))
    print(lines)
    if options.write:
        document.put(options.write, "<!-- ./run arena -->", lines)


if __name__ == "__main__":
    main()
