#!/usr/bin/env python3
"""Converts a PyTorch checkpoint into a sluice weight file and proves that both compute the same.

    python3 convert.py --net resnet20_cifar --checkpoint resnet20.th --output resnet20.safetensors
"""
import argparse
import json
import math
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import torch

import sluice_weights
from sluice_weights import checkpoint, fold, format, generator, networks

NORMALISATIONS = {  # of pixel/255, R,G,B
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "caffe": ((123 / 255, 117 / 255, 104 / 255), (1 / 255, 1 / 255, 1 / 255)),  # pixels of 0 to 255, less the mean
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
TOLERANCE = 1e-4  # of the largest logit: float32 loses about 1e-6, a wrong fold everything


class ConvertError(RuntimeError):
    """The converted network does not compute what the checkpoint does."""


def convert(name, source, output, mean, std, seed=1, verify_with=None, say=lambda line: None, **adaptations):
    """Converts the checkpoint at source for the named network and writes output. Returns a report as a dictionary.

    mean, std    of pixel/255, three each
    seed         of the self-test image
    verify_with  program that runs the written file as `PROGRAM verify --net NAME --weights FILE --json`
    say          takes each line of the running commentary
    adaptations  of the checkpoint to the network, as checkpoint.fit() takes them: allow_unused, skip_classes, bgr
    """
    source, output = pathlib.Path(source), pathlib.Path(output)
    format.check_output(output)
    if output.exists() and source.exists() and output.samefile(source):
        raise format.FormatError(f"{output} is the checkpoint itself")

    stored, digest = checkpoint.read(source)
    net = networks.build(name)
    tensors, used, unused = checkpoint.fit(stored, net, f"{source} does not fit {name}", **adaptations)
    checkpoint.load(net, tensors)
    folded = fold.fold(net)
    rows = _rows(net, used, folded, **adaptations)
    rows += [(n, checkpoint.describe(stored[n]), remark) for n, remark in unused.items()]
    for line in table(("tensor", "shape", "used as"), rows):
        say(line)

    shape = networks.NETWORKS[name][1]
    images = [generator.image(s, shape) for s in (seed, (seed + 1) % 2**64)]
    expected = [networks.logits(net, image) for image in images]
    twin = fold.folded_twin(net, folded)
    difference, largest = _compare([networks.logits(twin, image, torch.float32) for image in images], expected)
    relative = difference / largest
    if not relative <= TOLERANCE:  # also where it is NaN
        raise ConvertError(f"the folded network differs by {difference:.3g} ({relative:.3g} of the largest logit); "
                           f"at most {TOLERANCE:g} is float32 rounding")
    say(f"verified: largest difference {difference:.3g} ({relative:.2g} of the largest logit)")

    result = {}
    for layer, (weight, bias) in folded.items():
        result |= {f"{layer}.weight": weight, f"{layer}.bias": bias}
    result["selftest.logits"] = expected[0].astype(np.float32)
    metadata = {
        "format": "sluice", "format_version": format.VERSION, "network": name, "classes": str(net.classes),
        "gates": str(len(networks.gateable(net))), "input": "x".join(map(str, shape)),
        "mean": decimals(mean), "std": decimals(std), "selftest_seed": str(seed),
        "source": f"{source.name} sha256:{digest}", "exporter": f"sluice_weights {sluice_weights.__version__}",
    }
    report = {
        "network": name, "checkpoint": str(source), "sha256": digest, "output": str(output),
        "parameters": networks.parameters(net), "layers": len(folded), "unused": list(unused),
        "mean": metadata["mean"], "std": metadata["std"], "selftest_seed": seed,
        "largest_difference": difference, "largest_logit": largest,
    }

    def check(path):
        if verify_with is not None:
            report["engine"] = engine = _verify_with(verify_with, name, path)
            say(f"verified by the engine: largest difference {engine['largest_difference']:.3g} "
                f"({engine['largest_difference'] / engine['largest_logit']:.2g} of the largest logit)")

    format.write(output, result, metadata, check)
    report["bytes"] = output.stat().st_size
    say(f"written: {output}, {report['bytes']:,} bytes")
    return report


def decimals(values):
    """"0.485 0.456 0.406": as the C++ reader takes them, with no quotes to escape in a JSON header."""
    return " ".join(f"{v:g}" if float(f"{v:g}") == v else repr(v) for v in values)


def _compare(got, expected):
    """(largest difference, largest logit) over several images."""
    return float(np.abs(np.subtract(got, expected)).max()), float(np.abs(expected).max())


def _rows(net, used, folded, skip_classes=0, bgr=False, **others):
    """What became of the checkpoint's tensors, one row per layer."""
    norm_of, (stem, *_, classifier) = fold.pairs(net), folded
    remarks = {stem: ", its input channels swapped"} if bgr else {}
    if skip_classes:
        remarks[classifier] = f", without the first {skip_classes}"
    rows = []
    for layer, (weight, _) in folded.items():
        parts = [used[f"{layer}.weight"]] + ([used[f"{layer}.bias"]] if f"{layer}.bias" in used else [])
        norm = norm_of.get(layer)
        if f"{norm}.weight" in used:
            parts.append(used[f"{norm}.weight"].removesuffix("weight") + "*")
        elif norm:
            parts.append(f"{used[f'{norm}.bias']} (bias of a folded batch norm)")
        rows.append((" + ".join(parts), str(list(weight.shape)), f"{layer}.weight, .bias{remarks.get(layer, '')}"))
    return rows


def table(header, rows):
    widths = [max(len(r[i]) for r in [header, *rows]) for i in range(len(header))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(r, widths)).rstrip() for r in [header, *rows]]


