#!/usr/bin/env python3
"""Tests of ./run plan --paper and --zoo on the smallest network, and of the model of a 32-bit ARM that the first one uses.

    python3 tests/python/test_plan_tables.py

SLUICE_PROGRAM is that of test_cli.py. No time is tested, only that there is one; counts of instructions are the same on
every machine.
"""
import contextlib
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from test_cli import PROGRAM, ROOT

sys.path.insert(0, str(ROOT / "planner"))

import paper  # noqa: E402  (found through the path above)
import zoo  # noqa: E402
from sluice_planner import cost_file, header, ilp, measure, modelled, profiling  # noqa: E402
from sluice_planner.costs import LAYOUTS  # noqa: E402

NETWORK = "resnet20_cifar"
EMULATED = shutil.which("qemu-arm") and shutil.which(modelled.COMPILER[0])


def run(command, *arguments):
    """(exit code, stdout, stderr)"""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command.main(["--program", str(PROGRAM), "--networks", NETWORK, "--threads", "1", *map(str, arguments)])
    return code, out.getvalue(), err.getvalue()


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        sets = "textbook,all" + ",model" * bool(EMULATED)
        cls.paper = run(paper, "--folder", cls.folder, "--primitives", sets)

    def test_papers_table(self):
        code, out, err = self.paper
        self.assertEqual(code, 0, err)
        self.assertEqual(err.count("measuring"), 2)
        lines = out.splitlines()
        self.assertEqual(len(lines), 2 + 2 * (3 if EMULATED else 2) + 1)  # a network and a mean of each set
        self.assertEqual(len({line.count("|") for line in lines}), 1)
        self.assertRegex(lines[2], rf"^\| {NETWORK} \| textbook, \w+ \| 1 \| \d")
        self.assertRegex(lines[4], rf"^\| {NETWORK} \| all, \w+ \| 1 \| \d")
        speed_up = [float(cell) for cell in lines[2].split("|")[5:11] if cell.strip() != "–"]
        self.assertTrue(speed_up and min(speed_up) >= 1)  # nothing beats the best plan
        self.assertIn("| TASO, as printed |", lines[-1])

    def test_what_is_there_is_not_measured_again(self):
        before = {p.name: p.read_bytes() for p in self.folder.glob("*x1.json")}
        code, out, err = run(paper, "--folder", self.folder, "--primitives", "textbook,all")
        self.assertEqual(code, 0, err)
        self.assertNotIn("measuring", err)
        self.assertEqual({p.name: p.read_bytes() for p in self.folder.glob("*x1.json")}, before)
        self.assertEqual(out.splitlines()[2], self.paper[1].splitlines()[2])

    def test_written_into_the_document(self):
        document = self.folder / "docs"
        document.mkdir()
        (document / "planner.md").write_text(f"before\n{paper.MARK}\nold\n<!-- end -->\nafter\n")
        with mock.patch.object(profiling, "ROOT", self.folder):
            code, out, err = run(paper, "--folder", self.folder, "--primitives", "all", "--write")
        self.assertEqual(code, 0, err)
        text = (document / "planner.md").read_text()
        self.assertNotIn("old", text)
        self.assertIn(out, text)

    def test_a_model_says_that_it_is_one(self):
        if not EMULATED:
            self.skipTest("qemu-arm or the cross compiler is missing; ./run setup installs them")
        path = profiling.file_of(self.folder, NETWORK, "neon_modelled", 1)
        costs = cost_file.read(path, NETWORK)
        self.assertEqual((costs.machine["basis"], costs.machine["isa"]), ("modelled", "neon"))
        measured = cost_file.read(profiling.file_of(self.folder, NETWORK, "textbook", 1))
        for ours, theirs in zip(costs.layers, measured.layers):
            self.assertEqual({(o.primitive, o.read, o.written) for o in ours.options},
                             {(o.primitive, o.read, o.written) for o in theirs.options})
        self.assertIn("textbook, neon, modelled", self.paper[1])

    def test_ready_plans(self):
        plans = self.folder / "include/sluice/plans"
        plans.mkdir(parents=True)
        with mock.patch.object(zoo, "PLANS", plans):
            code, out, err = run(zoo, "--folder", self.folder)
        self.assertEqual(code, 0, err)
        costs = cost_file.read(profiling.file_of(self.folder, NETWORK, "all", 1))
        name = header.type_name(costs)
        self.assertRegex(out.splitlines()[2], rf"^\| {NETWORK} \| 1 \| \d")
        self.assertIn(f"struct {name} : DefaultPlan", (plans / header.file_name(costs)).read_text())
        flags = costs.machine["flags"].split() + ["-DSLUICE_SCALAR"] * (costs.machine["isa"] == "scalar")
        program = ('#include "sluice/plans/plans.hpp"\n#include "sluice/nets/resnet_cifar.hpp"\n#include "sluice_kernels/cpu.hpp"\n'
                   f"using E = sluice::Engine<sluice::nets::ResNet20Cifar<>, sluice::Cpu, sluice::plans::{name}>;\n"
                   "static_assert(E::memory.weights > 0);\n")  # an engine asserts that it has the plan's bytes
        compiled = subprocess.run(["g++", "-std=c++20", *flags, "-fsyntax-only", f"-I{self.folder / 'include'}", f"-I{ROOT / 'include'}",
                                   f"-I{ROOT / 'kernels'}", "-x", "c++", "-"], input=program, capture_output=True, text=True)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)

    def test_the_quietest_of_rounds(self):
        def round_of(ms, ratio):
            frames = measure.Frames(ms, 2 * ms, 64, 128)
            return measure.Measured(frames, frames, frames, 3 * ms, ratio)
        found = measure.quietest([round_of(5, 1.0), round_of(4, 1.5), round_of(6, 1.2)])
        self.assertEqual(found, round_of(4, 1.2))

    def test_options(self):
        for command, words, arguments in ((paper, "--primitives: expected some of .*, found 'none'", ["--primitives", "none"]),
                                          (paper, "--slowdown: expected a decimal number", ["--slowdown", "0.5"]),
                                          (paper, "--threads: expected numbers of 1 or more, found '0'", ["--threads", "0"]),
                                          (zoo, "Did you mean", ["--networks", "resnet20"])):
            code, out, err = run(command, "--folder", self.folder, *arguments)
            self.assertEqual((code, out), (2, ""), err)
            self.assertRegex(err, words)


