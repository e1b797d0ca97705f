#!/usr/bin/env python3
"""Tests of the command ./run plan: the examples of docs/planner.md, bad input, and the header that it writes.

    python3 tests/python/test_plan.py

Without SciPy the exit code is 77.
"""
import contextlib
import copy
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "planner"))

import plan  # noqa: E402  (found through the path above)
import small_costs  # noqa: E402
from sluice_planner import identity, ilp  # noqa: E402

EXAMPLE = ROOT / "planner/example.json"


def run(*arguments):
    """(exit code, stdout, stderr)"""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = plan.main([str(a) for a in arguments])
        except SystemExit as e:
            code = e.code
    return code, out.getvalue(), err.getvalue()


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.example = json.loads(EXAMPLE.read_text())

    def write(self, file):
        return small_costs.write(self.folder / "costs.json", file)


class Document(unittest.TestCase):
    def test_examples_print_what_stands_there(self):
        text = (ROOT / "docs/planner.md").read_text(encoding="utf-8")
        blocks = re.findall(r"```console\n\$ \./run plan (.*)\n((?:.*\n)*?)```", text)
        self.assertGreaterEqual(len(blocks), 4)
        for arguments, printed in blocks:
            with self.subTest(arguments):
                code, out, err = run(*arguments.replace("planner/example.json", str(EXAMPLE)).split())
                self.assertEqual((out + err).splitlines(), printed.splitlines())
                self.assertEqual(code, 1 if err else 0)


