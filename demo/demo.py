#!/usr/bin/env python3
"""What skipping blocks costs in accuracy and saves in time, measured on this machine: a table and a picture.

    python3 demo.py --program sluice

Needs numpy, matplotlib and tqdm. `./run demo` installs them, builds the sluice command and runs this.
"""
import argparse
import os
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "weights_tools"))

import download  # noqa: E402
import measure  # noqa: E402
import picture  # noqa: E402
from failure import Failure  # noqa: E402
from sluice_weights import drawings  # noqa: E402  (found through the path above)

DRAWINGS_WEIGHTS = ROOT / "weights/resnet32_drawings.safetensors"
CIFAR_WEIGHTS = ROOT / "weights/resnet56_cifar_pls.safetensors"
CLASSES = {"drawings": drawings.CLASSES, "CIFAR-10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
                                                     "horse", "ship", "truck")}
TEST = "test_batch.bin"
SECONDS = 60  # that the accuracy of all settings may take; fewer images otherwise


def weights(options):
    """The weights file: the one asked for, or the one that comes with the data."""
    path = pathlib.Path(options.weights or (CIFAR_WEIGHTS if options.data or options.download else DRAWINGS_WEIGHTS))
    if not path.is_file():
        raise Failure(3, f"{path} does not exist" + ("" if options.weights else ": --weights FILE names another one"))
    return path


def data(options):
    """(folder with the test images, what they are): drawn or fetched first where that is asked for."""
    if options.data:
        if not os.path.exists(options.data):
            raise Failure(3, f"--data: {options.data} does not exist")
        return pathlib.Path(options.data), "CIFAR-10"
    if options.download:
        download.fetch(options.output / "cifar10", tuple(drawings.FILES))
        return options.output / "cifar10", "CIFAR-10"
    if drawings.make(options.output / "drawings", [TEST]):
        print(f"drawn: {options.output / 'drawings' / TEST}, {len(drawings.FILES[TEST]):,} images", file=sys.stderr)
    return options.output / "drawings", "drawings"


def images_in(folder):
    """The test images of a folder, records uint8 [N,3073]; none if they are packed or not there, as sluice will say."""
    raw = (folder / TEST).read_bytes() if (folder / TEST).is_file() else b""
    count = len(raw) // drawings.RECORD
    return np.frombuffer(raw, np.uint8, count * drawings.RECORD).reshape(count, drawings.RECORD)


def samples(records, classes):
    """The first image of each class, {name: uint8 [H,W,3]}."""
    first = {int(r[0]): r[1:].reshape(3, drawings.SIDE, drawings.SIDE).transpose(1, 2, 0) for r in records[::-1]}
    return {name: first[k] for k, name in enumerate(classes) if k in first}


def affordable(benched, threads):
    """How many images can go through all settings in the time for it, in whole hundreds."""
    each = sum(b["least_ms"] for b in benched["results"]) / 1000 / threads
    return max(1, int(SECONDS / each / 100)) * 100


def demo(options):
    """Measures, prints the table and draws the picture. Returns the picture's path."""
    path = weights(options)
    metadata = measure.metadata(path)
    network, threads = metadata["network"], len(os.sched_getaffinity(0))
    options.output.mkdir(parents=True, exist_ok=True)
    folder, subject = data(options)

    net, = measure.run(options.program, "nets", "--net", network)
    named = measure.settings(metadata, net["gates"])
    masks = [part for mask in named for part in ("--mask", mask)]
    common = ("--net", network, "--weights", path, *masks)
    print(f"timing {len(named)} settings, one thread …", file=sys.stderr)
    benched = measure.run(options.program, "bench", *common)
    records = images_in(folder)
    images = min(options.images or affordable(benched, threads), len(records) or 10000)
    print(f"classifying {images:,} images, {threads} threads …", file=sys.stderr)
    evaluated = measure.run(options.program, "evaluate", *common, "--data", folder, "--threads", threads,
                            "--limit", images)

    rows, machine = measure.rows(named, net["blocks"], evaluated, benched), benched["machine"]
    how = f"{machine['cpu']}, {machine['isa']}, one thread; accuracy on {images:,} test images"
    print(f"{network} on {subject}\n{how}\n")
    print("\n".join(measure.table(rows)))
    target = options.output / "demo.png"
    picture.draw(target, rows, f"Skipping blocks of {network} on {subject}", how, samples(records, CLASSES[subject]))
    return target


def _options(arguments):
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__.split("\n")[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--data", metavar="DIR", help="CIFAR-10 instead of drawings: its test_batch.bin")
    which.add_argument("--download", action="store_true", help="the same, fetched from its authors' site first")
    parser.add_argument("--weights", metavar="FILE", help="instead of those in weights/")
    parser.add_argument("--images", type=int, metavar="N", help=f"instead of as many as take about {SECONDS} seconds")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build/demo", metavar="DIR",
                        help="for images and demo.png (default: build/demo)")
    parser.add_argument("--program", default="sluice", metavar="FILE", help="the sluice command; ./run demo builds it")
    parser.add_argument("--print-network", action="store_true", help="only say which network will be measured")
    options = parser.parse_args(arguments)
    if options.images is not None and options.images < 1:
        parser.error(f"--images: expected at least 1, found {options.images}")
    return options


def main(arguments=None):
    """The command. Returns an exit code of docs/cli.md."""
    options = _options(arguments)
    try:
        if options.print_network:
            print(measure.metadata(weights(options))["network"])
        else:
            print(f"\npicture: {demo(options)}")
    except Failure as e:
        print(f"demo: {e}", file=sys.stderr)
        return e.code
    except OSError as e:
        print(f"demo: {e.filename}: {e.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
