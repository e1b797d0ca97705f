#!/usr/bin/env python3
"""Tests of the planner: an integer program, a dynamic program and trying all plans find the same optimum.

    python3 tests/python/test_planner.py

On 300 small networks made up from seeds; on large ones the two programs alone. Every value is recomputed from the plan by an evaluation that shares no code
with the solvers. Without SciPy the exit code is 77.
"""
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "planner"))

import small_costs  # noqa: E402  (finds the planner through the path above)
from sluice_planner import baselines, cost_file, dynamic, frontier, ilp  # noqa: E402
from sluice_planner.evaluation import evaluate, layouts  # noqa: E402
from sluice_planner.failure import Failure  # noqa: E402
from sluice_planner.limits import Limits  # noqa: E402
from sluice_planner.problem import Plan, Problem  # noqa: E402

SEEDS = range(300)
ORDERS = {"time": ("time", "workspace", "persistent"), "workspace": ("workspace", "time", "persistent"),
          "peak": ("peak", "time", "persistent"), "total": ("total", "time")}


def values(taken, order):
    return taken and tuple(taken.number(name) for name in order)


class Agreement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.problems = []
        with tempfile.TemporaryDirectory() as folder:
            for seed in SEEDS:
                costs = cost_file.read(small_costs.write(pathlib.Path(folder) / "costs.json", small_costs.network(seed)))
                cls.problems.append((seed, costs, Problem(costs), list(small_costs.every_plan(costs))))

    def check(self, seed, problem, every, limits, objective):
        """Whether there is a plan."""
        order = ORDERS[objective]
        allowed = [taken for _, taken in every if limits.allow(taken)]
        best = min((values(taken, order) for taken in allowed), default=None)
        for name, plan in (("ILP", ilp.solve(problem, limits, order)), ("DP", dynamic.solve(problem, limits, objective))):
            taken = plan and evaluate(problem.costs, plan)
            with self.subTest(seed=seed, solver=name, limits=limits, objective=objective):
                if name == "DP":  # it breaks ties by two values, not three
                    self.assertEqual(values(taken, order[:2]), best and best[:2])
                else:
                    self.assertEqual(values(taken, order), best)
                self.assertTrue(taken is None or limits.allow(taken))
        return best is not None

    def test_without_limits(self):
        found = [self.check(seed, problem, every, Limits(), objective)
                 for seed, _, problem, every in self.problems for objective in ORDERS]
        self.assertGreater(sum(found), 4 * 200)
        self.assertGreater(len(found) - sum(found), 4)  # and some networks have no plan

    def test_within_limits(self):
        found = []
        for seed, _, problem, every in self.problems:
            if not every:
                continue
            middle = every[seed % len(every)][1]  # what some plan takes; one byte less rules that out
            for less in (0, 1):
                found += [
                    self.check(seed, problem, every, Limits(workspace=middle.workspace_bytes - less), "time"),
                    self.check(seed, problem, every, Limits(peak=middle.peak_bytes - less), "time"),
                    self.check(seed, problem, every, Limits(workspace=middle.workspace_bytes, peak=middle.peak_bytes - less),
                               "time"),
                    self.check(seed, problem, every, Limits(time=middle.time_ns - less), "workspace"),
                    self.check(seed, problem, every, Limits(time=middle.time_ns - less), "peak"),
                    self.check(seed, problem, every, Limits(time=middle.time_ns - less, peak=middle.peak_bytes), "workspace"),
                    self.check(seed, problem, every, Limits(time=middle.time_ns - less), "total")]
                limits = Limits(total=middle.total_bytes - less, workspace=middle.workspace_bytes)
                plans = ilp.solve(problem, limits, ("time", "total")), dynamic.solve(problem, limits, "time")
                best = min((values(taken, ("time", "total")) for _, taken in every if limits.allow(taken)), default=None)
                for plan in plans:
                    with self.subTest(seed=seed, limits=limits):
                        self.assertEqual(values(plan and evaluate(problem.costs, plan), ("time", "total")), best)
        self.assertGreater(sum(found), 2000)
        self.assertGreater(len(found) - sum(found), 20)

    def test_frontier_is_what_no_plan_beats(self):
        points = 0
        for seed, costs, problem, every in self.problems:
            pairs = {(taken.workspace_bytes, taken.time_ns) for _, taken in every}
            expected = sorted(p for p in pairs if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in pairs))
            found = [(t.workspace_bytes, t.time_ns) for _, t in frontier.points(problem, Limits())]
            with self.subTest(seed=seed):
                self.assertEqual(found, expected)
            points += len(found)
        self.assertGreater(points, 400)

    def test_no_baseline_beats_the_optimum(self):
        compared = dict.fromkeys([*baselines.GREEDY], 0)
        for seed, costs, problem, every in self.problems:
            fastest = min((taken.time_ns for _, taken in every), default=None)
            for name, plan in baselines.plans(problem, 800).items():
                with self.subTest(seed=seed, baseline=name):
                    if name in baselines.FAMILIES:
                        self.assertIsNone(plan)  # primitives are called p0 to p2
                    elif plan is not None:
                        self.assertGreaterEqual(evaluate(costs, plan).time_ns, fastest)
                        compared[name] += 1
        self.assertGreater(min(compared.values()), 80)


