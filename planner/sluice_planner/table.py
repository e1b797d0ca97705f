"""Many cost files beside each other: what planning gains over each baseline in time, and over the least time in memory."""
from statistics import geometric_mean

from . import choose, frontier
from .limits import Limits
from .problem import Problem

BASELINES = ("G-fast", "G-fwd", "G-mem", "G-seq", "all-direct", "all-im2row")
MIB = 2**20
# Of TASO's abstract. What its greedy solver does is not said: the number stands beside those baselines that can be so slow.
PRINTED = {"G-mem": "8", "all-direct": "8", "workspace": "2.2"}


def rows(all_costs, slowdown):
    """One report of frontier.py for each, with `totals`: bytes of T-only, and the least within the slowdown."""
    found = []
    for costs in all_costs:
        problem = Problem(costs)
        report = frontier.report(problem, Limits(), slowdown)
        fastest = choose.best(problem, Limits(), "time")[1]
        least = choose.best(problem, Limits(time=int(slowdown * fastest.time_ns)), "total")[1]
        found.append({**report, "totals": (fastest.total_bytes, least.total_bytes)})
    return found


def _factor(value):
    return "–" if value is None else f"{value:.2f}"


def _mean(values):
    """None unless all are known."""
    values = list(values)
    return None if None in values else geometric_mean(values)


def _group(report):
    machine = report["machine"]
    basis = ", modelled" if machine["basis"] == "modelled" else ""
    return f"{machine['set']}, {machine['isa']}{basis} | {machine['threads']}"


def _line(name, group, least, factors, workspace, total):
    return f"| {' | '.join([name, group, least, *factors, *workspace, *total])} |"


def lines(reports):
    """Markdown. Times of the baselines are in those of T-only; the last row of each group has geometric means."""
    within = f"within {reports[0]['slowdown']:g} times"
    yield (f"| network | primitives | threads | least ms | {' | '.join(BASELINES)} | workspace, MiB | {within} | times less | "
           f"total, MiB | {within} | times less |")
    yield "|---" * (10 + len(BASELINES)) + "|"
    groups = {}
    for report in reports:
        groups.setdefault(_group(report), []).append(report)
    for group, members in groups.items():
        for r in members:
            most, near = r["baselines"]["T-only"]["workspace_bytes"], r["near"]["workspace_bytes"]
            yield _line(r["network"], group, f"{r['baselines']['T-only']['time_ms']:.2f}",
                        [_factor(r["speed_up"][b]) for b in BASELINES],
                        (_factor(most / MIB), _factor(near / MIB), _factor(r["memory_ratio"]) if near or not most else "∞"),
                        (*(_factor(t / MIB) for t in r["totals"]), _factor(r["totals"][0] / r["totals"][1])))
        yield _line("geometric mean", group, "", [_factor(_mean(r["speed_up"][b] for r in members)) for b in BASELINES],
                    ("", "", _factor(_mean(r["memory_ratio"] for r in members))),
                    ("", "", _factor(_mean(r["totals"][0] / r["totals"][1] for r in members))))


def printed():
    """The row of what TASO's abstract has."""
    return _line("TASO, as printed", " | ", "", [PRINTED.get(b, "") for b in BASELINES], ("", "", PRINTED["workspace"]),
                 ("", "", ""))
