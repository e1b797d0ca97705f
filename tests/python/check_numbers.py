#!/usr/bin/env python3
"""How near the logits come to exact arithmetic: real checkpoints on real photographs, held against PyTorch in float64, and
PyTorch's own float32 beside them.

    python3 tests/python/check_numbers.py [--data DIR] [NETWORK...]

DIR (default: $SLUICE_DATA) has checkpoints/ and imagenet_samples/. For the default plan and for FastPlan every logit must
agree within 1e-4 of the image's largest, and every image must get the same class, unless the two largest logits are nearer
to each other than that; such near-ties are counted. With all weights rounded to bfloat16 the bound is 5e-2, and other
classes are what that costs: on photographs, and as the accuracy of a ResNet-56 on CIFAR-10's test images.
Exit code 77 if there is no DIR.
"""
import argparse
import csv
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

import test_photographs as photographs
import convert  # found through test_photographs, as the next two are
from check_checkpoints import CIFAR
from sluice_weights import cifar, format, networks

ROOT = photographs.ROOT
TOLERANCE = 1e-4  # of an image's largest logit
ROUNDED = 5e-2  # with weights of 8 bits
TYPES = {"squeezenet1_0_caffe": "SqueezeNet10Caffe<>", "squeezenet1_1": "SqueezeNet11<>", "mobilenet_v1_075": "MobileNetV1x075<>",
         "mobilenet_v2_same": "MobileNetV2Same<>", "resnet56_cifar": "ResNet56Cifar<>", "resnet18": "ResNet18<>", "resnet50": "ResNet50<>"}
PLANS = {"DefaultPlan": TOLERANCE, "FastPlan": TOLERANCE, "AllBf16Plan": ROUNDED}


def engine_logits(name, plan, weights, images, folder):
    """[N,classes] float32 of float32 images [N,3,H,W], by a program compiled for this machine."""
    program, raw = folder / f"{name}_{plan}", folder / "images"
    subprocess.run(["g++", "-std=c++20", "-O2", "-march=native", "-DSLUICE_QUIET", f"-DNETWORK={TYPES[name]}", f"-DPLAN={plan}",
                    f"-I{ROOT / 'include'}", f"-I{ROOT / 'kernels'}", ROOT / "tests/support/logits.cpp", "-o", program],
                   check=True)
    images.tofile(raw)
    said = subprocess.run([program, weights, raw], stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(said, np.float32).reshape(len(images), -1)


def normalisation(weights):
    _, metadata = format.read(weights)
    return (np.array(metadata[k].split(), np.float32)[:, None, None] for k in ("mean", "std"))


def check(case, name, source, options, folder):
    exact = case.pytorch(name, source, options, torch.float64)
    largest = np.abs(exact).max(1)
    top = np.sort(exact, 1)
    near_tie = (top[:, -1] - top[:, -2]) < 2 * TOLERANCE * largest

    def difference(logits):
        return (np.abs(logits - exact).max(1) / largest).max()

    theirs = difference(case.pytorch(name, source, options, torch.float32))
    weights = case.converted(name, source, options)
    mean, std = normalisation(weights)
    images = photographs.images(networks.NETWORKS[name][1][1]).numpy()
    good = True
    for plan, tolerance in PLANS.items():
        logits = engine_logits(name, plan, weights, ((images - mean) / std).astype(np.float32), folder)
        ours, other = difference(logits), logits.argmax(1) != exact.argmax(1)
        print(f"| {name} | {plan} | {len(logits)} | {ours:.1e} | {theirs:.1e} | {ours / theirs:.1f} | {other.sum()} | {near_tie.sum()} |",
              flush=True)
        good = good and ours <= tolerance and (tolerance == ROUNDED or not (other & ~near_tie).any())
    return good


def cifar_accuracy(data, folder):
    """Prints the share of CIFAR-10's test images that each plan gets right."""
    weights = folder / "resnet56_cifar.safetensors"
    convert.convert("resnet56_cifar", data / "checkpoints" / CIFAR["resnet56_cifar"][0], weights,
                    *convert.NORMALISATIONS["imagenet"])
    images, labels = cifar.read(data / "cifar10", cifar.TEST)
    mean, std = normalisation(weights)
    images, labels = images.numpy(), labels.numpy()
    images = ((images.astype(np.float32) / 255 - mean) / std).astype(np.float32)
    print()
    for plan in PLANS:
        right = engine_logits("resnet56_cifar", plan, weights, images, folder).argmax(1) == labels
        print(f"resnet56_cifar, {plan}: {100 * right.mean():.2f} % of {len(labels)} images right", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(TYPES), metavar="NETWORK")
    parser.add_argument("--data", default=photographs.DATA, metavar="DIR")
    options = parser.parse_args()
    if not options.data:
        print("SKIPPED: neither --data nor SLUICE_DATA is given; no logits were checked", file=sys.stderr)
        return 77
    photographs.DATA = options.data
    samples = pathlib.Path(options.data, "imagenet_samples")
    with open(samples / "labels.tsv", encoding="utf-8") as file:
        photographs.PHOTOGRAPHS = [samples / row["file"] for row in csv.DictReader(file, delimiter="\t")]
    case = photographs.Photographs()
    print("| network | plan | photographs | largest difference, of the largest logit | PyTorch's float32 | ratio | "
          "other classes | near-ties |\n|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        case.folder = pathlib.Path(folder)
        good = [check(case, name, source, how, case.folder) for name, source, how, _ in photographs.NETWORKS
                if name in options.networks]
        if "resnet56_cifar" in options.networks:
            cifar_accuracy(pathlib.Path(options.data), case.folder)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
