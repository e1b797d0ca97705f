#!/usr/bin/env python3
"""Tests of bench/limit.py: the limit of layers that can be computed by hand, and what the tables make of a network.

    python3 tests/python/test_limit.py
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import limit  # noqa: E402  (found through the path above)

MACHINE = {"cpu": "a machine", "isa": "avx2", "compiler": "gcc", "threads": 1, "fma_peak_gflops": 100.0, "dram_gbytes_per_s": 10.0}


def layer(name, op, C, K, size, R=3, stride=1, groups=1):
    per_output = C // groups * R * R
    return {"name": name, "op": op, "input": [C, size, size], "output": [K, size // stride, size // stride], "groups": groups,
            "window": {"R": R, "S": R, "stride": stride, "padding": [R // 2] * 4},
            "macs": 0 if op == "max_pool" else K * (size // stride) ** 2 * per_output}


def timed(name, primitive, us, layer_bytes=0):
    return {"name": name, "primitive": primitive, "us": us, "bytes": layer_bytes}


FAST_MEMORY = MACHINE | {"dram_gbytes_per_s": 1e6}


class Limit(unittest.TestCase):
    def same(self, seconds, expected):
        self.assertAlmostEqual(seconds / expected, 1, places=9)

    def test_arithmetic_is_the_limit(self):
        """F(6x6) of a 12x12 map: 4 tiles of 64 multiplications per pair of channels, 2 FLOP each at 100 GFLOP/s."""
        self.same(limit.limit(layer("a", "conv", 8, 8, 12), FAST_MEMORY), 4 * 64 * 64 * 2 / 100e9)

    def test_weights_are_the_limit(self):
        """A map of 4x4: direct has 9 weights a pair of channels, F(2x2) 16; the bytes of either outlast its products."""
        self.same(limit.limit(layer("a", "conv", 512, 512, 4), MACHINE), 4 * 9 * 512 * 512 / 10e9)
        linear = {"name": "fc", "op": "linear", "input": [512, 1, 1], "output": [10, 1, 1], "groups": 1, "macs": 5120,
                  "window": {"R": 1, "S": 1, "stride": 1, "padding": [0] * 4}}
        self.same(limit.limit(linear, MACHINE), 4 * 5120 / 10e9)

    def test_no_winograd(self):
        """Of stride 2, of groups, of 1x1: the direct convolution's multiplications."""
        for other in (layer("a", "conv", 8, 8, 16, stride=2), layer("a", "conv", 8, 8, 16, groups=8),
                      layer("a", "conv", 8, 8, 16, R=1)):
            self.same(limit.limit(other, FAST_MEMORY), other["macs"] * 2 / 100e9)
        self.assertEqual(limit.limit(layer("a", "max_pool", 8, 8, 16), MACHINE), 0)

    def test_the_primitive_s_own(self):
        a = layer("a", "conv", 8, 8, 12)
        self.same(limit.own_limit(a, "winograd4", FAST_MEMORY), 9 * 36 * 64 * 2 / 100e9)
        self.same(limit.own_limit(a, "winograd4", MACHINE), 4 * 36 * 64 / 10e9)
        self.same(limit.own_limit(a, "direct", MACHINE), a["macs"] * 2 / 100e9)

    def test_kinds(self):
        for expected, given in (("stem", layer("a", "conv", 3, 8, 12)), ("1x1", layer("a", "conv", 8, 8, 12, R=1)),
                                ("3x3 of stride 1", layer("a", "conv", 8, 8, 12)), ("other convolutions", layer("a", "conv", 8, 8, 12, stride=2)),
                                ("depthwise", layer("a", "conv", 8, 8, 12, groups=8)), ("other convolutions", layer("a", "conv", 8, 8, 12, groups=2)),
                                ("without weights", layer("a", "max_pool", 8, 8, 12))):
            self.assertEqual(limit.kind(given), expected)

    def test_rounds(self):
        rounds = [{"machine": MACHINE | {"fma_peak_gflops": peak},
                   "results": [{"least_ms": frame, "layers": [timed("a", "direct", us)]}]} for peak, frame, us in ((90, 3, 5), (100, 2, 6))]
        found = limit.least(rounds)
        self.assertEqual((found["machine"]["fma_peak_gflops"], found["results"][0]["least_ms"], found["results"][0]["layers"][0]["us"]),
                         (100, 2, 5))

    def test_tables(self):
        """Two equal layers whose limit is 0.2 ms, and a pool; times of 1, 1.4 and 0.6 ms in a frame of 3.5 ms."""
        a, b = (layer(name, "conv", 64, 64, 6) for name in "ab")
        machine = MACHINE | {"fma_peak_gflops": 2 * 64 ** 3 / 0.1e6, "dram_gbytes_per_s": 1e6}
        result = {"least_ms": 3.5, "layers": [timed("a", "winograd4", 1000), timed("b", "winograd4", 1400), timed("c", "", 600)]}
        lines = list(limit.report([{"name": "net", "layers": [a, b, layer("c", "max_pool", 64, 64, 6)]}],
                                  {"machine": machine, "results": [result]}, 6))
        self.assertIn("| net | 3.50 | 0.20 | 6 % | 0.00 | 0.00 | 2.20 | 0.00 | 0.00 | 0.00 | 0.60 | 0.50 |", lines)
        self.assertIn("| net | a | 2 | 64×6×6 → 64×6×6, 3×3/1 | winograd4 | 2.40 | 0.20 | 0.45 | 19 % | 0.00 | 79 % |", lines)
        self.assertIn("| net | c | 1 | 64×6×6 → 64×6×6, 3×3/1 | max_pool | 0.60 | 0.00 | 0.00 | 0 % | 0.00 | 21 % |", lines)

    def test_layers_below_the_peak(self):
        """1x1 layers of 8 * 8 * 100 multiplications, 0.128 ms at the peak of 0.1 GFLOP/s: two at half of it, one at 0.9 of
        it, one that reads too much to reach it, and one that is no direct convolution."""
        machine = MACHINE | {"fma_peak_gflops": 0.1, "dram_gbytes_per_s": 1.0}
        layers = [layer(name, "conv", 8, 8, 10, R=1) for name in "abcde"]
        layers[2]["input"] = layers[3]["input"] = [8, 10, 20]  # others than the first two, and than each other
        layers[3]["output"] = [8, 20, 10]
        times = [timed("a", "direct", 256, 6720), timed("b", "direct", 256, 6720), timed("c", "direct_paired", 142), timed("d", "direct", 500, 10 ** 9),
                 timed("e", "winograd2", 1000)]
        network, result = {"name": "net", "layers": layers}, {"least_ms": 3, "layers": times}
        lines = list(limit.peak_lines([("net", 3e-3, limit.rows(network, result, machine))], machine))
        self.assertTrue(lines[0].startswith("Of 3 direct layers"), lines[0])
        self.assertTrue(lines[0].endswith(" 2 are below 80 % of the FMA peak."), lines[0])
        self.assertIn(" 0.1 FLOP per byte", lines[1])
        # Of 12,800 operations: 64 weights, a map of 800 numbers that is read, and one that is read and written.
        self.assertEqual(lines[5:], [f"| net | a | 2 | 8×10×10 → 8×10×10, 1×1/1 | 0.51 | 50 % | {12800 / (6720 + 3200):.1f} |"])
        for time in result["layers"]:
            time["us"] = 142
        lines = list(limit.peak_lines([("net", 3e-3, limit.rows(network, result, machine))], machine))
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].endswith(" 0 are below 80 % of the FMA peak."), lines[0])


class Command(unittest.TestCase):
    def refused(self, code, words, *options):
        run = subprocess.run([sys.executable, ROOT / "bench/limit.py", *options], capture_output=True, text=True)
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertIn(words, run.stderr)
        self.assertNotIn("Traceback", run.stderr)

    def test_what_the_program_refuses_is_its_message_and_its_code(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "program"
            program.write_text("#!/bin/sh\necho no such network >&2\nexit 2\n", encoding="utf-8")
            program.chmod(0o755)
            self.refused(2, "no such network", "--program", program)

    def test_no_rounds(self):
        self.refused(2, "--rounds", "--program", "true", "--rounds", "0")


if __name__ == "__main__":
    unittest.main()
