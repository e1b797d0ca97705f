#!/usr/bin/env python3
"""Tests of `sluice classify`: with weights whose answers NumPy knows, and with real ones against PyTorch.

    python3 tests/python/test_classify.py

SLUICE_PROGRAM names the program, as for test_cli.py; without one, or without Pillow, nothing is tested and the exit
code is 77. SLUICE_DATA names a folder with checkpoints/, imagenet_samples/ and demo_photos/: then ResNet-18 classifies
those photographs.
"""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import test_cli
from test_cli import DATA, PROGRAM, ROOT, sluice

try:
    import numpy as np
    from PIL import Image
    import pictures
    from pictures import noise, saved, seen, smooth
except ModuleNotFoundError as e:
    print(f"SKIPPED: {e}; no photograph is classified", file=sys.stderr)
    sys.exit(77)


def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


class Classify(test_cli.WithFiles):
    """With the weights that answer with the mean of each colour, so that NumPy can say what must come out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.images = [Image.fromarray(p) for p in (smooth(40, 60), noise(33, 32), 255 - smooth(32, 32))]
        cls.files = [cls.write(f"{i}.png", saved(image)) for i, image in enumerate(cls.images)]
        cls.logits = test_cli.seen(np.stack([seen(i, 32, 32).transpose(2, 0, 1) for i in cls.images]))
        cls.labels = cls.write("labels.txt", "".join(f"name {i}\n" for i in range(10)).encode())

    def classify(self, *arguments, weights=None, net="resnet20_cifar"):
        return sluice("classify", "--net", net, "--weights", weights or self.weights, *arguments)

    def answers(self, *arguments, **options):
        run = self.classify("--json", *arguments, **options)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return json.loads(run.stdout)

    def test_logits_and_probabilities(self):
        answers = self.answers("--top", 10, "--labels", self.labels, *self.files)
        self.assertEqual(len(answers), 3)
        for answer, image, file, logits in zip(answers, self.images, self.files, self.logits):
            self.assertEqual((answer["file"], answer["width"], answer["height"]), (str(file), *image.size))
            top = answer["top"]
            self.assertEqual([set(t) for t in top], 10 * [{"class", "label", "probability", "logit"}])
            classes = [t["class"] for t in top]
            self.assertEqual(classes, list(np.argsort(-logits, kind="stable")))
            self.assertEqual([t["label"] for t in top], [f"name {c}" for c in classes])
            np.testing.assert_allclose([t["logit"] for t in top], logits[classes], atol=1e-5)
            np.testing.assert_allclose([t["probability"] for t in top], softmax(logits)[classes], atol=1e-5)
            self.assertAlmostEqual(sum(t["probability"] for t in top), 1)

    def test_readable(self):
        run = self.classify("--labels", self.labels, "--top", 2, *self.files)
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = run.stdout.splitlines()
        self.assertEqual(lines[::3], list(map(str, self.files)))
        for logits, *said in zip(self.logits, lines[1::3], lines[2::3]):
            for c, line in zip(np.argsort(-logits, kind="stable"), said):
                self.assertRegex(line, rf"^ +{c}  0\.\d{{4}}  name {c}$")
                self.assertAlmostEqual(float(line.split()[1]), softmax(logits)[c], places=3)
        self.assertEqual(len(self.answers(self.files[0])[0]["top"]), 5)
        self.assertEqual({t["label"] for t in self.answers(self.files[0])[0]["top"]}, {None})

    def test_equal_logits_and_large_ones(self):
        tensors = {name: np.zeros_like(t) for name, t in self.tensors.items()}
        tensors["linear.bias"] = np.float32([1, 3e38, 3e38, -3e38, 0, 0, 0, 0, 0, 0])
        weights = self.write("equal", test_cli.safetensors(tensors, test_cli.metadata()))
        [answer] = self.answers("--top", 10, self.files[0], weights=weights)
        self.assertEqual([t["class"] for t in answer["top"]], [1, 2, 0, 4, 5, 6, 7, 8, 9, 3])
        self.assertEqual([t["probability"] for t in answer["top"]], [0.5, 0.5] + 8 * [0])
        tensors["linear.bias"][4] = np.nan
        weights = self.write("nan", test_cli.safetensors(tensors, test_cli.metadata()))
        self.refused(6, self.classify(self.files[0], weights=weights), "class 4 is no finite number")

    def test_bad_files_do_not_stop_the_others(self):
        cut = self.write("cut.png", self.files[0].read_bytes()[:-9])
        none = self.folder / "none.png"
        run = self.classify("--json", self.files[0], none, cut, self.files[1], none)
        self.assertEqual([a["file"] for a in json.loads(run.stdout)], [str(self.files[0]), str(self.files[1])])
        self.assertEqual(run.returncode, 4)
        self.assertEqual(["none.png" in line for line in run.stderr.splitlines()], [True, False, True])
        self.assertTrue(all(line.startswith("sluice: ") for line in run.stderr.splitlines()))
        run = self.classify(none, self.files[2])
        self.assertEqual((run.returncode, run.stdout.splitlines()[0]), (3, str(self.files[2])))

    def test_file_names_that_are_no_text(self):
        file = os.fsencode(self.folder) + b"/\xff.png"
        pathlib.Path(os.fsdecode(file)).write_bytes(saved(self.images[0]))
        command = [PROGRAM, "classify", "--net", "resnet20_cifar", "--weights", self.weights, "--json", file]
        run = subprocess.run(command, capture_output=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(json.loads(run.stdout)[0]["file"], f"{self.folder}/\ufffd.png")

    def test_masks(self):
        """All of see_through()'s blocks add nothing, but scale what they pass on: with settings a mask can be told."""
        for mask in (["--keep", "0.34"], ["--tuple", "2,2,2"], ["--mask", "101010"], ["--groups", "0:2,1:2,2:2"]):
            self.assertEqual(len(self.answers(*mask, self.files[0])), 1)
        tensors = dict(self.tensors)
        for name in [n[:-7] for n in tensors if n.endswith(".weight") and not n.startswith("linear")]:
            K = tensors[f"{name}.bias"].shape
            tensors[f"settings.small.{name}.scale"] = np.full(K, 2 if name == "conv1" else 1, np.float32)
            tensors[f"settings.small.{name}.bias"] = np.zeros(K, np.float32)
        weights = self.write("settings", test_cli.safetensors(tensors, test_cli.metadata(settings="small=000000")))
        twice = (self.logits[0] - np.arange(10) / 100) * 2 + np.arange(10) / 100
        for mask, expected in ((["--tuple", "1,1,1"], twice), ([], self.logits[0]),
                               (["--tuple", "2,2,2", "--default-statistics"], self.logits[0])):
            [answer] = self.answers("--top", 1, *mask, self.files[0], weights=weights)
            self.assertAlmostEqual(answer["top"][0]["logit"], expected.max(), places=4)
        run = self.classify("--tuple", "2,2,2", self.files[0], weights=weights)
        self.refused(2, run, "--tuple 2,2,2", "none for this mask")

    def test_resize(self):
        image = Image.fromarray(smooth(90, 70))
        file = self.write("large.png", saved(image))
        for size in (0, 20, 50):
            expected = test_cli.seen(seen(image, 32, size).transpose(2, 0, 1)[None])[0]
            [answer] = self.answers("--resize", size, "--top", 1, file)
            self.assertAlmostEqual(answer["top"][0]["logit"], expected.max(), places=4)

    def test_bad_options(self):
        for top in ("0", "-1", "11", "all"):
            self.refused(2, self.classify("--top", top, self.files[0]), "--top")
        self.refused(2, self.classify("--keep", "1,0.5", self.files[0]), "expected one mask, found 2")
        self.refused(2, self.classify("--resize", "-1", self.files[0]), "--resize")
        self.refused(2, self.classify(), "FILE")
        self.refused(2, self.classify(self.files[0], net="resnet20"), "resnet20_cifar")
        self.refused(3, self.classify(self.files[0], weights=self.folder / "none"), "no such file")
        self.refused(4, self.classify(self.files[0], net="resnet32_cifar"), "'resnet20_cifar'")
        self.refused(1, sluice("pixels", "--net", "resnet18", "--output", self.folder, self.files[0]), "cannot write")

    def test_labels(self):
        unended = self.write("unended.txt", b"a\r\n" * 9 + b"z")
        self.assertEqual({t["label"] for t in self.answers("--labels", unended, "--top", 10, self.files[0])[0]["top"]},
                         {"a", "z"})
        for lines in (9, 11):
            file = self.write("few.txt", b"a\n" * lines)
            run = self.classify("--labels", file, self.files[0])
            self.refused(4, run, "--labels", "few.txt", "expected 10 lines", f"found {lines}")
        run = self.classify("--labels", self.folder / "none.txt", self.files[0])
        self.refused(3, run, "--labels", "no such file")


