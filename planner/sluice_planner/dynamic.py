"""The same optimum without a solver: dynamic programming over the layouts of the maps.

A layer's cost depends on the layouts of the few classes of maps that it reads and writes. Classes are eliminated one after
the other: the tables that know one are added up, and for each layout of the others the best of its own is kept. On a chain
that is the shortest path through its layouts; residual blocks and inceptions have two or three neighbours at a time.

Workspace and peak are the most of any layer, so a limit on them only takes options away, and the least of them is found by
trying the values that there are. Total bytes are a sum: then all pairs (time, bytes) that nothing beats are kept.
"""
from itertools import product

from .problem import Plan

# A label is (time, persistent bytes, what was chosen): a tree of tuples whose leaves are (layer, option, ways).


def _least(labels):
    return [min(labels, key=lambda label: label[:2])]


def _undominated(labels):
    kept = []
    for label in sorted(labels, key=lambda label: label[:2]):
        if not kept or label[1] < kept[-1][1]:
            kept.append(label)
    return kept


def _table(problem, i, most):
    """(classes, {their layouts: labels}) of layer i, which may need so much scratch."""
    classes = sorted({problem.map[i], *(edge.map for edge in problem.edges[i])})
    table = {}
    for option in problem.options[i]:
        for ways in product(*(edge.ways for edge in problem.edges[i])):
            lies = {problem.map[i]: option.written}
            if any(w.path[-1] != getattr(option, e.wanted) or lies.setdefault(e.map, w.path[0]) != w.path[0]
                   for e, w in zip(problem.edges[i], ways)):
                continue
            if option.workspace_bytes + sum(w.workspace_bytes for w in ways) <= most:
                time = option.time_ns + sum(w.time_ns for w in ways)
                table.setdefault(tuple(lies[c] for c in classes), []).append(
                    (time, option.persistent_bytes, (i, option, ways)))
    return classes, table


def _join(first, second, keep):
    """The sum of two tables."""
    classes = sorted({*first[0], *second[0]})
    table = {}
    for (a, some), (b, others) in product(first[1].items(), second[1].items()):
        lies = dict(zip(first[0], a))
        if any(lies.setdefault(c, layout) != layout for c, layout in zip(second[0], b)):
            continue
        table[tuple(lies[c] for c in classes)] = keep(
            [(s[0] + o[0], s[1] + o[1], (s[2], o[2])) for s in some for o in others])
    return classes, table


def _without(table, gone, keep):
    """The table with the best of the class that goes."""
    place = table[0].index(gone)
    rest = {}
    for layouts, labels in table[1].items():
        rest.setdefault(layouts[:place] + layouts[place + 1:], []).extend(labels)
    return [c for c in table[0] if c != gone], {layouts: keep(labels) for layouts, labels in rest.items()}


def labels(problem, workspace=float("inf"), peak=float("inf"), keep=_least):
    """The best labels of the whole network; none if the limits leave nothing."""
    layers = problem.costs.layers
    tables = []
    for i, layer in enumerate(layers):
        classes, table = _table(problem, i, min(workspace, peak - layer.live_bytes))
        tables.append((classes, {layouts: keep(found) for layouts, found in table.items()}))
    classes = set(problem.map)
    while classes:
        def neighbours(c):
            return len({n for t in tables if c in t[0] for n in t[0]}), c
        gone = min(classes, key=neighbours)  # the fewest first, so that tables stay small
        classes.remove(gone)
        joined = ([], {(): [(0, 0, ())]})
        for t in [t for t in tables if gone in t[0]]:
            tables.remove(t)
            joined = _join(joined, t, keep)
        tables.append(_without(joined, gone, keep))
    whole = ([], {(): [(0, 0, ())]})
    for t in tables:
        whole = _join(whole, t, keep)
    return whole[1].get((), [])


def plan(problem, label):
    """What the label chose."""
    options, paths, open_ = [None] * len(problem.options), {}, [label[2]]
    while open_:
        node = open_.pop()
        if len(node) == 2:
            open_ += node
        elif node:
            i, option, ways = node
            if problem.costs.layers[i].op != "concat":
                options[i] = option
            paths |= {(i, e.role): w.path for e, w in zip(problem.edges[i], ways) if len(w.path) > 1}
    return Plan(tuple(options), paths)


def workspaces(problem):
    """Every workspace that a plan can have, ascending."""
    return sorted(set().union(*(problem.needs(i) for i in range(len(problem.options)))))


def peaks(problem):
    """Every peak that a plan can have, ascending; those below what the largest maps take are left out."""
    layers = problem.costs.layers
    found = set().union(*({layer.live_bytes + n for n in problem.needs(i)} for i, layer in enumerate(layers)))
    return sorted(p for p in found if p >= max(layer.live_bytes for layer in layers))


def _bound(limit):
    return float("inf") if limit is None else limit


def candidates(problem, limits, memory):
    """(memory, time, persistent bytes, label) for each cap on one kind of memory, within the limits, ascending."""
    for cap in (workspaces if memory == "workspace" else peaks)(problem):
        if memory == "workspace":
            caps = {"workspace": min(cap, _bound(limits.workspace)), "peak": _bound(limits.peak)}
        else:
            caps = {"workspace": _bound(limits.workspace), "peak": min(cap, _bound(limits.peak))}
        for label in labels(problem, **caps, keep=_undominated if memory == "total" else _least):
            taken = cap + label[1] if memory == "total" else cap
            if label[0] <= _bound(limits.time) and taken <= _bound(getattr(limits, memory)):
                yield taken, label[0], label[1], label


def solve(problem, limits, objective):
    """The plan that is least by the objective and then by time, or for the objective time by workspace; or None. A limit on
    the total needs the objective time or total."""
    memory = "total" if limits.total is not None else "workspace" if objective == "time" else objective
    found = list(candidates(problem, limits, memory))
    if not found:
        return None
    order = (lambda c: (c[1], c[0], c[2])) if objective == "time" else (lambda c: c[:3])
    return plan(problem, min(found, key=order)[3])