class LargeNetworks(unittest.TestCase):
    """Times and bytes of real magnitudes: the integer program has to be right to the nanosecond and to the byte."""

    def test_the_two_solvers_agree(self):
        compared = 0
        for seed in range(20):
            with tempfile.TemporaryDirectory() as folder:
                costs = cost_file.read(small_costs.write(pathlib.Path(folder) / "costs.json", small_costs.large_network(seed)))
            problem = Problem(costs)
            fastest = dynamic.solve(problem, Limits(), "time")
            if fastest is None:
                self.assertIsNone(ilp.solve(problem, Limits(), ORDERS["time"]))
                continue
            taken = evaluate(costs, fastest)
            for limits, objective in ((Limits(), "time"), (Limits(workspace=taken.workspace_bytes - 1), "time"),
                                      (Limits(peak=taken.peak_bytes - 1), "time"),
                                      (Limits(time=taken.time_ns * 11 // 10), "workspace"),
                                      (Limits(time=taken.time_ns * 11 // 10), "peak")):
                order = ORDERS[objective][:2]
                plans = ilp.solve(problem, limits, order), dynamic.solve(problem, limits, objective)
                with self.subTest(seed=seed, limits=limits, objective=objective):
                    self.assertEqual(*(values(plan and evaluate(costs, plan), order) for plan in plans))
                    compared += plans[0] is not None
        self.assertGreater(compared, 40)


class Gates(unittest.TestCase):
    """A block that may be skipped has its input where its output is expected."""

    def test_boundaries_lie_alike_though_it_costs_time(self):
        net = small_costs.Network(1)
        x = net.residual(net.chain(0, 1))
        for gate in range(3):
            x = net.residual(x, gate=gate)
        net.add("linear", x)
        fast = {"read": "CHW", "written": "HWC"}  # each layer would turn its map round
        for kind in net.kinds:
            kind["primitives"] = [
                {"name": name, **layouts, "time_ns": dict(median=time, least=time, spread=0), "workspace_bytes": 0,
                 "persistent_bytes": 0, "error": 0.0}
                for name, layouts, time in (("a", fast, 1), ("b", {"read": "CHW", "written": "CHW"}, 50),
                                            ("c", {"read": "HWC", "written": "HWC"}, 60))]
        with tempfile.TemporaryDirectory() as folder:
            costs = cost_file.read(small_costs.write(pathlib.Path(folder) / "costs.json", net.file()))
        for plan in (ilp.solve(Problem(costs), Limits(), ("time",)), dynamic.solve(Problem(costs), Limits(), "time")):
            lies = layouts(costs, plan)
            self.assertEqual(len({lies[b.last] for b in costs.blocks}), 1)
            options = list(plan.options)
            last = costs.blocks[2].last
            other = next(o for o in costs.layers[last].options if o.written != options[last].written)
            options[last] = other
            with self.assertRaisesRegex(Failure, "cannot be skipped"):
                evaluate(costs, Plan(tuple(options), plan.paths))


if __name__ == "__main__":
    if ilp.milp is None:
        print("SKIPPED: scipy.optimize.milp is not installed; ./run setup installs it")
        sys.exit(77)
    unittest.main()
