#!/usr/bin/env python3
"""Converts real checkpoints and measures the accuracy of the folded networks in PyTorch.

    python3 tests/python/check_checkpoints.py [--all] [--data DIR]       (default: $SLUICE_DATA)

DIR has checkpoints/ and cifar10/test_batch.bin (and imagenet_samples/, for which Pillow is needed). ResNet-20 takes
seconds; --all adds ResNet-32, 44 and 56 and, on 49 photographs, ResNet-18 and 50, SqueezeNets and MobileNets, a few
minutes. Exit code 77 if there is no DIR: nothing was checked.
"""
import argparse
import csv
import json
import os
import pathlib
import sys
import tempfile

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "weights_tools"))

import convert  # noqa: E402  (found through the path above)
from sluice_weights import fold, format, networks  # noqa: E402

CIFAR = {"resnet20_cifar": ("akamaster_resnet20-12fca82f.th", 9173),  # right of 10,000, as published
         "resnet32_cifar": ("akamaster_resnet32-d509ac18.th", 9263),
         "resnet44_cifar": ("akamaster_resnet44-014dd654.th", 9310),
         "resnet56_cifar": ("akamaster_resnet56-4bfd9763.th", 9339)}
SIDE = {"squeezenet1_0_caffe": 228}  # of the crop that labels.tsv was measured with, if not the network's own
IMAGENET = {  # file, column of labels.tsv, normalisation, adaptations of the checkpoint
    "resnet18": ("resnet18_imagenet_vq_CC-BY-NC.pth.xz", "top1_resnet18_vq", "imagenet", {}),
    "resnet50": ("resnet50_imagenet_vq_CC-BY-NC.pth.xz", "top1_resnet50_vq", "imagenet", {}),
    "squeezenet1_0_caffe": ("squeezenet1_0_caffe.pth", "top1_squeezenet1_0", "caffe", {"bgr": True}),
    "squeezenet1_1": ("squeezenet1_1_torchvision_w16.pth", "top1_squeezenet1_1", "imagenet", {}),
    "mobilenet_v1_075": ("mobilenet_v1_0.75_224_keras.pth", "top1_mobilenet_v1_0.75", "half", {}),
    "mobilenet_v2_same": ("mobilenet_v2_1.0_224_int8deq.pth", "top1_mobilenet_v2", "half", {"skip_classes": 1})}


def converted(name, file, data, normalisation="imagenet", adaptations={}):
    """The network with the weights and normalisation of its weight file: (net, mean [3,1,1], std [3,1,1])."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "weights.safetensors"
        convert.convert(name, data / "checkpoints" / file, path, *convert.NORMALISATIONS[normalisation],
                        **adaptations)
        tensors, metadata = format.read(path)
    pairs = {n: (tensors[f"{n}.weight"], tensors[f"{n}.bias"]) for n in format.layers(tensors)}
    return (fold.folded_twin(networks.build(name), pairs),
            *(np.array(metadata[k].split(), np.float32)[:, None, None] for k in ("mean", "std")))


def classify(net, mean, std, pixels):
    """Classes [N] of images [N,3,H,W] uint8."""
    with torch.no_grad():
        batches = (pixels[i:i + 250] for i in range(0, len(pixels), 250))
        return np.concatenate([net(torch.from_numpy((b.astype(np.float32) / 255 - mean) / std)).argmax(1).numpy()
                               for b in batches])


def check_cifar(name, data):
    file, expected = CIFAR[name]
    records = np.fromfile(data / "cifar10" / "test_batch.bin", np.uint8).reshape(10000, 3073)
    labels, pixels = records[:, 0], records[:, 1:].reshape(10000, 3, 32, 32)
    right = int((classify(*converted(name, file, data), pixels) == labels).sum())
    print(f"{name}: {right / 100:.2f} %, published {expected / 100:.2f} %")
    return abs(right - expected) <= 2  # float32 sums in another order may flip an image on the edge


def photographs(data, size, every=1):
    """(rows of labels.tsv, images uint8 [N,3,size,size]): the shorter side becomes 256, then the middle is cut out."""
    from PIL import Image
    with open(data / "imagenet_samples" / "labels.tsv", encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))[::every]
    images = []
    for row in rows:
        image = Image.open(data / "imagenet_samples" / row["file"]).convert("RGB")
        scale = 256 / min(image.size)
        image = image.resize([max(256, round(side * scale)) for side in image.size], Image.BILINEAR)
        left, top = (image.width - size) // 2, (image.height - size) // 2
        images.append(np.asarray(image.crop((left, top, left + size, top + size))).transpose(2, 0, 1))
    return rows, np.stack(images)


def check_imagenet(name, data):
    file, column, *how = IMAGENET[name]
    rows, images = photographs(data, SIDE.get(name, networks.NETWORKS[name][1][1]))
    classes = classify(*converted(name, file, data, *how), images)
    right = sum(int(c) == int(r["class_index"]) for c, r in zip(classes, rows))
    same = sum(int(c) == int(r[column]) for c, r in zip(classes, rows))
    print(f"{name}: {right} of {len(rows)} right, {same} classified as by the unconverted network")
    return same >= len(rows) - 2  # a crop that differs by one pixel may flip an image on the edge


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("SLUICE_DATA"), metavar="DIR")
    parser.add_argument("--all", action="store_true", help="all checkpoints, not ResNet-20 only")
    options = parser.parse_args()
    if not options.data:
        print("SKIPPED: neither --data nor SLUICE_DATA is given; no checkpoint was checked", file=sys.stderr)
        return 77
    data = pathlib.Path(options.data)
    passed = [check_cifar(name, data) for name in (CIFAR if options.all else ["resnet20_cifar"])]
    if options.all:
        try:
            import PIL  # noqa: F401  (is it there?)
            passed += [check_imagenet(name, data) for name in IMAGENET]
        except ImportError:
            print("SKIPPED: Pillow is not installed; the ImageNet networks were not checked", file=sys.stderr)
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
