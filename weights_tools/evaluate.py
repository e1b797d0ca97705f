#!/usr/bin/env python3
"""Measures, in PyTorch, the accuracy of a sluice weight file on CIFAR-10's test images, with blocks skipped.

    python3 evaluate.py --weights resnet56.safetensors --data cifar10

Prints a table, and writes it beside the weights as NAME.accuracy.json and NAME.accuracy.md.
"""
import argparse
import json
import pathlib
import sys

import torch

from sluice_weights import cifar, format, networks, settings

RATIOS = (100, 90, 80, 70, 60, 50, 40, 30, 20, 10)


def evaluate(path, images, labels, ratios=RATIOS, tuples=(), say=lambda line: None):
    """Rows of the table, one per ratio (percent of the blocks of every group) and keep tuple, as dictionaries:

    label, keep, mask; setting (its name, or None where the file has the full network's statistics only);
    images, right (how many of them), top1 in percent
    """
    tensors, metadata = format.read(path)
    net = networks.build(metadata["network"])
    mean, std = ([float(v) for v in metadata[key].split()] for key in ("mean", "std"))
    named = {mask: name for name, mask in format.settings(metadata).items()}
    counted, rows = {}, []
    for label, keep in [(f"{r} %", networks.proportional(net, r)) for r in ratios] + \
                       [(",".join(map(str, t)), tuple(t)) for t in tuples]:
        mask = networks.keep_to_mask(net, keep)
        setting = named.get(mask)
        if mask not in counted:  # two ratios may keep the same blocks
            subject = settings.network(tensors, metadata, setting)
            networks.set_mask(subject, mask)
            counted[mask] = settings.right(subject, images, labels, mean, std)
        rows.append({"label": label, "keep": list(keep), "mask": mask, "setting": setting, "images": len(images),
                     "right": counted[mask], "top1": round(100 * counted[mask] / len(images), 2)})
        say(f"{label}: {rows[-1]['top1']:.2f} %")
    return rows


def markdown(rows):
    """The table as lines of Markdown."""
    lines = ["| blocks | keeps | setting | top-1 |", "|---|---|---|---|"]
    for row in rows:
        setting = row["setting"] or ("default" if "0" not in row["mask"] else "none: the full network's statistics")
        lines.append(f"| {row['label']} | {','.join(map(str, row['keep']))} | {setting} | {row['top1']:.2f} % |")
    return lines


def write(path, rows):
    """Puts the table beside the weight file, NAME.accuracy.json and NAME.accuracy.md."""
    path = pathlib.Path(path)
    title = f"Top-1 of `{path.name}` on {rows[0]['images']:,} test images, in PyTorch:"
    text = [title, "", *markdown(rows), ""]
    format.write_atomically(path.with_suffix(".accuracy.json"), (json.dumps(rows, indent=1) + "\n").encode())
    format.write_atomically(path.with_suffix(".accuracy.md"), "\n".join(text).encode())


def ratio_list(text):
    """"100,50,10" to (100, 50, 10)."""
    values = tuple(int(v) for v in text.split(","))  # argparse reports ValueError
    if not all(1 <= v <= 100 for v in values):
        raise ValueError
    return values


def tuple_of(text):
    """"9,5,3" to (9, 5, 3)."""
    return tuple(int(v) for v in text.split(","))


def add_choices(parser):
    """The options that say which blocks are kept."""
    ratio_list.__name__, tuple_of.__name__ = "P,P,...", "K,K,..."  # what argparse calls them in its messages
    parser.add_argument("--ratios", type=ratio_list, default=RATIOS, metavar="P,P,...",
                        help=f"percent of the blocks of every group (default: {','.join(map(str, RATIOS))})")
    parser.add_argument("--keep", type=tuple_of, action="append", default=[], metavar="K,K,...",
                        help="blocks kept in each group, may be given several times")


def main(arguments=None):
    """The command. Returns 0, or 1 where something cannot be read or written."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", required=True, metavar="FILE")
    parser.add_argument("--data", required=True, metavar="DIR", help="CIFAR-10: test_batch.bin or test_batch.bin.xz")
    add_choices(parser)
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        rows = evaluate(options.weights, *cifar.read(options.data, cifar.TEST), options.ratios, options.keep)
        write(options.weights, rows)
    except (ValueError, OSError) as e:  # the errors of the modules are ValueErrors
        print(f"error: {e}", file=sys.stderr)
        return 1
    print("\n".join(markdown(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
