#!/usr/bin/env python3
"""Tests of weights_tools/study.py: what it makes of measurements, and that what is finished is not done again.

    python3 tests/python/test_study.py
"""
import json
import pathlib
import stat
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "weights_tools"))

import study  # noqa: E402  (found through the path above)


def choice(keep, top1):
    return {"keep": keep, "macs": 10**6 * sum(keep), "top1": top1}


REPORT = {
    "network": "resnet20_cifar",
    "methods": {"frozen": [{"percent": 100, "macs": 40_500_000, "kept": [3, 3, 3], "top1": 91.7},
                           {"percent": 60, "macs": 26_000_000, "kept": [2, 2, 2], "top1": 17.25}],
                "trained": [{"percent": 100, "macs": 40_500_000, "kept": [3, 3, 3], "top1": 91.0},
                            {"percent": 60, "macs": 26_000_000, "kept": [2, 2, 2], "top1": 90.0}]},
    "search": {"frozen": {"selection_images": 200, "tuples": [{"keep": [1, 2, 3], "macs": 10**6, "right": 50}],
                          "rows": [{"percent": 60, "macs": 26_000_000, "proportional": choice([2, 2, 2], 40.0),
                                    "greedy": choice([1, 2, 3], 45.5), "exhaustive": choice([1, 3, 2], 50.25)}]},
               "trained": {"selection_images": 200, "tuples": [], "rows": []}}}


class Report(unittest.TestCase):
    def test_tables(self):
        lines = study.markdown(REPORT)
        self.assertEqual(lines[0], "| blocks | keeps | MMAC | frozen | trained |")
        self.assertEqual(lines[3], "| 60 % | 2,2,2 | 26.0 | 17.25 | 90.00 |")
        self.assertIn("| 26.0 | 2,2,2: 40.00 | 1,2,3: 45.50 | 1,3,2: 50.25 |", lines)
        self.assertEqual({line.count("|") for line in lines[:4]}, {6})

    def test_pictures_are_the_same_every_time(self):
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            self.skipTest("matplotlib is not installed; ./run setup installs it")
        drawn = []
        for _ in range(2):
            with tempfile.TemporaryDirectory() as folder:
                study.draw(REPORT, pathlib.Path(folder))
                drawn.append({p.name: p.read_bytes() for p in pathlib.Path(folder).iterdir()})
        self.assertEqual(set(drawn[0]), {"skipping_methods.svg", "skipping_tuples.svg"})
        self.assertEqual(drawn[0], drawn[1])
        self.assertIn(b"million multiply-accumulates", drawn[0]["skipping_methods.svg"])


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_each_step_is_done_once(self):
        sluice = self.folder / "sluice"  # says of every ratio what is asked for, and counts how often
        sluice.write_text("#!/bin/sh\necho run >>\"$(dirname \"$0\")/runs\"\n"
                          "echo '[{\"macs\": 1, \"kept\": [3,3,3], \"top1\": 5.004}, {\"macs\": 2, \"kept\": [2,2,2], "
                          "\"top1\": 6}, {\"macs\": 3, \"kept\": [1,1,1], \"top1\": 7}]'\n")
        sluice.chmod(sluice.stat().st_mode | stat.S_IXUSR)
        options = mock.Mock(net="resnet20_cifar", work=self.folder / "work", sluice=sluice, data="data", threads=1,
                            frozen="frozen.th", trained="state.pth", images=250, learn_steps=2)
        done = study.Study(options)
        self.assertEqual(done.percents, [100, 60, 30])
        (done.work / "frozen.safetensors").write_bytes(b"")  # so that nothing has to be recalibrated
        expected = [{"percent": 100, "macs": 1, "kept": [3, 3, 3], "top1": 5.0},
                    {"percent": 60, "macs": 2, "kept": [2, 2, 2], "top1": 6},
                    {"percent": 30, "macs": 3, "kept": [1, 1, 1], "top1": 7}]
        with mock.patch("builtins.print"):
            for _ in range(2):
                self.assertEqual(study.Study(options).accuracy("frozen"), expected)
        self.assertEqual((self.folder / "runs").read_text(), "run\n")
        self.assertEqual(len(json.loads((done.work / "frozen.json").read_text())), 3)

    def test_a_command_that_fails(self):
        with mock.patch("builtins.print"), mock.patch.object(study.Study, "report", side_effect=(
                study.subprocess.CalledProcessError(1, "recalibrate.py"))):
            self.assertEqual(study.main(["--net", "resnet20_cifar", "--frozen", "a", "--trained", "b", "--data", "c",
                                         "--sluice", "d", "--work", str(self.folder / "work"), "--output",
                                         str(self.folder / "out")]), 1)
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
