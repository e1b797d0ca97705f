#!/usr/bin/env python3
"""Searches the keep tuples of a checkpoint for better ones than proportional layer skipping takes.

    python3 search.py --net resnet56_cifar --checkpoint resnet56.th --data cifar10 --output search.json

Every tuple gets batch-norm statistics of its own and is measured on training images that these were not taken from. For
the budget of each proportional tuple, in multiply-accumulates, three tuples are compared on the test images: that one;
the one on a greedy path, block by block; and the best of all. What is found goes into a weight file by
recalibrate.py --keep.
"""
import argparse
import json
import pathlib
import sys

import torch

import convert
from sluice_weights import checkpoint, cifar, format, networks, settings, training, tuples


def search(name, source, data, mean, std, images, selection, own_statistics=False):
    """The report as a dictionary: `rows` by budget, and `tuples`, the table that the choices were made from.

    images          training images that the statistics are taken from: the first ones, augmented
    selection       training images that the choice is made on: the last ones
    own_statistics  no new ones: all tuples run with those of the checkpoint
    """
    net = training.start(name, source).eval().requires_grad_(False)
    shape = networks.NETWORKS[name][1]
    pictures, labels = cifar.read(data, cifar.TRAINING)
    if images + selection > len(pictures):
        raise training.TrainingError(f"{images} images for the statistics and {selection} for the selection are more "
                                     f"than the {len(pictures)} of {data}")
    keeps = tuples.every(net)
    cost = {keep: tuples.macs(net, keep, shape) for keep in keeps}
    statistics = dict.fromkeys(keeps) if own_statistics else settings.calibrate(
        net, keeps, training.as_in_training(pictures[:images]), mean, std)
    counts = tuples.right(net, statistics, pictures[-selection:], labels[-selection:], mean, std)

    path = tuples.greedy(counts, cost)
    rows = []
    for keep, percent in tuples.proportional(net).items():
        choice = {"proportional": keep, "greedy": next(k for k in path if cost[k] <= cost[keep]),
                  "exhaustive": tuples.best(counts, cost, cost[keep])}
        rows.append({"percent": percent, "macs": cost[keep], **choice})
    tested = {row[how] for row in rows for how in ("proportional", "greedy", "exhaustive")}
    test = cifar.read(data, cifar.TEST)
    top1 = {keep: 100 * n / len(test[1]) for keep, n in
            tuples.right(net, {keep: statistics[keep] for keep in sorted(tested)}, *test, mean, std).items()}
    for row in rows:
        row |= {how: {"keep": row[how], "macs": cost[row[how]], "top1": round(top1[row[how]], 2)}
                for how in ("proportional", "greedy", "exhaustive")}
    return {"network": name, "checkpoint": pathlib.Path(source).name, "statistics_images": 0 if own_statistics else images,
            "selection_images": selection, "test_images": len(test[1]), "rows": rows, "greedy_path": path,
            "tuples": [{"keep": k, "macs": cost[k], "right": counts[k]} for k in keeps]}


def markdown(report):
    """The rows as lines of Markdown."""
    def cell(choice):
        return f"{','.join(map(str, choice['keep']))}: {choice['top1']:.2f} %"

    return ["| blocks | MMAC | proportional | greedy | exhaustive |", "|---|---|---|---|---|",
            *(f"| {row['percent']} % | {row['macs'] / 1e6:.1f} | {cell(row['proportional'])} | {cell(row['greedy'])} | "
              f"{cell(row['exhaustive'])} |" for row in report["rows"])]


def main(arguments=None):
    """The command. Returns 0, or 1 where something cannot be read or written; exits with 2 for wrong usage."""
    trainable = [name for name, (_, shape) in networks.NETWORKS.items() if shape == (3, 32, 32)]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--net", required=True, choices=trainable, metavar="NAME", help=", ".join(trainable))
    parser.add_argument("--checkpoint", required=True, metavar="FILE", help="state.pth of train.py, or any other")
    parser.add_argument("--data", required=True, metavar="DIR", help="CIFAR-10, its files as they are or packed as .xz")
    parser.add_argument("--output", required=True, metavar="FILE", help="the .json file to write")
    parser.add_argument("--images", type=int, default=1000, metavar="N",
                        help="training images that the statistics are taken from (default: 1000)")
    parser.add_argument("--selection", type=int, default=2000, metavar="N",
                        help="other training images that the choice is made on (default: 2000)")
    parser.add_argument("--own-statistics", action="store_true", help="all tuples run with the checkpoint's statistics")
    parser.add_argument("--normalisation", choices=convert.NORMALISATIONS, default="imagenet",
                        help="what the network was trained with (default: imagenet, as train.py does)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="(default: 1)")
    options = parser.parse_args(arguments)
    if min(options.images, options.selection, options.threads) < 1:
        parser.error("--images, --selection and --threads: at least 1")
    torch.set_num_threads(options.threads)
    try:
        format.check_output(options.output)
        report = search(options.net, options.checkpoint, options.data, *convert.NORMALISATIONS[options.normalisation],
                        options.images, options.selection, options.own_statistics)
        format.write_atomically(options.output, (json.dumps(report, indent=None) + "\n").encode())
    except (ValueError, training.TrainingError, checkpoint.CheckpointError, OSError) as e:
        print(f"error: {e}", file=sys.stderr)
        return 1
    print("\n".join(markdown(report)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
