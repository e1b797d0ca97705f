"""The same optimum without a solver: dynamic programming over the layouts of the maps.

A layer's cost depends on the layouts of the few classes of maps that it reads and writes. Classes are eliminated one after
the other: the tables that know one are added up, and for each layout of the others the best of its own is kept. On a chain
that is the shortest path through its layouts; residual blocks and inceptions have two or three neighbours at a time.

Workspace and peak are the most of any layer, so a limit on them only takes options away, and the least of them is found by
trying the values that there are. Total bytes are a sum: then all pairs (time, bytes) that nothing beats are kept.
"""
from bisect import bisect_left
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


def _within(problem, limits, memory, cap, keep=_least):
    """The best labels where one kind of memory, workspace or peak, has a cap too."""
    caps = {"workspace": _bound(limits.workspace), "peak": _bound(limits.peak)}
    caps[memory] = min(cap, caps[memory])
    return labels(problem, **caps, keep=keep)


def frontier(problem, limits):
    """A label for each workspace with which a plan is faster than with less, ascending."""
    fastest = float("inf")
    for cap in workspaces(problem):
        for label in _within(problem, limits, "workspace", cap):
            if cap <= _bound(limits.workspace) and label[0] < min(fastest, _bound(limits.time) + 1):
                fastest = label[0]
                yield label


def _smallest(problem, limits, memory, most_time):
    """The label with the smallest workspace or peak that is fast enough. More memory never makes a plan slower, so the
    place where it becomes so is found by bisection."""
    caps = (workspaces if memory == "workspace" else peaks)(problem)
    caps = [cap for cap in caps if cap <= _bound(getattr(limits, memory))]

    def found(cap):
        return [label for label in _within(problem, limits, memory, cap) if label[0] <= most_time]

    place = bisect_left(caps, True, key=lambda cap: bool(found(cap)))
    return found(caps[place])[0] if place < len(caps) else None


def _smallest_total(problem, limits, objective):
    """The label with the least total, or time, of all pairs of a peak and of what can be had below it."""
    found = [(cap + label[1], label) for cap in peaks(problem) if cap <= _bound(limits.peak)
             for label in _within(problem, limits, "peak", cap, _undominated)]
    found = [(total, label) for total, label in found
             if total <= _bound(limits.total) and label[0] <= _bound(limits.time)]
    order = (lambda f: (f[1][0], f[0])) if objective == "time" else (lambda f: (f[0], f[1][0]))
    return min(found, key=order)[1] if found else None


def solve(problem, limits, objective):
    """The plan that is least by the objective and then by time, or for the objective time by workspace; or None. A limit on
    the total needs the objective time or total."""
    if "total" == objective or limits.total is not None:
        label = _smallest_total(problem, limits, objective)
    elif objective == "time":
        best = _within(problem, limits, "workspace", float("inf"))
        label = best and _smallest(problem, limits, "workspace", min(best[0][0], _bound(limits.time)))
    else:
        label = _smallest(problem, limits, objective, _bound(limits.time))
    return plan(problem, label) if label else None
