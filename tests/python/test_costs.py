#!/usr/bin/env python3
"""Tests of sluice profile: the cost file it writes, how it goes on with one, and which it refuses.

    python3 tests/python/test_costs.py

SLUICE_PROGRAM is that of test_cli.py. No time is tested, only that there is one.
"""
import itertools
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from test_cli import PROGRAM, ROOT, sluice

sys.path.insert(0, str(ROOT / "planner"))

from sluice_planner import choose, cost_file  # noqa: E402  (found through the path above)
from sluice_planner.costs import LAYOUTS  # noqa: E402
from sluice_planner.limits import Limits  # noqa: E402
from sluice_planner.problem import Problem  # noqa: E402

NETWORK = "resnet20_cifar"


class CostFile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.path = pathlib.Path(folder.name) / "costs.json"
        cls.first = sluice("profile", "--net", NETWORK, "--out", cls.path)
        cls.file = json.loads(cls.path.read_text()) if cls.path.exists() else None
        cls.isa = cls.file and cls.file["machine"]["isa"]

    def setUp(self):
        self.assertEqual(self.first.returncode, 0, self.first.stderr)
        self.path.write_text(json.dumps(self.file))

    def refused(self, code, words, *arguments):
        before = self.path.read_bytes()
        run = sluice("profile", "--net", NETWORK, "--out", self.path, *arguments)
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertIn(words, run.stderr)
        self.assertEqual(self.path.read_bytes(), before)

    def test_it_is_of_the_network_and_of_this_program(self):
        costs = cost_file.read(self.path, NETWORK)  # refuses whatever contradicts itself
        net = json.loads(sluice("nets", "--net", NETWORK, "--layers", "--json").stdout)[0]
        machine = json.loads(sluice("doctor", "--json").stdout)
        self.assertEqual([layer.name for layer in costs.layers], [layer["name"] for layer in net["layers"]])
        for layer, fact in zip(self.file["layers"], net["layers"]):
            kind = self.file["kinds"][layer["kind"]]
            self.assertEqual({key: kind[key] for key in ("op", "input", "output", "window", "groups")},
                             {key: fact[key] for key in ("op", "input", "output", "window", "groups")})
        self.assertLess(len(self.file["kinds"]), len(self.file["layers"]))
        self.assertEqual(max(layer.live_bytes for layer in costs.layers),
                         max(b["offset"] + b["bytes"] for b in net["buffers"]))  # this network's arena is not larger
        self.assertEqual([block.gate for block in costs.blocks].count(None), 3)
        self.assertEqual((costs.machine["isa"], costs.machine["threads"]), (machine["compiled"]["isa"], 1))
        self.assertEqual(costs.version, machine["version"])
        self.assertTrue(costs.machine["flags"])

    def test_buffers_are_of_whole_maps(self):
        path = self.path.parent / "strips.json"  # an engine has this network's largest map in strips
        with subprocess.Popen([PROGRAM, "profile", "--net", "squeezenet1_1", "--out", path], stderr=subprocess.DEVNULL) as run:
            while not path.exists() and run.poll() is None:  # it is written before anything is measured
                time.sleep(0.01)
            run.kill()
        file = json.loads(path.read_text())
        for i, layer in enumerate(file["layers"]):
            live = sum(b["bytes"] for b in file["buffers"] if b["first"] <= i <= b["last"])
            self.assertGreaterEqual(live, 4 * math.prod(file["kinds"][layer["kind"]]["output"]), layer["name"])

    def test_every_primitive_that_supports_a_layer(self):
        names = {layer["name"]: {p["name"] for p in self.file["kinds"][layer["kind"]]["primitives"]}
                 for layer in self.file["layers"]}
        one_vector = {"direct_sliding", "direct_paired"} if self.isa == "avx512" else set()  # of 16 channels
        self.assertEqual(names["layer1.0.conv1"], one_vector | {"direct", "direct_bf16", "winograd2", "winograd4", "winograd6",
                                                                "reference"})
        self.assertEqual(names["layer2.0.conv1"], {"direct", "direct_bf16", "reference"})  # strided
        self.assertEqual(names["layer2.0.shortcut"], {"subsample"})
        for kind in self.file["kinds"]:
            for p in kind["primitives"]:
                taken = p["time_ns"]
                self.assertTrue(0 < taken["least"] <= taken["median"] and taken["spread"] >= 0, p)
                self.assertLessEqual(p["error"], 0.01 if p["name"] == "direct_bf16" else 1e-4)
                self.assertEqual(p["name"].startswith("winograd"), p["workspace_bytes"] > 0)
                self.assertEqual(p["persistent_bytes"] % 64, 0)

    def test_a_plan_of_it_names_primitives_of_the_engine(self):
        plan, taken = choose.best(Problem(cost_file.read(self.path)), Limits(workspace=0), "time")
        self.assertEqual(taken.workspace_bytes, 0)
        self.assertLessEqual({o.primitive for o in plan.options}, {
            "input", "direct", "direct_sliding", "direct_paired", "reference", "subsample", "average_pool"})

    def test_a_plan_is_compiled_and_gives_the_right_logits(self):
        run = subprocess.run([sys.executable, "-B", ROOT / "planner/plan.py", "--costs", self.path, "--measure", "--json"],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        found = json.loads(run.stdout)
        self.assertTrue(0 < found["measured_least_ms"] <= found["measured_median_ms"])
        self.assertTrue(found["layers_ms"] > 0 and found["measured_of_layers"] > 0, found)

    def test_what_is_missing_is_measured_and_nothing_else(self):
        last = self.file["layers"][-1]["kind"]
        part = json.loads(json.dumps(self.file))
        part["kinds"][last]["primitives"], part["complete"] = [], False
        self.path.write_text(json.dumps(part))
        run = sluice("profile", "--net", NETWORK, "--out", self.path)
        self.assertEqual(run.returncode, 0, run.stderr)
        again = json.loads(self.path.read_text())
        paired = ["direct_paired"] if self.isa in ("avx2", "avx512") else []  # 10 channels: of 16 lanes ten, or of 8 two
        self.assertEqual([p["name"] for p in again["kinds"][last]["primitives"]],
                         [*paired, "direct", "direct_bf16", "reference"])
        again["kinds"][last] = self.file["kinds"][last]
        self.assertEqual(again, self.file)

    def test_rounds(self):
        """Three of each, and what is interrupted goes on with those that are missing; the quieter one counts."""
        self.assertEqual({kind["rounds"] for kind in self.file["kinds"]}, {3})
        part = json.loads(json.dumps(self.file))
        part["complete"] = False
        for kind, median in ((part["kinds"][1], 1), (part["kinds"][2], 10**12)):
            kind["rounds"] = 2
            for p in kind["primitives"]:
                p["time_ns"] = {"median": median, "least": 1, "spread": 0}
        self.path.write_text(json.dumps(part))
        run = sluice("profile", "--net", NETWORK, "--out", self.path)
        self.assertEqual(run.returncode, 0, run.stderr)
        again = json.loads(self.path.read_text())
        self.assertTrue(again["complete"])
        self.assertEqual([kind["rounds"] for kind in again["kinds"]], [3] * len(again["kinds"]))
        for p in again["kinds"][1]["primitives"]:
            self.assertEqual(p["time_ns"], {"median": 1, "least": 1, "spread": 0})
        for p in again["kinds"][2]["primitives"]:
            self.assertTrue(1 < p["time_ns"]["median"] < 10**12 and p["time_ns"]["least"] == 1, p)
        self.assertEqual(again["kinds"][3:], self.file["kinds"][3:])

    def test_files_of_something_else(self):
        for key, value in (("version", "9.9.9"), ("network", "resnet18"), ("fingerprint", "0" * 16)):
            self.path.write_text(json.dumps({**self.file, key: value}))
            self.refused(2, f"holds costs of something else; {key}: ")
        machine = {**self.file["machine"], "cpu": "another"}
        self.path.write_text(json.dumps({**self.file, "machine": machine}))
        self.refused(2, "holds costs of something else; machine: ")
        self.path.write_text(json.dumps(self.file))
        self.refused(2, '"threads":2', "--threads", "2")

    def test_files_that_are_damaged(self):
        for text, words in (("{", "is no JSON from byte"), ("{}", "is no cost file"),
                            (json.dumps({**self.file, "schema_version": 1}), "expected schema_version 2, found 1"),
                            (json.dumps({**self.file, "kinds": []}), "of maps, found 0")):
            self.path.write_text(text)
            self.refused(4, words)

    def test_the_textbook(self):
        path = self.path.parent / "textbook.json"
        run = sluice("profile", "--net", NETWORK, "--set", "textbook", "--out", path)
        self.assertEqual(run.returncode, 0, run.stderr)
        costs = cost_file.read(path, NETWORK)
        options = {(o.primitive, o.read, o.written): o for o in costs.layers[1].options}
        self.assertLess({("direct", "CHW", "CHW"), ("im2row", "HWC", "HWC"), ("im2col", "CHW", "CHW"),
                         ("kn2row", "CHW", "CHW"), ("kn2col", "HWC", "HWC"), ("mec", "HCW", "HCW"), ("mec", "HCW", "HWC"),
                         ("winograd4-1d", "HWC", "HWC"), ("winograd4", "HWC", "HWC")}, set(options))
        self.assertEqual(options["im2row", "HWC", "HWC"].workspace_bytes, 4 * 9 * 3 * 32 * 32)
        self.assertEqual({(c.source, c.target) for c in costs.layers[1].conversions}, set(itertools.permutations(LAYOUTS, 2)))
        self.assertEqual(costs.layers[1].conversions[0].workspace_bytes, 4 * 16 * 32 * 32)
        plan, taken = choose.best(Problem(costs), Limits(), "time")  # compares the two solvers
        self.assertGreater(taken.time_ns, 0)

    def test_options(self):
        for arguments, words in ((["--net", "resnet"], "Did you mean"), (["--net", NETWORK, "--threads", "0"], "--threads"),
                                 (["--net", NETWORK, "--set", "none"], "--set: expected all or textbook, found 'none'")):
            run = sluice("profile", "--out", self.path.parent / "new.json", *arguments)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn(words, run.stderr)
        run = sluice("profile", "--net", NETWORK, "--out", self.path.parent / "none/costs.json")
        self.assertEqual(run.returncode, 1)
        self.assertIn("--out: cannot write", run.stderr)


if __name__ == "__main__":
    if PROGRAM is None:
        print("SKIPPED: there is no sluice command; ./run build makes it")
        sys.exit(77)
    unittest.main()
