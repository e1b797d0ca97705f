"""A plan within limits, found by the integer program and held against the dynamic one; or why there is none."""
from dataclasses import replace

from . import dynamic, ilp
from .evaluation import evaluate
from .failure import FAILURE, VERIFICATION, Failure
from .limits import MEMORIES, Limits, bytes_text

# What is least first, second and third.
ORDERS = {"time": ("time", "workspace", "persistent"), "workspace": ("workspace", "time", "persistent"),
          "peak": ("peak", "time", "workspace"), "total": ("total", "time", "workspace")}


def best(problem, limits, objective):
    """(Plan, Evaluation), or None where nothing is within the limits."""
    plan = ilp.solve(problem, limits, ORDERS[objective])
    taken = plan and evaluate(problem.costs, plan)
    if limits.total is None and objective != "total":  # pairs of time and bytes may be too many
        other = dynamic.solve(problem, limits, objective)
        other = other and evaluate(problem.costs, other)
        if len({t and tuple(t.number(name) for name in ORDERS[objective][:2]) for t in (taken, other)}) > 1:
            raise Failure(VERIFICATION, f"the two solvers disagree on the least {objective}: {taken} and {other}")
    if taken is None:
        return None
    if not limits.allow(taken):
        raise Failure(VERIFICATION, f"the solver's plan breaks the limits {limits}: {taken}")
    return plan, taken


def _needs(kind, taken):
    """The least feasible value and the layer that it is needed for."""
    who = {"workspace": f"layer '{taken.widest}' needs it", "peak": f"layer '{taken.fullest}' needs it",
           "total": f"weights {bytes_text(taken.persistent_bytes)}, most of them of layer '{taken.heaviest}', and at layer "
                    f"'{taken.fullest}' {bytes_text(taken.peak_bytes)}"}[kind]
    return f"the least is {bytes_text(taken.number(kind))}: {who}"


def explain(problem, limits, fastest):
    """A Failure that says which limit cannot be kept, which layer is in its way and what could be."""
    given = [kind for kind in MEMORIES if getattr(limits, kind) is not None]
    for others, within in ((Limits(), ""), (limits, "within the other limits ")):
        for kind in given:
            found = best(problem, replace(others, **{kind: None}), kind)
            if found is not None and found[1].number(kind) > getattr(limits, kind):
                return Failure(FAILURE, f"--memory: there is no plan of {kind}={getattr(limits, kind)}B; "
                                        f"{within}{_needs(kind, found[1])}")
    found = best(problem, replace(limits, time=None), "time")
    if found is not None:
        return Failure(FAILURE, f"--slowdown: within the memory the least time is {found[1].time_ns / 1e6:.3f} ms, "
                                f"{found[1].time_ns / fastest.time_ns:.3f} times that of the fastest plan")
    return Failure(FAILURE, "there is no plan: no choice of primitives has layouts that fit together")
