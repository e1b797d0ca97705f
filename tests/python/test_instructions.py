#!/usr/bin/env python3
"""Tests of bench/instructions: counts that have changed are a failure, in both directions. A program and a valgrind that
only say numbers stand for the real ones.

    python3 tests/python/test_instructions.py
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COUNTS = {"pointwise": 100_000, "linear": 2_000}


class Guard(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.numbers = self.folder / "numbers.json"
        self.script("program", "printf 'gcc 12\\n" + "\\n".join(COUNTS) + "\\n'")
        self.valgrind(COUNTS)
        self.keep(COUNTS)

    def script(self, name, *lines):
        path = self.folder / name
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(0o755)

    def valgrind(self, counts):
        """One that counts these; the name of the layer is its last argument."""
        self.script("valgrind", 'for name; do :; done', 'case $name in',
                    *(f"{n}) echo '==1== Collected : {c}' >&2 ;;" for n, c in counts.items()), "esac")

    def keep(self, counts, compiler="gcc 12"):
        self.numbers.write_text(json.dumps({"compiler": compiler, "layers": counts}))

    def run_guard(self, *options):
        run = subprocess.run([sys.executable, "-B", ROOT / "bench/instructions/instructions.py", "--program",
                              self.folder / "program", "--numbers", self.numbers, *options],
                             capture_output=True, text=True, env=os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}"})
        return run.returncode, run.stdout + run.stderr

    def test_the_same_numbers_pass(self):
        self.assertEqual(self.run_guard()[0], 0)

    def test_within_the_tolerance(self):
        self.keep({"pointwise": 102_900, "linear": 1_950})
        self.assertEqual(self.run_guard()[0], 0)

    def test_more_instructions_fail(self):
        self.keep(COUNTS | {"pointwise": 97_000})  # 3.09 % fewer
        code, said = self.run_guard()
        self.assertEqual(code, 1)
        self.assertIn("FAULT: pointwise: 100,000 instructions, 97,000 are kept: +3.1 %, allowed 3 %", said)
        self.assertNotIn("FAULT: linear", said)

    def test_fewer_instructions_fail(self):
        self.keep(COUNTS | {"linear": 2_070})
        code, said = self.run_guard()
        self.assertEqual(code, 1)
        self.assertIn("FAULT: linear: 2,000 instructions, 2,070 are kept: -3.4 %", said)

    def test_renewed_numbers_pass(self):
        self.keep({"gone": 1}, compiler="gcc 11")
        self.assertEqual(self.run_guard("--renew")[0], 0)
        self.assertEqual(json.loads(self.numbers.read_text()), {"compiler": "gcc 12", "layers": COUNTS})
        self.assertEqual(self.run_guard()[0], 0)

    def test_layers_without_a_partner_fail(self):
        self.keep({"pointwise": COUNTS["pointwise"], "gone": 1})
        code, said = self.run_guard()
        self.assertEqual(code, 1)
        self.assertIn("FAULT: gone: no such layer", said)
        self.assertIn("FAULT: linear: no number", said)

    def test_another_compiler_is_skipped(self):
        self.keep(COUNTS, compiler="gcc 11")
        code, said = self.run_guard()
        self.assertEqual(code, 77)
        self.assertIn("those of gcc 11, this is gcc 12", said)

    def test_a_count_of_nothing_is_an_error(self):
        self.valgrind(COUNTS | {"linear": 0})
        code, said = self.run_guard()
        self.assertEqual(code, 1)
        self.assertIn("counted nothing of linear", said)

    def test_the_kept_numbers_are_of_ten_layers(self):
        kept = json.loads((ROOT / "bench/instructions/instructions.json").read_text())
        self.assertEqual(len(kept["layers"]), 10)
        self.assertTrue(all(count > 10_000 for count in kept["layers"].values()))


if __name__ == "__main__":
    unittest.main()
