"""Many cost files beside each other: what planning gains over each baseline in time, and over the least time in memory."""
from statistics import geometric_mean

from . import frontier
from .limits import Limits
from .problem import Problem

BASELINES = ("G-fast", "G-fwd", "G-mem", "G-seq", "all-direct", "all-im2row")


def rows(all_costs, slowdown):
    """One report of frontier.py for each."""
    return [frontier.report(Problem(costs), Limits(), slowdown) for costs in all_costs]


def _factor(value):
    return "–" if value is None else f"{value:.2f}"


def lines(reports):
    """Markdown. Times of the baselines are in those of T-only; the last row of each set has geometric means."""
    slowdown = reports[0]["slowdown"]
    yield (f"| network | set | threads | least ms | {' | '.join(BASELINES)} | workspace, MiB | within {slowdown:g} times | "
           "times less |")
    yield "|---" * (7 + len(BASELINES)) + "|"
    groups = {}
    for report in reports:
        key = report["machine"]["set"], report["machine"]["threads"]
        groups.setdefault(key, []).append(report)
    for (name, threads), members in groups.items():
        for r in members:
            factors = " | ".join(_factor(r["speed_up"][b]) for b in BASELINES)
            yield (f"| {r['network']} | {name} | {threads} | {r['baselines']['T-only']['time_ms']:.2f} | {factors} | "
                   f"{r['baselines']['T-only']['workspace_bytes'] / 2**20:.2f} | {r['near']['workspace_bytes'] / 2**20:.2f} | "
                   f"{_factor(r['memory_ratio'])} |")

        def mean(values):
            known = [value for value in values if value is not None]
            return _factor(geometric_mean(known)) if len(known) == len(members) else "–"

        factors = " | ".join(mean([r["speed_up"][b] for r in members]) for b in BASELINES)
        yield f"| geometric mean | {name} | {threads} |  | {factors} |  |  | {mean([r['memory_ratio'] for r in members])} |"
