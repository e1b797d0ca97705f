#!/usr/bin/env python3
"""Walks a network layer by layer, in the engine and in PyTorch, and names the first layer that differs.

    python3 compare.py --program sluice --net resnet20_cifar --checkpoint resnet20.th --keep 0.5

PyTorch computes in float64, from the checkpoint with its batch norms as they are; without one, from the weight file.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import safetensors

import convert
from sluice_weights import checkpoint, difference, fold, format, generator, layers, networks, settings

DIFFERS = 6  # the exit code of the sluice command for a result that is not what it should be


class CompareError(RuntimeError):
    """Nothing was compared. code: what the command should exit with."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def compare(program, name, source=None, weights=None, choice=(), seed=1, image=None, tolerance=1e-4,
            **adaptations):
    """The report as a dictionary; see docs/cli.md.

    source       the checkpoint, or None: PyTorch computes from the weight file too
    weights      the weight file, or None: the checkpoint is converted
    choice       options of `sluice dump` that say which blocks run
    image        .npy file, or None: the generator's image of the seed
    adaptations  of the checkpoint, as checkpoint.fit() takes them
    """
    shape = networks.NETWORKS[name][1]
    with tempfile.TemporaryDirectory() as folder:
        file = weights
        if weights is None:
            file = pathlib.Path(folder) / "weights.safetensors"
            convert.convert(name, source, file, *convert.NORMALISATIONS["none"], **adaptations)
        command = [program, "dump", "--net", name, "--weights", str(file), *choice,
                   *(["--seed", str(seed)] if image is None else ["--image", str(image)]),
                   "--output", f"{folder}/dump.safetensors"]
        got, mask = _dump(command)
        stored, metadata = format.read(file)
        setting = next((n for n, m in format.settings(metadata).items() if m == mask), None)
        net = _network(name, source, adaptations) if source else settings.network(stored, metadata, setting).double()
        folded = fold.fold(net) if source else {}
        if source and setting:
            settings.adopt(net, stored, setting)
        networks.set_mask(net, mask)
        expected = layers.outputs(net, generator.image(seed, shape) if image is None else np.load(image))

        rows = [difference.difference(layer, got.get(layer), expected.get(layer)) for layer in {**expected, **got}]
        first = next((r.layer for r in rows if not r.agrees(tolerance)), None)
        meaning = []
        if first:
            by_reference = _dump([*command, "--reference"])[0] if first in got and first in expected else {}
            meaning = difference.meaning_of_weights(first, stored, folded) + \
                difference.meaning(first, got.get(first), expected.get(first), by_reference.get(first), tolerance)
    return {"network": name, "mask": mask, "setting": setting, "tolerance": tolerance,
            "layers": [{"layer": r.layer, "shape": list(r.shape), "at": list(r.at) if r.at else None,
                        "relative": r.relative if math.isfinite(r.relative) else None,
                        "agrees": r.agrees(tolerance)} for r in rows],
            "first": first, "meaning": meaning}


def _network(name, source, adaptations):
    net = networks.build(name)
    stored, _ = checkpoint.read(source)
    return checkpoint.load(net, checkpoint.fit(stored, net, f"{source} does not fit {name}", **adaptations)[0])


def _dump(command):
    """({layer: [C,H,W] float64}, mask) of the engine."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=600)
    except subprocess.TimeoutExpired:
        raise CompareError(f"{command[0]} did not finish within 600 s") from None
    except OSError as e:
        raise CompareError(f"--program: '{command[0]}' does not start: {e.strerror}", 2) from None
    if run.returncode != 0:
        raise CompareError(run.stderr.strip() or f"{command[0]} dump ended with {run.returncode}",
                           max(run.returncode, 1))
    with safetensors.safe_open(command[command.index("--output") + 1], "np") as file:
        return {k: file.get_tensor(k).astype(np.float64) for k in file.keys()}, file.metadata()["mask"]


def text(report):
    """The report as lines to read."""
    rows = [(r["layer"], "x".join(map(str, r["shape"])), "none" if r["relative"] is None else f"{r['relative']:.1e}",
             str(r["at"] or ""), "<- the first" if r["layer"] == report["first"] else "" if r["agrees"] else "differs")
            for r in report["layers"]]
    statistics = f", statistics of setting '{report['setting']}'" if report["setting"] else ""
    counted = f"{len(rows)} layers of {report['network']}, mask {report['mask'] or 'of no gates'}{statistics}"
    if report["first"] is None:
        return [*convert.table(("layer", "shape", "difference", "at", ""), rows),
                f"{counted}: all agree within {report['tolerance']:g} of the layer's largest magnitude"]
    return [*convert.table(("layer", "shape", "difference", "at", ""), rows),
            f"{counted}: the first that differs by more than {report['tolerance']:g} is {report['first']}",
            *(f"  {sentence}" for sentence in report["meaning"])]


def _options(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--net", required=True, choices=networks.NETWORKS, metavar="NAME",
                        help=f"one of {', '.join(networks.NETWORKS)}")
    parser.add_argument("--checkpoint", metavar="FILE", help="what PyTorch computes from, as convert.py reads it")
    parser.add_argument("--weights", metavar="FILE",
                        help="what the engine computes from (default: the checkpoint, converted); without --checkpoint "
                             "PyTorch computes from its folded weights too")
    masks = parser.add_mutually_exclusive_group()
    for option, metavar, what in (("mask", "BITS", "one digit for each gate, 1: the block runs"),
                                  ("keep", "RATIO", "share of each group's blocks to keep, 0 to 1"),
                                  ("groups", "G:K,...", "group G, from 0, keeps K blocks and the others all"),
                                  ("tuple", "K,K,...", "blocks that each group keeps")):
        masks.add_argument(f"--{option}", metavar=metavar, help=what)
    parser.add_argument("--default-statistics", action="store_true",
                        help="run a mask for which the weights bring no statistics with the whole network's")
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--seed", type=int, metavar="N", help="of the image (default: 1)")
    images.add_argument("--image", metavar="FILE", help="an image instead: .npy, float32 [C,H,W], normalised")
    parser.add_argument("--tolerance", type=float, default=1e-4, metavar="X",
                        help="of a layer's largest magnitude (default: 1e-4)")
    convert.add_adaptations(parser)
    parser.add_argument("--program", required=True, metavar="PROGRAM", help="the sluice command; ./run compare gives it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if not options.checkpoint and not options.weights:
        parser.error("give --checkpoint, --weights or both")
    if options.seed is None:
        options.seed = 1  # as a default, argparse would not see that it is given beside --image
    if not 0 <= options.seed < 2**64:
        parser.error("--seed: must be in 0..2^64-1")
    if not 0 < options.tolerance < 1:
        parser.error("--tolerance: must be above 0 and below 1")
    return options


def main(arguments=None):
    """The command. Returns 0, 6 where a layer differs, another code where nothing was compared."""
    options = _options(arguments)
    choice = [f"--{option}={getattr(options, option)}" for option in ("mask", "keep", "groups", "tuple")
              if getattr(options, option) is not None]
    if options.default_statistics:
        choice.append("--default-statistics")
    try:
        report = compare(options.program, options.net, options.checkpoint, options.weights, choice, options.seed,
                         options.image, options.tolerance, **convert.adaptations(options))
    except (ValueError, convert.ConvertError, CompareError, OSError) as e:  # the errors of the modules are ValueErrors
        print(f"error: {e}", file=sys.stderr)
        return getattr(e, "code", 1)
    print(json.dumps(report, indent=1) if options.json else "\n".join(text(report)))
    return DIFFERS if report["first"] else 0


if __name__ == "__main__":
    sys.exit(main())
