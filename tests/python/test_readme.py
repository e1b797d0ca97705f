#!/usr/bin/env python3
"""README's commands do what they say, in its order, with files of the names that it uses.

    python3 tests/python/test_readme.py

The files are small: checkpoints of seeded weights, 20 images in CIFAR-10's format, a photograph of noise.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "weights_tools"))

from sluice_weights import networks  # noqa: E402  (found through the path above)

NOT_RUN = {"./run test"}  # this is part of it


def commands():
    """Those of the indented lines that begin so, without their comments."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    return [re.sub(r"\s+#.*", "", line.strip()) for line in lines if line.startswith("    ./run ")]


def checkpoint(name, path):
    torch.save(networks.seed_parameters(networks.build(name), 1).state_dict(), path)


class Commands(unittest.TestCase):
    def test_each_succeeds_and_says_something(self):
        found = commands()
        self.assertGreater(len(found), 8)
        self.assertLess(NOT_RUN, set(found))
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            random = np.random.default_rng(1)
            checkpoint("resnet20_cifar", folder / "resnet20.th")
            checkpoint("resnet50", folder / "resnet50.pth")
            (folder / "cifar10").mkdir()
            records = random.integers(0, 256, (20, 3073), np.uint8)
            records[:, 0] %= 10
            (folder / "cifar10/test_batch.bin").write_bytes(records.tobytes())
            Image.fromarray(random.integers(0, 256, (300, 400, 3), np.uint8)).save(folder / "noise.jpg")
            (folder / "classes.txt").write_text("".join(f"class {i}\n" for i in range(1000)))
            for command in found:
                if command in NOT_RUN:
                    continue
                line = re.sub(r"(?<!\S)weights/", f"'{ROOT}'/weights/", command.replace("./run", f"'{ROOT}/run'", 1))
                with self.subTest(command):
                    run = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=800)
                    self.assertEqual(run.returncode, 0, run.stderr)
                    self.assertTrue((run.stdout + run.stderr).strip())


if __name__ == "__main__":
    unittest.main()
