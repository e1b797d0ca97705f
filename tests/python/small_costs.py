"""Small cost files made up from a seed, and the best plan found by trying all: what the planner's tests compare with."""
import itertools
import json
import random

from sluice_planner import identity
from sluice_planner.evaluation import Failure, evaluate
from sluice_planner.problem import Plan

LAYOUTS = ("CHW", "HCW", "HWC")


class Network:
    """The JSON of a cost file, layer by layer. All maps are 8 x 4 x 4. real: times and bytes as large as those of real
    networks, where a solver that computes in floating point might lose the last digit."""

    def __init__(self, seed, layouts=2, primitives=3, real=False):
        self.real = real
        self.random, self.layouts, self.primitives = random.Random(seed), LAYOUTS[:layouts], primitives
        self.layers, self.blocks, self.kinds = [], [], []
        self.add("input", None)

    def time(self, most):
        median = self.random.randint(1, most * 10**6 if self.real else most)
        return {"median": median, "least": self.random.randint(1, median), "spread": self.random.randint(0, 3)}

    def bytes(self, least, most):
        return 64 * self.random.randint(least, most * 10**4 if self.real else most)

    def option(self, number, op):
        pick = self.random.choice
        conv = op in ("conv", "linear")
        # Some networks have no plan at all; most shall have one.
        read, written = pick(self.layouts), pick(self.layouts)
        if number == 0 and self.random.random() < 0.9:
            read = written = self.layouts[0]
        return {"name": f"p{number}" if conv else op, "read": read, "written": written,
                "time_ns": self.time(30), "workspace_bytes": self.bytes(0, 6) if conv else 0,
                "persistent_bytes": self.bytes(1, 6) if conv else 0,
                "error": pick((0.0, 1e-7, 1e-6, 1e-4)) if conv else 0.0}

    def add(self, op, source, shortcut=None, slice_of=None):
        """A layer of a kind of its own; its number."""
        options = {}
        if op != "concat":
            count = self.random.randint(1, self.primitives) if op == "conv" else self.random.randint(1, 2)
            for number in range(count):
                o = self.option(number, op)
                options[o["name"], o["read"], o["written"]] = o
        shape = [8, 4, 4]
        self.kinds.append({"op": op, "input": shape, "output": shape,
                           "window": {"R": 1, "S": 1, "stride": 1, "padding": [0, 0, 0, 0]}, "groups": 1, "act": "none", "rounds": 1,
                           "primitives": list(options.values())})
        self.layers.append({"name": f"{op}{len(self.layers)}", "kind": len(self.kinds) - 1, "input": source,
                            "shortcut": shortcut, "slice_of": slice_of, "channel": 0})
        return len(self.layers) - 1

    def chain(self, x, length):
        for _ in range(length):
            x = self.add(self.random.choice(("conv", "conv", "max_pool")), x)
        return x

    def residual(self, x, gate=None):
        """A block of two convolutions, the second of which adds the input; with a gate it may be skipped."""
        first = self.add("conv", x)
        last = self.add("conv", first, shortcut=x)
        self.blocks.append({"input": x, "first": first, "last": last, "gate": gate})
        return last

    def projected(self, x):
        """A block whose shortcut has a convolution of its own."""
        short = self.add("conv", x)
        return self.add("conv", self.add("conv", x), shortcut=short)

    def inception(self, x, branches):
        ends = [self.chain(x, self.random.randint(0, 1)) for _ in range(branches)]
        parts = [self.add("conv", end) for end in ends]
        whole = self.add("concat", parts[0])
        for part in parts:
            self.layers[part]["slice_of"] = whole
        return whole

    def file(self):
        """As JSON would be read. Maps live from their writer to the last layer behind it, sizes differ by nothing."""
        turned = [{"source": a, "target": b, "time_ns": self.time(8), "workspace_bytes": self.bytes(1, 3)}
                  for a in LAYOUTS for b in LAYOUTS if a != b and self.random.random() < 0.8]
        last = {}
        for i, layer in enumerate(self.layers):
            for source in (layer["input"], layer["shortcut"]):
                last[source] = i
        buffers = [{"first": i, "last": last.get(i, len(self.layers)), "bytes": self.bytes(1, 9)}
                   for i in range(len(self.layers))]
        file = {"schema_version": 2, "version": identity.version(), "network": "made_up", "fingerprint": "",
                "machine": {"cpu": "none", "isa": "scalar", "compiler": "none", "flags": "none", "threads": 1},
                "set": "all", "basis": "measured", "complete": True, "layers": self.layers, "blocks": self.blocks, "buffers": buffers,
                "kinds": self.kinds, "maps": [{"rounds": 1, "shape": [8, 4, 4], "conversions": turned}]}
        file["fingerprint"] = identity.fingerprint(file)
        return file


def network(seed):
    """Chains, residual diamonds, blocks with gates, inceptions: one of each in turn, some in a row."""
    net = Network(seed, layouts=2 + seed % 2, primitives=2 + seed % 3 // 2)
    x, shape = 0, seed % 5
    if shape == 0:
        x = net.chain(x, 2 + seed % 4)
    elif shape == 1:
        x = net.residual(net.chain(x, 1))
    elif shape == 2:
        x = net.projected(x)
        x = net.residual(net.residual(x, gate=0), gate=1) if seed % 2 else net.residual(x, gate=0)
    elif shape == 3:
        x = net.inception(x, 2 + seed % 2)
    else:
        x = net.residual(net.inception(x, 2))
    net.add("average_pool" if seed % 2 else "linear", x)
    return net.file()


def large_network(seed):
    """Some fifty layers with eight primitives and three layouts: too many plans to try."""
    net, x, gates = Network(seed, layouts=3, primitives=8, real=True), 0, 0
    for _ in range(12):
        kind = net.random.randrange(4)
        if kind == 0:
            x = net.chain(x, 3)
        elif kind == 1:
            for _ in range(3):
                x, gates = net.residual(x, gate=gates), gates + 1
        elif kind == 2:
            x = net.inception(x, 3)
        else:
            x = net.projected(x)
    net.add("linear", x)
    return net.file()


def write(path, file):
    path.write_text(json.dumps(file), encoding="utf-8")
    return path


def paths(layer, source, target):
    """From a layout to another: as it is, directly, by way of a third one."""
    there = {(c.source, c.target) for c in layer.conversions}
    if source == target:
        yield (source,)
    if (source, target) in there:
        yield (source, target)
    for by in LAYOUTS:
        if source != target and (source, by) in there and (by, target) in there:
            yield (source, by, target)


def every_plan(costs):
    """(Plan, Evaluation) of all that can be carried out."""
    for options in itertools.product(*(layer.options or (None,) for layer in costs.layers)):
        lies = [option and option.written for option in options]
        for i, layer in enumerate(costs.layers):
            if layer.slice_of is not None:
                lies[layer.slice_of] = lies[i]
        reads = [(i, role, source, wanted) for i, (layer, option) in enumerate(zip(costs.layers, options)) if option
                 for role, source, wanted in (("input", layer.input, option.read),
                                              ("shortcut", layer.shortcut, option.written)) if source is not None]
        for chosen in itertools.product(*(paths(costs.layers[s], lies[s], wanted) for _, _, s, wanted in reads)):
            plan = Plan(options, {(i, role): path for (i, role, _, _), path in zip(reads, chosen) if len(path) > 1})
            try:
                yield plan, evaluate(costs, plan)
            except Failure:
                continue  # parts that do not lie alike, a gate that turns its input round