class Answers(Folder):
    def test_json_of_a_plan(self):
        code, out, _ = run("--costs", EXAMPLE, "--max-error", "1e-7", "--layouts", "CHW,HWC", "--json")
        found = json.loads(out)
        self.assertEqual(code, 0)
        self.assertEqual([layer["primitive"] for layer in found["layers"]], ["input", "im2row", "im2col", "direct"])
        self.assertEqual([layer["input"] for layer in found["layers"]], [[], [], ["HWC", "CHW"], ["CHW", "HWC"]])
        self.assertEqual((found["time_ms"], found["workspace_bytes"], found["slowdown"]), (0.21, 18432 + 2048, 1))

    def test_json_and_picture_of_a_frontier(self):
        picture = self.folder / "frontier.png"
        code, out, err = run("--costs", EXAMPLE, "--frontier", "--json", "--png", picture, "--slowdown", "2.2")
        self.assertEqual((code, err), (0, ""))
        found = json.loads(out)
        self.assertEqual([p["time_ms"] for p in found["points"]], [0.44, 0.4, 0.19])
        self.assertEqual(found["near"]["workspace_bytes"], 6912)
        self.assertEqual(found["memory_ratio"], 9216 / 6912)
        self.assertEqual(set(found["baselines"]), {"T-only", "G-fast", "G-fwd", "G-mem", "G-seq", "all-direct", "all-im2row"})
        self.assertAlmostEqual(found["speed_up"]["G-fast"], 0.21 / 0.19)
        self.assertEqual(picture.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_frontier_within_limits(self):
        code, out, _ = run("--costs", EXAMPLE, "--frontier", "--memory", "workspace=8KiB", "--json")
        found = json.loads(out)
        self.assertEqual(code, 0)
        self.assertEqual([p["time_ms"] for p in found["points"]], [0.44, 0.4])
        self.assertEqual((found["baselines"]["T-only"]["time_ms"], found["near"]), (0.19, None))
        self.assertIn("nothing within these limits", run("--costs", EXAMPLE, "--frontier", "--memory", "workspace=1KiB")[1])

    def test_table(self):
        code, out, err = run("--table", EXAMPLE, EXAMPLE, "--slowdown", "2.2")
        self.assertEqual((code, err), (0, ""))
        lines = out.splitlines()
        self.assertEqual(len(lines), 5)
        ratio = f"{(14464 + 42880) / (11312 + 35968):.2f}"  # of peak and weights: the plans of 0.190 ms and of 0.400 ms
        self.assertTrue(lines[2].endswith(f"| 0.01 | 0.01 | 1.33 | 0.05 | 0.05 | {ratio} |"))
        self.assertTrue(lines[2].startswith("| tiny | textbook, avx2 | 1 | 0.19 | 1.11 | 1.00 | 2.32 | 2.11 | 2.32 | 2.11 | "))
        self.assertEqual(lines[4], "| geometric mean | textbook, avx2 | 1 |  | 1.11 | 1.00 | 2.32 | 2.11 | 2.32 | 2.11 |  |  | 1.33 "
                                   f"|  |  | {ratio} |")
        self.assertEqual({line.count("|") for line in lines}, {17})

    def test_objectives(self):
        for objective, memory, time in (("memory", 6912, 0.4), ("peak", 6912, 0.4), ("total", 6912, 0.4)):
            code, out, _ = run("--costs", EXAMPLE, "--objective", objective, "--slowdown", "2.106", "--json")
            found = json.loads(out)
            self.assertEqual((code, found["workspace_bytes"], found["time_ms"]), (0, memory, time), objective)

    def test_the_same_costs_give_the_same_header(self):
        for name in ("a.hpp", "b.hpp"):
            self.assertEqual(run("--costs", EXAMPLE, "--out", self.folder / name)[0], 0)
        self.assertEqual((self.folder / "a.hpp").read_bytes(), (self.folder / "b.hpp").read_bytes())


class Refusals(Folder):
    def refused(self, code, words, *arguments):
        with self.subTest(words):
            found, out, err = run(*arguments)
            self.assertEqual((found, out), (code, ""), err)
            self.assertRegex(err, words)
            self.assertNotIn("Traceback", err)

    def test_options(self):
        for words, arguments in {
                "expected a number and one of B, KiB, MiB, GiB behind workspace=, found '8'": ["--memory", "workspace=8"],
                "found '8MB'": ["--memory", "workspace=8MB"],
                "found '-1B'": ["--memory", "peak=-1B"],
                "found ''": ["--memory", "peak="],
                "expected workspace=, peak=, total= and bytes": ["--memory", "8MiB"],
                "workspace is given twice": ["--memory", "workspace=1B", "--memory", "workspace=2B"],
                "--slowdown: expected a decimal number of 1 or more, found '0.9'": ["--slowdown", "0.9"],
                "found 'nan'": ["--slowdown", "nan"],
                "--max-error: expected a number of 0 or more, found 'inf'": ["--max-error", "inf"],
                "--layouts: expected some of CHW, HCW, HWC, found 'NHWC'": ["--layouts", "NHWC"],
                "--name: expected the name of a C\\+\\+ type, found '1x'": ["--name", "1x"],
                "--png: expected --frontier": ["--png", "x.png"],
                "--frontier: drop": ["--frontier", "--memory", "total=1MiB"],
                "--measure: the costs are of made up, this machine is": ["--measure"],
                "invalid choice: 'speed'": ["--objective", "speed"]}.items():
            self.refused(2, words, "--costs", EXAMPLE, *arguments)

    def test_limits_that_cannot_be_kept(self):
        for words, arguments in {
                r"no plan of peak=1024B; the least is 5.12 KiB \(5248 B\): layer 'conv2' needs it": ["--memory", "peak=1KiB"],
                "no plan of total=1024B; .* most of them of layer 'fc'": ["--memory", "total=1KiB"],
                "within the other limits the least is 9 KiB: layer 'conv2'": ["--memory", "workspace=1KiB", "--slowdown", "2"],
                "layer 'conv2' has no primitive with an error of": ["--max-error", "1e-9", "--layouts", "HWC"]}.items():
            if "max-error" in arguments[0]:
                self.example["kinds"][2]["primitives"][0]["error"] = 1e-8
                self.refused(1, words, "--costs", self.write(self.example), *arguments)
            else:
                self.refused(1, words, "--costs", EXAMPLE, *arguments)

    def test_files(self):
        self.refused(3, "cannot read", "--costs", self.folder / "none.json")
        self.refused(4, "costs are of tiny, --net asks for resnet50", "--costs", EXAMPLE, "--net", "resnet50")

        def changed(words, change):
            file = copy.deepcopy(self.example)
            change(file)
            self.refused(4, words, "--costs", self.write(file))

        def time(value):
            return lambda f: f["kinds"][1]["primitives"][0]["time_ns"].update(median=value)

        place = r"kinds\[1\]\.primitives\[0\]\.time_ns\.median: expected a whole number of 1 or more, found "
        for value, found in ((0, "0"), (-5, "-5"), (1.5, "1.5"), (True, "true"), (None, "null"), (float("nan"), "NaN"),
                             (float("inf"), "Infinity")):
            changed(place + re.escape(found), time(value))
        changed("of sluice 9.9.9, this is " + re.escape(identity.version()), lambda f: f.update(version="9.9.9"))
        changed("fingerprint .* is of another network than the layers", lambda f: f["kinds"][1].update(act="none"))
        changed("is of another network", lambda f: f.update(fingerprint="0" * 16))
        changed("layer 'conv2' has not been measured", lambda f: f["kinds"][2].update(primitives=[]))
        changed("kind 3, which is missing", lambda f: f["kinds"].pop())
        changed("has not come to its end", lambda f: f.update(complete=False))
        changed("unknown key 'speed'", lambda f: f["kinds"][1]["primitives"][0].update(speed=1))
        changed("the key 'machine' is missing", lambda f: f.pop("machine"))
        changed("schema_version: expected one of 2, found 1", lambda f: f.update(schema_version=1))
        changed("read: expected one of CHW, HCW, HWC", lambda f: f["kinds"][1]["primitives"][0].update(read="NHWC"))
        changed("'conv1' does not read layers before it", lambda f: f["layers"][1].update(input=2))
        changed("two layers are called 'conv1'", lambda f: f["layers"][2].update(name="conv1"))
        changed("direct HWC HWC is there twice", lambda f: f["kinds"][2]["primitives"].append(f["kinds"][2]["primitives"][0]))
        changed("no block from layer 2 to 9", lambda f: f["blocks"].append({"input": 1, "first": 2, "last": 9, "gate": 0}))
        changed("conversions of .* are there twice", lambda f: f["maps"].append(f["maps"][0]))
        for text, words in (("{", "is no JSON from line 1"), ("[]", "expected an object"), ('{"a": 1, "a": 2}', "there twice")):
            (self.folder / "costs.json").write_text(text)
            self.refused(4, words, "--costs", self.folder / "costs.json")

    def test_solver_missing(self):
        with mock.patch.object(ilp, "milp", None):
            self.refused(1, "the solver is missing: .*python3-scipy", "--costs", EXAMPLE)

    def test_layouts_that_do_not_fit_together(self):
        self.example["maps"] = []
        self.example["kinds"][2]["primitives"] = self.example["kinds"][2]["primitives"][2:]
        self.refused(1, "no choice of primitives has layouts that fit", "--costs", self.write(self.example))

    def test_headers_that_cannot_be_written(self):
        self.refused(1, "conv2' goes from CHW to CHW.*--layouts HWC", "--costs", EXAMPLE, "--max-error", "1e-7", "--out",
                     self.folder / "plan.hpp")
        self.refused(1, "--out: cannot write", "--costs", EXAMPLE, "--out", self.folder / "none/plan.hpp")
        self.assertEqual(list(self.folder.iterdir()), [])


class Header(Folder):
    NETWORK = """#include "plan.hpp"
#include "sluice/plan/measured.hpp"
#include "sluice_kernels/cpu.hpp"
using namespace sluice;
struct Tiny {
    static constexpr graph::Name name = "tiny";
    static constexpr void describe(graph::Builder& net) {
        graph::Tensor x = net.conv("conv1", net.input({3, 8, 8}), {.K = 8, .R = 3, .pad = 1});
        x = net.conv("conv2", x, {.K = 8, .R = 3, .pad = 1});
        net.linear("fc", x, OUTPUTS);
    }
};
using Plan = plans::TinyAvx2;
static_assert(is_plan_of<Plan>(graph_view<Tiny>), "the plan is of another network");
static_assert(is_plan_of<DefaultPlan>(graph_view<Tiny>) && keeps_to_plan<DefaultPlan>("avx2", 1, 1));
static_assert(keeps_to_plan<Plan>("avx2", 9216, 42880) && keeps_to_plan<Plan>("sse", 1, 1));
static_assert(!keeps_to_plan<Plan>("avx2", 9280, 42880) && !keeps_to_plan<Plan>("avx2", 9216, 42944));
using Net = Engine<Tiny, Cpu, Plan>;
static_assert(Net::primitive(1) == "direct" && Net::primitive(2) == "winograd4" && Net::primitive(3) == "direct");
int main() {}
"""

    def compiled(self, outputs):
        source = self.folder / "main.cpp"
        source.write_text(self.NETWORK.replace("OUTPUTS", str(outputs)))
        return subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-DSLUICE_SCALAR", f"-I{ROOT}/include", f"-I{ROOT}/kernels",
                               source], capture_output=True, text=True)

    def test_an_engine_takes_it(self):
        # im2row is no primitive of the engine's list
        self.example["kinds"][1]["primitives"].pop()
        self.assertEqual(run("--costs", self.write(self.example), "--layouts", "HWC", "--out", self.folder / "plan.hpp")[0], 0)
        right, wrong = self.compiled(10), self.compiled(11)
        self.assertEqual(right.returncode, 0, right.stderr)
        self.assertIn("the plan is of another network", wrong.stderr)


if __name__ == "__main__":
    if ilp.milp is None:
        print("SKIPPED: scipy.optimize.milp is not installed; ./run setup installs it")
        sys.exit(77)
    unittest.main()
