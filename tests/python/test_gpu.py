#!/usr/bin/env python3
"""Tests of what stands around the GPU backend: `sluice bench --device cuda` where there is no GPU, the table of ./run gpu.

    python3 tests/python/test_gpu.py
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from test_cli import ROOT, sluice  # exits with 77 without a program

NET = ("bench", "--net", "resnet20_cifar")
ROW = {"network": "resnet20_cifar", "precision": "tf32", "batch": 8, "keep": "0.5", "option": "keep", "mask": "100100", "kept": [2, 2, 2],
       "macs": 1, "least_ms": 0.5, "median_ms": 0.75, "frames": 9, "first_ms": 12.25, "switched_ms": 0.625, "images_per_s": 16000,
       "weight_bytes": 1, "activation_bytes": 1, "workspace_bytes": 1, "relative_difference": 0.00025}
REPORT = {"schema_version": 1, "gpu": {"device": "a card", "cudnn": 91002, "cuda": 13000, "driver": 12080}, "shut": "disabled",
          "results": [ROW], "gaps": [{"network": "resnet18", "precision": "bf16", "batch": 256, "reason": "out of memory"}]}
KERNEL = {"what": "image", "precision": "fp16", "batch": 1, "C": 3, "H": 224, "W": 224, "us": 2.5}


class Device(unittest.TestCase):
    def refused(self, code, said, *arguments):
        run = sluice(*NET, *arguments)
        self.assertEqual((run.returncode, run.stdout), (code, ""), run.stderr)
        self.assertIn(said, run.stderr)

    def test_no_gpu_is_an_error_that_says_what_is_missing(self):
        for more in (["--line"], ["--json"], ["--keep", "1.0,0.5", "--precision", "fp16,bf16", "--batch", "1,8"]):
            run = sluice(*NET, "--device", "cuda", *more)
            if run.returncode == 0:
                self.skipTest("there is a GPU")
            self.assertEqual((run.returncode, run.stdout), (1, ""))
            self.assertRegex(run.stderr, r"^sluice: --device cuda: (this program was built without the GPU backend; "
                             r"`cmake --preset cudnn` builds it, with nvcc and cuDNN 9|GPU 0 cannot be used: .+)\n$")

    def test_usage(self):
        self.refused(2, "--device: expected cpu or cuda, found 'gpu'", "--device", "gpu")
        self.refused(2, "--precision: expected float32, tf32, fp16 or bf16, found 'int8'", "--device", "cuda", "--precision", "int8")
        self.refused(2, "--batch: expected any of 1, 8, 64, 256, found 3", "--device", "cuda", "--batch", 3)
        self.refused(2, "--threads: is for --device cpu", "--device", "cuda", "--threads", 2)
        for option, value in (("--precision", "fp16"), ("--batch", "8"), ("--shut", "disabled"), ("--workspace", "1"),
                              ("--algorithms", "x")):
            self.refused(2, f"{option}: is for --device cuda", option, value)


class Table(unittest.TestCase):
    def lines(self, **files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (pathlib.Path(folder) / name.replace("_", ".")).write_text(text)
            run = subprocess.run([sys.executable, "-B", ROOT / "bench/gpu/table.py", folder], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout.splitlines()

    def test_figures(self):
        kernels = [{**KERNEL, "cudnn_us": 3.25, "relative_difference": 0.001}, {**KERNEL, "cudnn_us": None, "why": "NOT_SUPPORTED"}]
        lines = self.lines(sweep_json=json.dumps([REPORT]), kernels_jsonl="\n".join(map(json.dumps, kernels)))
        self.assertTrue(lines[2].startswith("a card, cuDNN 91002, CUDA 13.0, driver for CUDA 12.8."))
        for line in ("## resnet20_cifar", "- resnet18, bf16, batch 256: out of memory",
                     "| tf32 | 8 | disabled | 0.5 | 2,2,2 | 0.500 | 0.750 | 12.2 | 0.625 | 16000 | 2.5e-04 |",
                     "| image | fp16 | 1 | 3x224x224 | 2.5 | 3.2 | 1.0e-03 |",
                     "| image | fp16 | 1 | 3x224x224 | 2.5 | NOT_SUPPORTED |  |"):
            self.assertIn(line, lines)

    def test_a_sweep_that_ended_early(self):
        lines = self.lines(sweep_json=json.dumps([REPORT])[:-1])
        self.assertEqual(lines[2:], ["sweep.json has no complete sweep.", "", "kernels.jsonl is empty."])
        self.assertEqual(self.lines(), lines)


if __name__ == "__main__":
    unittest.main()
