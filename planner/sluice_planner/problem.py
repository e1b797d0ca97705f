"""The problem of choosing, as the solvers see it: options of layers, layouts of maps, ways between layouts.

Maps that have to lie in one layout form a class, which has one number: the parts of a concatenation, since it is not
computed; and the boundaries of the blocks that a gate may skip, since a skipped block leaves its input where its output
is expected.
"""
from dataclasses import dataclass
from itertools import product

from .costs import LAYOUTS, Option
from .failure import FAILURE, Failure

MOST_ERROR = 1e-4  # of the largest output, as for the logits of whole networks; leaves out weights stored as bfloat16


@dataclass(frozen=True)
class Way:
    """From a layout to another, perhaps by a third one. Its copies are needed while the layer that asks for it runs."""
    path: tuple  # of layouts; of length 1: as it is
    time_ns: int
    workspace_bytes: int


@dataclass(frozen=True)
class Edge:
    """A map that a layer reads: its class, and which layout each option of the layer wants it in."""
    role: str  # "input" or "shortcut"
    map: int
    wanted: str  # the Option's attribute
    ways: tuple


def ways(conversions):
    """From every layout to every other one that can be reached, in two steps where one is not better in every respect."""
    direct = {(c.source, c.target): c for c in conversions}
    found = [Way((a,), 0, 0) for a in LAYOUTS]
    found += [Way((c.source, c.target), c.time_ns, c.workspace_bytes) for c in conversions]
    for (a, b), (c, d) in product(direct, direct):
        if b != c or a == d:
            continue
        steps, step = (direct[a, b], direct[c, d]), direct.get((a, d))
        way = Way((a, b, d), sum(s.time_ns for s in steps), sum(s.workspace_bytes for s in steps))
        if step is None or way.time_ns < step.time_ns or way.workspace_bytes < step.workspace_bytes:
            found.append(way)
    return tuple(found)


class Problem:
    """By layer: options, edges, the class of its output. keep(layer, option): whether an option may be chosen."""

    def __init__(self, costs, keep=lambda layer, option: option.error <= MOST_ERROR):
        self.costs, self.keep = costs, keep
        layers = costs.layers
        self.options = [tuple(o for o in layer.options if keep(layer, o)) if layer.op != "concat" else
                        tuple(Option("", a, a, 0, 0, 0, 0.0) for a in LAYOUTS) for layer in layers]
        for layer, options in zip(layers, self.options):
            if not options:
                raise Failure(FAILURE, f"layer '{layer.name}' has no primitive that may be chosen")
        self.map = self._classes(layers, costs.blocks)
        reached = [ways(layer.conversions) for layer in layers]
        self.edges = [[Edge(role, self.map[source], wanted, reached[source])
                       for role, source, wanted in (("input", layer.input, "read"),
                                                    ("shortcut", layer.shortcut, "written")) if source is not None]
                      for layer in layers]

    @staticmethod
    def _classes(layers, blocks):
        """By layer: the first layer whose output has to lie as its own does."""
        first = list(range(len(layers)))

        def find(i):
            return i if first[i] == i else find(first[i])

        together = [(i, layer.slice_of) for i, layer in enumerate(layers) if layer.slice_of is not None]
        together += [(block.input, block.last) for block in blocks if block.gate is not None]
        for a, b in together:
            a, b = sorted((find(a), find(b)))
            first[b] = a
        return [find(i) for i in range(len(layers))]

    def needs(self, i):
        """Every amount of scratch that layer i can be computed in: its own and the copies made for it."""
        found = set()
        for option in self.options[i]:
            fitting = [[w for w in edge.ways if w.path[-1] == getattr(option, edge.wanted)] for edge in self.edges[i]]
            found |= {option.workspace_bytes + sum(w.workspace_bytes for w in chosen) for chosen in product(*fitting)}
        return found


@dataclass(frozen=True)
class Plan:
    """A choice: by layer the Option (None: a concatenation), and by (layer, role) the path of a map that is converted."""
    options: tuple
    paths: dict
