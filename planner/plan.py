#!/usr/bin/env python3
"""Chooses how each layer of a network is computed, from measured costs, within a memory bound. docs/planner.md

    ./run plan --costs costs.json --memory workspace=8MiB --out plan.hpp
    ./run plan --costs costs.json --frontier --png frontier.png
"""
import argparse
import sys
from dataclasses import replace
from fractions import Fraction

from sluice_planner import choose, cost_file, frontier, header, measure, table
from sluice_planner import report as print_report
from sluice_planner.costs import LAYOUTS
from sluice_planner.failure import FAILURE, USAGE, Failure
from sluice_planner.limits import Limits, budget, ratio
from sluice_planner.output import save
from sluice_planner.problem import MOST_ERROR, Problem


def problem_of(costs, most_error, layouts):
    """The problem without options that are less exact, or want another layout."""
    for layer in costs.layers:
        least = min((o.error for o in layer.options), default=0)
        if least > most_error:
            raise Failure(FAILURE, f"--max-error: layer '{layer.name}' has no primitive with an error of {most_error:g} or "
                                   f"less; the least is {least:g}")
    return Problem(costs, lambda layer, o: o.error <= most_error
                   and o.written in layouts and (layer.op == "input" or o.read in layouts))


def limits_of(options):
    found = {}
    for text in options.memory:
        kind, most = budget(text)
        if kind in found:
            raise Failure(USAGE, f"--memory: {kind} is given twice")
        found[kind] = most
    return Limits(**found)


def find_frontier(problem, limits, options):
    report = frontier.report(problem, limits, options.slowdown or Fraction("1.15"))
    if report is None:
        raise choose.explain(problem, limits, None)
    if options.png:
        try:
            frontier.draw(report, options.png)
        except ImportError:
            raise Failure(FAILURE, "--png: matplotlib is missing (Debian: python3-matplotlib)") from None
        except (OSError, ValueError) as e:
            raise Failure(FAILURE, f"--png: cannot write '{options.png}': {e}") from None
    print_report.frontier(report, options.json)


def find_plan(problem, limits, options):
    costs = problem.costs
    fastest = choose.best(problem, Limits(), "time")
    if fastest is None:
        raise choose.explain(problem, Limits(), None)
    fastest = fastest[1]
    if options.slowdown:
        limits = replace(limits, time=int(options.slowdown * fastest.time_ns))
    found = choose.best(problem, limits, "workspace" if options.objective == "memory" else options.objective)
    if found is None:
        raise choose.explain(problem, limits, fastest)
    name, measured = options.name or header.type_name(costs), None
    if options.out:
        save("--out", options.out, header.text(costs, *found, name))
    if options.measure:
        measured = measure.measure(costs, header.text(costs, *found, name), name)
    print_report.plan(costs, *found, fastest, measured, options.json)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./run plan", description=__doc__.split(" docs/")[0])
    costs = parser.add_mutually_exclusive_group(required=True)
    costs.add_argument("--costs", metavar="FILE", help="what ./run sluice profile has measured")
    costs.add_argument("--table", nargs="+", metavar="FILE", help="many such files: a table of their frontiers and baselines")
    parser.add_argument("--net", metavar="NAME", help="refuse costs of another network")
    parser.add_argument("--memory", action="append", default=[], metavar="KIND=BYTES",
                        help="at most so much, KIND workspace, peak or total, BYTES such as 8MiB; repeatable")
    parser.add_argument("--slowdown", metavar="X",
                        help="at most X times the least time; with --frontier what `near` means (1.15)")
    parser.add_argument("--max-error", metavar="X", default=str(MOST_ERROR),
                        help="only primitives whose error is X of the largest output or less (default: %(default)s, which "
                             "leaves out weights stored as bfloat16)")
    parser.add_argument("--objective", choices=("time", "memory", "peak", "total"), default="time",
                        help="what is to be least; memory is the workspace (default: time)")
    parser.add_argument("--time", choices=("median", "least"), default="median",
                        help="which of the measured times; least: where others disturbed the measurement (default: median)")
    parser.add_argument("--layouts", default=",".join(LAYOUTS), metavar="LIST", help="only these (default: %(default)s)")
    parser.add_argument("--out", metavar="FILE", help="write the plan as a C++ header")
    parser.add_argument("--name", metavar="TYPE", help="of the type in it (default: network and instruction set)")
    parser.add_argument("--measure", action="store_true", help="compile the plan and time it beside the prediction")
    parser.add_argument("--frontier", action="store_true", help="all plans that no other beats in time and workspace")
    parser.add_argument("--png", metavar="FILE", help="with --frontier: a picture of it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def run(options):
    if options.frontier and (options.out or options.measure or options.objective != "time" or any("total" in m for m in options.memory)):
        raise Failure(USAGE, "--frontier: drop --out, --measure, --objective and --memory total=: it is time against workspace")
    if options.png and not options.frontier:
        raise Failure(USAGE, "--png: expected --frontier with it")
    if options.name and not options.name.isidentifier():
        raise Failure(USAGE, f"--name: expected the name of a C++ type, found '{options.name}'")
    layouts = options.layouts.split(",")
    for layout in layouts:
        if layout not in LAYOUTS:
            raise Failure(USAGE, f"--layouts: expected some of {', '.join(LAYOUTS)}, found '{layout}'")
    options.slowdown = options.slowdown and ratio("--slowdown", options.slowdown, 1)
    try:
        most_error = float(options.max_error)
    except ValueError:
        most_error = -1
    if not 0 <= most_error < float("inf"):
        raise Failure(USAGE, f"--max-error: expected a number of 0 or more, found '{options.max_error}'")
    if options.table:
        found = [cost_file.read(path, options.net, options.time) for path in options.table]
        print("\n".join(table.lines(table.rows(found, options.slowdown or Fraction("1.15")))))
        return
    limits = limits_of(options)
    problem = problem_of(cost_file.read(options.costs, options.net, options.time), most_error, layouts)
    (find_frontier if options.frontier else find_plan)(problem, limits, options)


def main(arguments=None):
    """The command. Returns its exit code, as docs/cli.md lists them."""
    try:
        run(parse(arguments))
    except Failure as e:
        print(f"plan: {e}", file=sys.stderr)
        return e.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
