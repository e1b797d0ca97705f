"""The integer linear program, which HiGHS solves through SciPy. docs/planner.md writes it down.

Variables, all 0 or 1 but for the last two: x, one for each option of each layer; y, one for each layout of each class of
maps; z, one for each way between layouts of each map that a layer reads; S, P: workspace and peak, if they are asked for.
Everything is a whole number, in nanoseconds and in the bytes' greatest common divisor, and what counts is the answer
rounded to whole numbers: its values are computed from it again.
"""
from math import gcd

from .costs import LAYOUTS
from .failure import FAILURE, VERIFICATION, Failure
from .problem import Plan

try:
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix
except ImportError:
    milp = None

OBJECTIVES = ("time", "workspace", "persistent", "peak", "total")
INFEASIBLE = 2  # of milp's statuses


class Program:
    """Rows and columns of one problem. An expression is a dictionary {column: coefficient}."""

    def __init__(self, problem, limits):
        if milp is None:
            raise Failure(FAILURE, "the solver is missing: scipy.optimize.milp (Debian: python3-scipy)")
        self.problem, self.integer, self.rows = problem, [], []
        costs = problem.costs
        self.unit = gcd(*(value for i, layer in enumerate(costs.layers) for value in (
            layer.live_bytes, *problem.needs(i), *(o.persistent_bytes for o in layer.options)))) or 1
        self.x = [[self.column() for _ in options] for options in problem.options]
        self.y = {(c, a): self.column() for c in sorted(set(problem.map)) for a in LAYOUTS}
        self.z = [[[self.column() for _ in edge.ways] for edge in edges] for edges in problem.edges]
        self.time, self.persistent, need = {}, {}, []
        for i, (x, options) in enumerate(zip(self.x, problem.options)):
            self.rows.append((dict.fromkeys(x, 1), 1, 1))  # one option
            for a in LAYOUTS:  # which writes the layout of its class
                row = {c: 1 for c, o in zip(x, options) if o.written == a}
                self.rows.append((row | {self.y[problem.map[i], a]: -1}, 0, 0))
            for edge, z in zip(problem.edges[i], self.z[i]):
                for a in LAYOUTS:  # from what lies there, to what is wanted
                    leaves = {c: 1 for c, w in zip(z, edge.ways) if w.path[0] == a}
                    self.rows.append((leaves | {self.y[edge.map, a]: -1}, 0, 0))
                    comes = {c: 1 for c, w in zip(z, edge.ways) if w.path[-1] == a}
                    wants = {c: -1 for c, o in zip(x, options) if getattr(o, edge.wanted) == a}
                    self.rows.append((comes | wants, 0, 0))
            chosen = list(zip(x, options)) + [p for edge, z in zip(problem.edges[i], self.z[i]) for p in zip(z, edge.ways)]
            self.time |= {c: o.time_ns for c, o in chosen}
            self.persistent |= {c: o.persistent_bytes // self.unit for c, o in zip(x, options)}
            need.append({c: o.workspace_bytes // self.unit for c, o in chosen if o.workspace_bytes})
        self.workspace, self.peak = self.column(integer=False), self.column(integer=False)
        live = [layer.live_bytes // self.unit for layer in costs.layers]
        for row, base in zip(need, live):
            self.rows.append((row | {self.workspace: -1}, -np.inf, 0))
            self.rows.append((row | {self.peak: -1}, -np.inf, -base))
        for expression, most in ((self.expression("workspace"), limits.workspace), (self.expression("peak"), limits.peak),
                                 (self.expression("total"), limits.total)):
            if most is not None:
                self.rows.append((expression, -np.inf, most // self.unit))
        if limits.time is not None:
            self.rows.append((self.time, -np.inf, limits.time))

    def column(self, integer=True):
        self.integer.append(integer)
        return len(self.integer) - 1

    def expression(self, name):
        return {"time": self.time, "workspace": {self.workspace: 1}, "persistent": self.persistent,
                "peak": {self.peak: 1}, "total": self.persistent | {self.peak: 1}}[name]

    def least(self, expression):
        """The variables where the expression is least, whole numbers all; None if the limits leave nothing."""
        entries = [(r, c, v) for r, (row, _, _) in enumerate(self.rows) for c, v in row.items()]
        r, c, v = zip(*entries)
        matrix = csr_matrix((v, (r, c)), (len(self.rows), len(self.integer)))
        cost = np.zeros(len(self.integer))
        cost[list(expression)] = list(expression.values())
        high = np.where(self.integer, 1, np.inf)
        answer = milp(cost, constraints=LinearConstraint(matrix, [row[1] for row in self.rows], [row[2] for row in self.rows]),
                      bounds=Bounds(0, high), integrality=np.array(self.integer, int), options={"mip_rel_gap": 0})
        if answer.status == INFEASIBLE:
            return None
        if answer.x is None or answer.status != 0:
            raise Failure(FAILURE, f"the solver gave up: {answer.message}")
        return np.rint(answer.x).astype(np.int64)

    def plan(self, values):
        options, paths = [], {}
        for i, (x, chosen) in enumerate(zip(self.x, self.problem.options)):
            option = chosen[next(k for k, c in enumerate(x) if values[c])]
            options.append(option if self.problem.costs.layers[i].op != "concat" else None)
            for edge, z in zip(self.problem.edges[i], self.z[i]):
                way = edge.ways[next(k for k, c in enumerate(z) if values[c])]
                if len(way.path) > 1:
                    paths[i, edge.role] = way.path
        return Plan(tuple(options), paths)


def solve(problem, limits, objectives):
    """The plan within the limits that is least by the first objective, among those by the second, and so on; or None."""
    program = Program(problem, limits)
    values = None
    for name in objectives:
        expression = program.expression(name)
        values = program.least(expression)
        if values is None:
            break
        program.rows.append((expression, -np.inf, sum(int(values[c]) * v for c, v in expression.items())))
    if values is None and len(program.rows) > 0 and name != objectives[0]:
        raise Failure(VERIFICATION, f"the solver lost its own answer while it looked for the least {name}")
    return None if values is None else program.plan(values)
