#!/usr/bin/env python3
"""Tests of bench/reproduce.py: its rows against numbers that are computed here from the paper alone.

    python3 tests/python/test_reproduce.py

The newest build/*/bench_paper is asked; without one nothing is tested and the exit code is 77.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILT = sorted([*ROOT.glob("build/*/bench_paper"), *ROOT.glob("build/reproduce/*/bench_paper")],
               key=lambda p: p.stat().st_mtime)
if not BUILT:
    print("skipped: no bench_paper is built", file=sys.stderr)
    sys.exit(77)

# ResNet-152 for 32x32 images by hand: stem, first and other block of each group, classifier; multiply-accumulates alike.
STEM, FC, FIRST, OTHER = 1856, 20490, (75008, 379392, 1512448, 6039552), (70400, 280064, 1117184, 4462592)
KEPT = {100: (3, 8, 36, 3), 90: (3, 8, 33, 3), 80: (3, 7, 29, 3), 70: (3, 6, 26, 3), 50: (2, 4, 15, 2),
        30: (1, 2, 9, 1), 10: (1, 1, 2, 1)}


def parameters(kept):
    return STEM + FC + sum(f + (k - 1) * o for k, f, o in zip(kept, FIRST, OTHER))


class Reproduce(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.paper = json.loads(subprocess.run([BUILT[-1]], capture_output=True, check=True).stdout)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        run = subprocess.run([sys.executable, "-B", ROOT / "bench/reproduce.py", "--paper", BUILT[-1], "--json"],
                             capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        cls.report = json.loads(run.stdout)
        cls.rows = cls.report["rows"]

    def find(self, words, **keys):
        return [r for r in self.rows if words in r["claim"] and all(r[k] == v for k, v in keys.items())]

    def test_every_row_is_complete_and_none_is_met_by_what_it_was_fitted_to(self):
        for r in self.rows:
            self.assertEqual(list(r), ["claim", "printed", "ours", "unit", "basis", "verdict", "note"])
            self.assertIn(r["basis"], ("derived", "fitted", "measured", "modelled"))
            self.assertIn(r["verdict"], ("met", "contradicted-by-paper", "needs-device", "needs-weights"))
            self.assertFalse(r["basis"] == "fitted" and r["verdict"] == "met", r)
            if r["basis"] == "measured" and r["ours"] is None:
                self.assertNotEqual(r["verdict"], "met", r)
        self.assertEqual(sum(self.report["verdicts"].values()), len(self.rows))
        self.assertGreater(len(self.rows), 70)

    def test_table_1(self):
        for r in self.paper["table1"]:
            self.assertEqual(tuple(r["kept"]), KEPT[r["label"]])
            self.assertEqual(r["parameters"], parameters(KEPT[r["label"]]))
        met = self.find("Table 1", verdict="met")
        self.assertEqual(len(met), 7 + 6)
        for r in met:
            self.assertEqual(r["printed"], r["ours"])
        self.assertEqual(len(self.find("accuracy", verdict="needs-weights")), 7 + 1)  # and Fig. 3a

    def test_presets(self):
        cubic, gpu = self.paper["presets"]["orin-cpu-cubic"], self.paper["presets"]["orin-gpu"]
        for f, tau, joules in zip(cubic["clocks_hz"], cubic["whole"]["tau_s"], cubic["whole"]["energy_j"]):
            self.assertTrue(math.isclose(tau, 1e9 / f) and math.isclose(joules, (0.0622 + (f / 1e9) ** 3) / (f / 1e9)))
        edp = dict(zip(cubic["whole"]["edp_js"], cubic["clocks_hz"]))
        self.assertEqual(edp[min(edp)], cubic["whole"]["edp_best_hz"])
        self.assertAlmostEqual(cubic["whole"]["edp_best_hz"], 499.2e6)
        for f, tau in zip(gpu["clocks_hz"], gpu["skipped"]["tau_s"]):
            self.assertTrue(math.isclose(tau, 2.754e6 / f, rel_tol=1e-9))

    def test_what_excludes_each_other(self):
        [together] = self.find("together")
        self.assertEqual((together["ours"], together["verdict"]), (0.7548, "contradicted-by-paper"))
        self.assertEqual({r["note"]: (r["ours"], r["verdict"]) for r in self.find("Fig. 5a: energy saved")},
                         {"orin-cpu-cubic": (73.4, "contradicted-by-paper"), "orin-cpu-36": (36.0, "needs-device"),
                          "orin-board-rail": (36.0, "needs-device")})
        self.assertEqual({r["note"]: r["ours"] for r in self.find("Fig. 6d")},
                         {"orin-cpu-cubic": 499.2, "orin-cpu-36": 1510.4, "orin-cpu-rail": 499.2,
                          "orin-board-rail": 1267.2})

    def test_pictures(self):
        try:
            import matplotlib  # noqa: F401
        except ModuleNotFoundError:
            self.skipTest("no matplotlib for this Python")
        run = subprocess.run([sys.executable, "-B", ROOT / "bench/reproduce.py", "--paper", BUILT[-1], "--png",
                              self.folder.name], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        for n in (3, 4, 5, 6):
            content = (pathlib.Path(self.folder.name) / f"figure{n}.png").read_bytes()
            self.assertTrue(content.startswith(b"\x89PNG") and len(content) > 10000)


if __name__ == "__main__":
    unittest.main()