@unittest.skipUnless(DATA, "SLUICE_DATA is not set: no real photograph is classified")
class RealPhotographs(unittest.TestCase):
    """Against PyTorch with the checkpoint as it is, on what Pillow makes of the photographs."""

    def test_resnet18(self):
        try:
            import torch
            sys.path.insert(0, str(ROOT / "weights_tools"))
            import convert
            from sluice_weights import checkpoint, networks
        except ModuleNotFoundError as e:
            self.skipTest(f"PyTorch does not run here: {e}")
        data = pathlib.Path(DATA)
        source = data / "checkpoints" / "resnet18_imagenet_vq_CC-BY-NC.pth.xz"
        mean, std = convert.NORMALISATIONS["imagenet"]
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        weights = pathlib.Path(folder.name) / "resnet18.safetensors"
        convert.convert("resnet18", source, weights, mean, std)
        net = networks.build("resnet18")
        checkpoint.load(net, checkpoint.fit(checkpoint.read(source)[0], net, "resnet18")[0])
        net.float()

        with open(data / "imagenet_samples" / "labels.tsv", encoding="utf-8") as table:
            rows = list(csv.DictReader(table, delimiter="\t"))
        files = [data / "imagenet_samples" / r["file"] for r in rows]
        files += sorted(p for p in (data / "demo_photos").iterdir() if p.suffix in (".png", ".jpg"))
        run = sluice("classify", "--net", "resnet18", "--weights", weights, "--json", "--labels",
                     data / "imagenet_samples" / "synset_words.txt", *files)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        answers = json.loads(run.stdout)
        self.assertEqual([a["file"] for a in answers], list(map(str, files)))

        for file, answer in zip(files, answers):
            pixels = seen(pictures.opened(file.read_bytes()), 224, 256).astype(np.float32) / 255
            image = ((pixels - np.float32(mean)) / np.float32(std)).transpose(2, 0, 1)
            logits = networks.logits(net, image, torch.float32)
            best = np.argsort(-logits)[:5]
            self.assertEqual([t["class"] for t in answer["top"]], list(best), file.name)
            np.testing.assert_allclose([t["logit"] for t in answer["top"]], logits[best], atol=1e-3)
            np.testing.assert_allclose([t["probability"] for t in answer["top"]], softmax(logits)[best], atol=1e-3)
        published = [int(r["top1_resnet18_vq"]) for r in rows]
        agreed = sum(a["top"][0]["class"] == p for a, p in zip(answers, published))
        self.assertGreaterEqual(agreed, len(rows) - 2)  # a crop that differs by one pixel may flip one on the edge
        for row, answer in zip(rows, answers):
            if answer["top"][0]["class"] == int(row["class_index"]):
                self.assertIn(row["wnid"], answer["top"][0]["label"])


if __name__ == "__main__":
    if PROGRAM is None or not PROGRAM.exists():
        print("SKIPPED: no sluice program; build it or set SLUICE_PROGRAM", file=sys.stderr)
        sys.exit(77)
    unittest.main()