@unittest.skipUnless(EMULATED, "qemu-arm or the cross compiler is missing; ./run setup installs them")
class Model(unittest.TestCase):
    KIND = {"op": "conv", "input": [96, 24, 24], "output": [32, 24, 24], "groups": 1,
            "window": {"R": 3, "S": 3, "stride": 1, "padding": [1, 1, 1, 1]}}
    WHOLE = "conv 96 24 24 32 24 24 3 3 1 1 1 1 0 24 96\n"

    def kind(self):
        names = {row[:3] for row in modelled.emulator().count(self.WHOLE)}
        return {**self.KIND, "primitives": [dict(zip(("name", "read", "written"), name), error=0.0) for name in names]}

    def test_part_of_a_layer_stands_for_the_whole(self):
        whole = {row[:3]: row[3:] for row in modelled.emulator().count(self.WHOLE)}
        self.assertGreater(len(whole), 12)
        for most, part in ((1 << 24, (24, 96)), (1 << 20, (12, 32))):
            with mock.patch.object(modelled, "MOST_MACS", most):
                self.assertEqual(modelled.part(self.KIND), part)
                for p in modelled._primitives(self.kind(), False):
                    workspace, persistent, instructions = whole[p["name"], p["read"], p["written"]]
                    with self.subTest(part=part, primitive=p["name"]):
                        self.assertEqual((p["workspace_bytes"], p["persistent_bytes"]), (workspace, persistent))
                        self.assertAlmostEqual(p["time_ns"]["median"] / instructions, 1, delta=0 if part == (24, 96) else 0.1)

    def test_a_vector_is_counted_as_one_instruction(self):
        count = {row[:3]: row[-1] for row in modelled.emulator().count(self.WHOLE)}
        macs = 96 * 32 * 9 * 24 * 24
        self.assertGreater(count["direct", "CHW", "CHW"], macs)  # number by number
        self.assertLess(count["im2row", "HWC", "HWC"], macs)
        self.assertGreater(count["im2row", "HWC", "HWC"], macs / 4)

    def test_maps_are_turned_both_ways(self):
        turned = modelled._turned([16, 8, 8])
        self.assertEqual(set(turned), {(a, b) for a in LAYOUTS for b in LAYOUTS})
        self.assertGreater(min(turned.values()), 16 * 8 * 8 / 4)


if __name__ == "__main__":
    if PROGRAM is None or ilp.milp is None:
        print("SKIPPED: " + ("there is no sluice command; ./run build makes it" if PROGRAM is None
                             else "scipy.optimize.milp is not installed; ./run setup installs it"))
        sys.exit(77)
    unittest.main()