def _verify_with(program, name, path):
    """The engine's own report {"largest_difference", "largest_logit"} on a weight file."""
    command = [program, "verify", "--net", name, "--weights", str(path), "--json"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=600)
    except subprocess.TimeoutExpired:
        raise ConvertError(f"{program} did not finish within 600 s") from None
    said = " ".join((run.stderr or run.stdout).split())[-500:]
    if run.returncode != 0:
        raise ConvertError(f"{program} verify failed with exit code {run.returncode}: {said}")
    try:
        report = json.loads(run.stdout)
        numbers = float(report["largest_difference"]), float(report["largest_logit"])
    except (ValueError, KeyError, TypeError):
        raise ConvertError(f"{program} verify gave no report: {said}") from None
    if not all(map(math.isfinite, numbers)) or numbers[1] <= 0:
        raise ConvertError(f"{program} verify reports a difference of {numbers[0]}, largest logit {numbers[1]}")
    return report | {"largest_difference": numbers[0], "largest_logit": numbers[1]}


def _triple(text):
    values = tuple(float(v) for v in text.split(","))  # argparse reports ValueError
    if len(values) != 3 or not all(map(math.isfinite, values)):
        raise ValueError
    return values


def add_adaptations(parser):
    """The options that adapt a checkpoint to a network."""
    parser.add_argument("--allow-unused", action="store_true", help="ignore tensors that the network has no place for")
    parser.add_argument("--skip-classes", type=count, default=0, metavar="N",
                        help="leave out the classifier's first N outputs, such as TensorFlow's background")
    parser.add_argument("--bgr", action="store_true",
                        help="the checkpoint takes blue first, as Caffe's do: swap the first convolution's channels")


def adaptations(options):
    """The same as arguments of checkpoint.fit()."""
    return {name: getattr(options, name) for name in ("allow_unused", "skip_classes", "bgr")}


def count(text):
    if not text.isdecimal():
        raise ValueError
    return int(text)


def _options(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    _triple.__name__ = "R,G,B"  # what argparse calls it in its messages
    parser.add_argument("--net", required=True, choices=networks.NETWORKS, metavar="NAME",
                        help=f"one of {', '.join(networks.NETWORKS)}")
    parser.add_argument("--checkpoint", required=True, metavar="FILE", help=".pth .pt .th .safetensors, also as .xz")
    parser.add_argument("--output", required=True, metavar="FILE", help="the .safetensors file to write")
    parser.add_argument("--normalisation", choices=NORMALISATIONS, help="what the images were trained with: named ...")
    parser.add_argument("--mean", type=_triple, metavar="R,G,B", help="... or of pixel/255 (default: imagenet)")
    parser.add_argument("--std", type=_triple, metavar="R,G,B")
    add_adaptations(parser)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the self-test image (default: 1)")
    parser.add_argument("--verify-with", metavar="PROGRAM", help="the sluice command, runs the file before it is kept")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.add_argument("--json", action="store_true", help="print a report in JSON instead of text")
    options = parser.parse_args(arguments)
    if (options.mean is None) != (options.std is None):
        parser.error("--mean and --std go together")
    if options.mean and options.normalisation:
        parser.error("give either --normalisation or --mean and --std")
    if options.std and min(options.std) <= 0:
        parser.error("--std: must be above zero")
    if not 0 <= options.seed < 2**64:
        parser.error("--seed: must be in 0..2^64-1")
    if options.verify_with and not shutil.which(options.verify_with):
        parser.error(f"--verify-with: '{options.verify_with}' is no program")
    if options.mean is None:
        options.mean, options.std = NORMALISATIONS[options.normalisation or "imagenet"]
    return options


def main(arguments=None):
    """The command. Returns 0, or 1 where the conversion fails; exits with 2 for wrong usage."""
    options = _options(arguments)
    say = (lambda line: None) if options.quiet or options.json else print
    try:
        report = convert(options.net, options.checkpoint, options.output, options.mean, options.std, options.seed,
                         options.verify_with, say, **adaptations(options))
    except (networks.NetworkError, checkpoint.CheckpointError, fold.FoldError, format.FormatError, ConvertError,
            OSError) as e:
        message = f"{e.filename}: {e.strerror}" if isinstance(e, OSError) and e.strerror else str(e)
        print(f"error: {message}", file=sys.stderr)
        if options.json:
            print(json.dumps({"error": message}))
        return 1
    if options.json:
        print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
