#!/usr/bin/env python3
"""Real checkpoints on real photographs: the engine names the same five classes as PyTorch, image for image, and computes
what Caffe computed.

    python3 tests/python/test_photographs.py

SLUICE_PROGRAM names the sluice program (default: the newest build/*/sluice), SLUICE_DATA a folder with checkpoints/,
imagenet_samples/ and golden/; without one of them nothing is tested and the exit code is 77.
"""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import safetensors.numpy
import torch
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "weights_tools"))

import check_checkpoints  # noqa: E402
import convert  # noqa: E402  (found through the path above)
from sluice_weights import checkpoint, format, networks  # noqa: E402

DATA = os.environ.get("SLUICE_DATA")
PROGRAM = os.environ.get("SLUICE_PROGRAM") or max(map(str, ROOT.glob("build/*/sluice")), key=os.path.getmtime, default=None)

# Network, its checkpoint, how that is converted, its column of labels.tsv after top1_.
NETWORKS = [
    ("squeezenet1_0_caffe", "squeezenet1_0_caffe.pth", ["--normalisation", "caffe", "--bgr"], "squeezenet1_0"),
    ("squeezenet1_1", "squeezenet1_1_torchvision_w16.pth", [], "squeezenet1_1"),
    ("mobilenet_v1_075", "mobilenet_v1_0.75_224_keras.pth", ["--normalisation", "half"], "mobilenet_v1_0.75"),
    ("mobilenet_v2_same", "mobilenet_v2_1.0_224_int8deq.pth", ["--normalisation", "half", "--skip-classes", "1"],
     "mobilenet_v2"),
    ("resnet18", "resnet18_imagenet_vq_CC-BY-NC.pth.xz", [], "resnet18_vq"),
    ("resnet50", "resnet50_imagenet_vq_CC-BY-NC.pth.xz", [], "resnet50_vq"),
]


def setUpModule():
    if not PROGRAM or not DATA:
        print(f"SKIPPED: no {'SLUICE_DATA' if PROGRAM else 'sluice program'}, nothing was tested", file=sys.stderr)
        sys.exit(77)


def sluice(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def images(size):
    """[N,3,size,size] float32 in 0..1 of the photographs, by torchvision."""
    from torchvision import transforms
    prepare = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(size), transforms.ToTensor()])
    return torch.stack([prepare(Image.open(path).convert("RGB")) for path in PHOTOGRAPHS])


