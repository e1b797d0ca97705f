#!/usr/bin/env python3
"""Tests of bench/peers: who computes something else, or ends, is not timed, and what the tables say. A runtime that only
answers from a file stands for the real ones.

    python3 tests/python/test_peers.py
"""
import os
import pathlib
import sys
import tempfile
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench/peers"))

import models  # noqa: E402  (found through the path above, like the next ones)
import report  # noqa: E402
import runtimes  # noqa: E402
from turns import Peer, Refused, Sluice, compare  # noqa: E402

# onnxruntime as worker.py uses it. The answer is in answer.npy; without it a message and the end.
RUNTIME = """
import os, sys, numpy
class SessionOptions: pass
class InferenceSession:
    def __init__(self, path, options, providers):
        assert options.intra_op_num_threads == 1
        assert os.sched_getaffinity(0) == {max(os.sched_getaffinity(0))}, "more than one core"
        self.path = path
    def run(self, outputs, inputs):
        print("said on stdout")
        assert inputs["image"].shape == (1, 3, 2, 2)
        answer = self.path.with_name("answer.npy")
        return [numpy.load(answer)] if answer.exists() else sys.exit("no answer left")
"""


class Worker(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "onnxruntime.py").write_text(RUNTIME)
        record = self.folder / "onnxruntime-9.8.dist-info"
        record.mkdir()
        (record / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime\nVersion: 9.8\n")
        path = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = str(self.folder)
        self.addCleanup(lambda: os.environ.pop("PYTHONPATH") if path is None else os.environ.update(PYTHONPATH=path))
        np.save(self.folder / "image.npy", np.zeros((1, 3, 2, 2), np.float32))
        np.save(self.folder / "logits.npy", np.array([1.0, -4.0, 2.0]))
        self.answer([1.0, -4.0, 2.0])

    def answer(self, logits):
        np.save(self.folder / "answer.npy", np.array([logits], np.float32))

    def peer(self):
        return Peer(sys.executable, "onnxruntime", self.folder, 1)

    def compare(self, **others):
        said = []
        return compare({"onnxruntime": self.peer, **others}, 2, said.append), said

    def test_right_logits_are_timed(self):
        results, said = self.compare()
        found = results["onnxruntime"]
        self.assertEqual(said, [])
        self.assertEqual(found["version"], "9.8")
        self.assertEqual(found["difference"], 0)
        self.assertGreaterEqual(found["frames"], 8)
        self.assertLessEqual(found["least_ms"], found["median_ms"])
        self.assertGreaterEqual(found["peak_mib"], found["python_mib"])
        self.assertGreater(found["python_mib"], 1)

    def test_wrong_logits_are_not(self):
        self.answer([1.0, -4.0, 2.02])  # 0.5 % of the largest
        results, said = self.compare()
        self.assertIn("differ from PyTorch's by 0.005 of the largest", results["onnxruntime"]["refused"])
        self.assertEqual(len(said), 1)

    def test_no_number_is_wrong(self):
        self.answer([1.0, -4.0, float("nan")])
        self.assertIn("differ", self.compare()[0]["onnxruntime"]["refused"])

    def test_one_that_ends_leaves_the_others(self):
        class Other:
            least_ms, median_ms, frames, peak_mib, facts = 1.0, [1.0], 0, 1.0, {}

            def turn(other):
                other.frames += 1
                (self.folder / "answer.npy").unlink(missing_ok=True)

            def close(other):
                pass

        results, said = self.compare(other=Other)
        self.assertEqual(results["onnxruntime"], {"refused": "ended with 1: no answer left"})
        self.assertEqual(results["other"]["frames"], 2)
        self.assertEqual(said, ["onnxruntime: not timed: ended with 1: no answer left"])

    def test_a_program_that_fails(self):
        program = self.folder / "sluice"
        program.write_text("#!/bin/sh\necho 'no such network' >&2\nexit 2\n")
        program.chmod(0o755)
        with self.assertRaisesRegex(Refused, "ended with 2: no such network"):
            Sluice(program, "net", self.folder, 1)

    def test_more_threads_than_cores(self):
        with self.assertRaisesRegex(Refused, "need as many cores"):
            Peer(sys.executable, "onnxruntime", self.folder, 10_000)


class Packages(unittest.TestCase):
    def test_missing_ones_are_named_with_their_version(self):
        self.assertEqual(runtimes.missing(["numpy==1", "no-such-thing==2.5"]), ["no-such-thing==2.5"])

    def test_every_package_is_pinned_and_documented(self):
        text = (ROOT / "docs/performance.md").read_text()
        for packages in (runtimes.COMMON, *(r.packages for r in runtimes.RUNTIMES.values())):
            for package in packages:
                self.assertRegex(package, r"^[a-z-]+==[0-9.]+$")
                self.assertIn(package, text)


def row(**ms):
    return {name: {"least_ms": value, "median_ms": value, "peak_mib": 10 * value} for name, value in ms.items()}


RESULTS = {"1": {"a": row(sluice=2.0, ncnn=3.0, litert=4.0), "b": row(sluice=6.0, litert=4.0) | {"ncnn": {"refused": "why"}}},
           "2": {"a": row(ncnn=1.0, litert=2.0, sluice=1.5)}}


class Models(unittest.TestCase):
    def test_what_is_exported_is_what_is_converted(self):
        """GoogLeNet's norms have an epsilon of 0.001, which a converted checkpoint gets back."""
        for name, epsilon in (("googlenet", 0.001), ("mobilenet_v2", 1e-5)):
            net, image = models.network(name)
            self.assertEqual({m.eps for m in net.modules() if hasattr(m, "eps")}, {epsilon})
            self.assertEqual(image.shape, (3, 224, 224))


class Report(unittest.TestCase):
    def test_tables(self):
        lines = list(report.markdown(RESULTS))
        self.assertIn("Not timed: ncnn, b, 1 threads: why.", lines)
        begin = lines.index("Threads: 1, least milliseconds:")
        self.assertEqual(lines[begin + 2:begin + 7], [
            "| network | sluice | ncnn | litert | best peer / sluice |", "|---|---:|---:|---:|---:|",
            "| a | **2.00** | 3.00 | 4.00 | 1.50 |", "| b | 6.00 | - | **4.00** | 0.67 |",
            "| geometric mean | | | | 1.00 |"])
        self.assertIn("| a | 1.50 | **1.00** | 2.00 | 0.67 |", lines)
        self.assertIn("| a | **20** | 30 | 40 | 1.50 |", lines)

    def test_picture(self):
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            self.skipTest("matplotlib is not installed; ./run setup installs it")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "peers.png"
            report.draw(RESULTS, path)
            self.assertEqual(path.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")


if __name__ == "__main__":
    unittest.main()
