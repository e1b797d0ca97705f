"""All plans for which no other is both faster and smaller: the least time under each cap on the workspace that any plan
can have. Between two such values nothing changes, so these points are all there are."""
from . import baselines, dynamic
from .evaluation import evaluate
from .limits import Limits


def points(problem, limits):
    """[(Plan, Evaluation)] from the smallest workspace to the least time, within the other limits."""
    plans = [dynamic.plan(problem, label) for label in dynamic.frontier(problem, limits)]
    return [(plan, evaluate(problem.costs, plan)) for plan in plans]


def _numbers(taken):
    return {"time_ms": taken.time_ns / 1e6, "workspace_bytes": taken.workspace_bytes,
            "persistent_bytes": taken.persistent_bytes, "peak_bytes": taken.peak_bytes}


def report(problem, limits, slowdown, budget=None):
    """The points, the baselines beside them, and what they say: as it is printed in JSON. The budget of G-seq is that of
    the fastest plan's workspace unless given."""
    costs = problem.costs
    found = [taken for _, taken in points(problem, limits)]
    if not found:
        return None
    fastest = evaluate(costs, dynamic.solve(problem, Limits(), "time"))  # also where the limits do not allow it
    rivals = {"T-only": fastest}
    for name, plan in baselines.plans(problem, fastest.workspace_bytes if budget is None else budget).items():
        rivals[name] = None if plan is None else evaluate(costs, plan)
    near = next((taken for taken in found if taken.time_ns <= slowdown * fastest.time_ns), None)
    return {"schema_version": 1, "network": costs.network, "fingerprint": costs.fingerprint, "version": costs.version,
            "machine": costs.machine, "points": [_numbers(taken) for taken in found],
            "baselines": {name: taken and _numbers(taken) for name, taken in rivals.items()},
            "speed_up": {name: taken and taken.time_ns / fastest.time_ns for name, taken in rivals.items()},
            "slowdown": float(slowdown), "near": near and _numbers(near),
            "memory_ratio": fastest.workspace_bytes / near.workspace_bytes if near and near.workspace_bytes else None}


def draw(report, path):
    """Time against workspace, as a picture."""
    import matplotlib
    matplotlib.use("agg")
    from matplotlib import pyplot
    matplotlib.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = pyplot.subplots(figsize=(7, 4.4))
    unit = 2**20
    axes.step([p["workspace_bytes"] / unit for p in report["points"]], [p["time_ms"] for p in report["points"]], "-o",
              where="post", markersize=4, label="frontier")
    for marker, (name, point) in zip("s^v<>DPX", report["baselines"].items()):
        if point is not None:
            axes.plot(point["workspace_bytes"] / unit, point["time_ms"], marker, label=name, fillstyle="none")
    machine = report["machine"]
    axes.set(title=f"{report['network']}, {machine['isa']}, threads: {machine['threads']}", xlabel="workspace, MiB",
             ylabel="predicted time, ms", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, bbox_inches="tight", metadata={"Software": None})  # the same numbers give the same file
    pyplot.close(figure)
