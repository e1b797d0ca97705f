"""Plans that need no solver, to compare with: greedy ones, and one family of primitives for all layers.

    T-only      the least time, whatever memory it takes (frontier.py has it: its fastest point)
    G-fast      each layer's fastest primitive, whatever turning the maps round costs
    G-fwd       layer by layer, the least of its time and of turning round what is there already
    G-mem       each layer's least scratch, among equals the fastest
    G-seq       layer by layer, the fastest whose scratch fits what is left of a budget for the sum of all
    all-direct  direct convolutions, in their best layouts
    all-im2row  im2row and a matrix product; direct convolutions where a layer has none

All are legal and are charged for their conversions. A baseline that a network's costs do not allow is None.
"""
from . import dynamic
from .problem import Plan, Problem

GREEDY = {  # the least of (time, scratch, time of conversions)
    "G-fast": lambda time, scratch, turning: time,
    "G-fwd": lambda time, scratch, turning: time + turning,
    "G-mem": lambda time, scratch, turning: (scratch, time),
    "G-seq": lambda time, scratch, turning: time,
}
FAMILIES = {"all-direct": "direct", "all-im2row": "im2row"}


def greedy(problem, key, budget=float("inf")):
    """Layer by layer the best option of those whose layouts are still possible and whose scratch fits the budget."""
    possible = {}  # layouts of each class that all its layers can write
    for c, options in zip(problem.map, problem.options):
        written = {o.written for o in options}
        possible[c] = possible.get(c, written) & written
    plan, paths = [], {}
    for i, layer in enumerate(problem.costs.layers):
        best = None
        for option in problem.options[i]:
            if option.written not in possible[problem.map[i]]:
                continue
            taken = []
            for edge in problem.edges[i]:
                source = option.written if edge.map == problem.map[i] else min(possible[edge.map])
                ways = [w for w in edge.ways if (w.path[0], w.path[-1]) == (source, getattr(option, edge.wanted))]
                taken += [(edge, min(ways, key=lambda w: w.time_ns))] if ways else []
            scratch = option.workspace_bytes + sum(w.workspace_bytes for _, w in taken)
            value = key(option.time_ns, scratch, sum(w.time_ns for _, w in taken))
            if len(taken) == len(problem.edges[i]) and scratch <= budget and (best is None or value < best[0]):
                best = value, option, taken, scratch
        if best is None:
            return None
        _, option, taken, scratch = best
        budget -= scratch
        possible[problem.map[i]] = {option.written}
        plan.append(option if layer.op != "concat" else None)
        paths |= {(i, edge.role): way.path for edge, way in taken if len(way.path) > 1}
    return Plan(tuple(plan), paths)


def family(problem, name):
    """All layers that can by primitives whose name begins so, the others by direct ones or else by any, in the least
    time."""
    wanted = {}  # by layer: how the names of its primitives begin
    for layer, options in zip(problem.costs.layers, problem.options):
        starts = (n for n in (name, FAMILIES["all-direct"]) if any(o.primitive.startswith(n) for o in options))
        wanted[layer.name] = next(starts, "")
    if name not in wanted.values():
        return None
    alone = Problem(problem.costs, lambda layer, option: problem.keep(layer, option)
                    and option.primitive.startswith(wanted[layer.name]))
    found = dynamic.labels(alone)
    return dynamic.plan(alone, found[0]) if found else None


def plans(problem, budget):
    """{name: Plan or None}; the budget is that of G-seq."""
    found = {name: greedy(problem, key, budget if name == "G-seq" else float("inf")) for name, key in GREEDY.items()}
    return found | {name: family(problem, prefix) for name, prefix in FAMILIES.items()}