class Photographs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        global PHOTOGRAPHS
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        samples = pathlib.Path(DATA, "imagenet_samples")
        with open(samples / "labels.tsv", encoding="utf-8") as file:
            cls.labels = list(csv.DictReader(file, delimiter="\t"))
        PHOTOGRAPHS = [samples / row["file"] for row in cls.labels]

    def converted(self, name, source, options):
        weights = self.folder / f"{name}.safetensors"
        if not weights.exists():
            code = subprocess.run([sys.executable, "-B", ROOT / "weights_tools/convert.py", "--net", name, "--checkpoint",
                                   pathlib.Path(DATA, "checkpoints", source), "--output", weights, *options],
                                  capture_output=True, text=True)
            self.assertEqual(code.returncode, 0, code.stderr)
        return weights

    def pytorch(self, name, source, options, dtype=torch.float32):
        """Logits [N,classes] of the checkpoint itself, batch norms as they are. Images are normalised in float32."""
        stored, _ = checkpoint.read(pathlib.Path(DATA, "checkpoints", source))
        if "--skip-classes" in options:
            stored = {k: v[1:] if v.shape[:1] == (1001,) else v for k, v in stored.items()}  # "background"
        net = networks.build(name)
        tensors = checkpoint.fit(stored, net, "the checkpoint does not fit")[0]
        checkpoint.load(net, tensors).to(dtype)
        x = images(networks.NETWORKS[name][1][1])
        normalisation = options[options.index("--normalisation") + 1] if "--normalisation" in options else "imagenet"
        mean, std = (torch.tensor(v).reshape(3, 1, 1) for v in convert.NORMALISATIONS[normalisation])
        x = ((x - mean) / std).to(dtype)
        with torch.no_grad():
            return net(x.flip(1) if "--bgr" in options else x).numpy()

    def test_five_likeliest_classes(self):
        for name, source, options, _ in NETWORKS:
            with self.subTest(name):
                weights = self.converted(name, source, options)
                said = json.loads(sluice("classify", *PHOTOGRAPHS, "--net", name, "--weights", weights, "--json"))
                found = [[guess["class"] for guess in photograph["top"]] for photograph in said]
                expected = np.argsort(-self.pytorch(name, source, options), axis=1, kind="stable")[:, :5].tolist()
                self.assertEqual(len(found), len(self.labels))
                self.assertEqual(found, expected)

    def test_published_classes(self):
        """The column of labels.tsv, for pixels as that was measured with: sizes rounded, where torchvision cuts them off."""
        for name, source, options, column in NETWORKS:
            with self.subTest(name):
                weights = self.converted(name, source, options)
                side = check_checkpoints.SIDE.get(name, networks.NETWORKS[name][1][1])
                rows, pixels = check_checkpoints.photographs(pathlib.Path(DATA), side)
                if name in check_checkpoints.SIDE:
                    found = self.at_another_size(f"SqueezeNet10Caffe<>::at<{side}, {side}>", weights, pixels)
                else:
                    crops = [self.folder / f"{row['file']}.png" for row in rows]
                    for path, image in zip(crops, pixels):
                        Image.fromarray(image.transpose(1, 2, 0)).save(path)
                    said = json.loads(sluice("classify", *crops, "--net", name, "--weights", weights, "--resize", 0,
                                             "--top", 1, "--json"))
                    found = [photograph["top"][0]["class"] for photograph in said]
                self.assertEqual(found, [int(row[f"top1_{column}"]) for row in rows])

    def at_another_size(self, network, weights, pixels):
        """Classes [N] of images uint8 [N,3,H,W], by a network that the command does not have."""
        program, images = self.folder / "logits", self.folder / "images"
        subprocess.run(["g++", "-std=c++20", "-O2", "-DSLUICE_QUIET", f"-DNETWORK={network}", f"-I{ROOT / 'include'}",
                        f"-I{ROOT / 'kernels'}", ROOT / "tests/support/logits.cpp", "-o", program], check=True)
        _, metadata = format.read(weights)
        mean, std = (np.array(metadata[k].split(), np.float32)[:, None, None] for k in ("mean", "std"))
        ((pixels.astype(np.float32) / 255 - mean) / std).astype(np.float32).tofile(images)
        said = subprocess.run([program, weights, images], stdout=subprocess.PIPE, check=True).stdout
        return np.frombuffer(said, np.float32).reshape(len(pixels), -1).argmax(1).tolist()

    def test_activations_of_caffe(self):
        """SqueezeNet 1.0: of each blob's largest magnitude 1e-5."""
        weights = self.converted(*NETWORKS[0][:3])
        golden = pathlib.Path(DATA, "golden/squeezenet1_0_caffe")
        blue_first = np.load(golden / "data.npy")
        np.save(self.folder / "image.npy", np.ascontiguousarray(blue_first.reshape(3, 227, 227)[::-1]))
        sluice("dump", "--net", "squeezenet1_0_caffe", "--weights", weights, "--image", self.folder / "image.npy",
               "--output", self.folder / "layers.safetensors")
        layers = safetensors.numpy.load_file(self.folder / "layers.safetensors")
        logits = layers["classifier.3"].astype(np.float64).ravel()
        layers["prob"] = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        for layer, blob in (("features.12", "fire9_concat"), ("classifier.1", "conv10"), ("prob", "prob")):
            expected = np.load(golden / f"{blob}.npy").reshape(layers[layer].shape)
            difference = np.abs(layers[layer] - expected).max() / np.abs(expected).max()
            self.assertLessEqual(difference, 1e-5, blob)


if __name__ == "__main__":
    unittest.main()
