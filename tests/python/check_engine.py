#!/usr/bin/env python3
"""Compares the engine with PyTorch image for image: real checkpoints on the 10,000 CIFAR-10 test images.

    python3 tests/python/check_engine.py [--data DIR] [--program FILE] [--limit N] [NETWORK...]

DIR (default: $SLUICE_DATA) has checkpoints/ and cifar10/. PyTorch runs the unconverted network in float32, the engine
the converted one. Every image must get the same class, unless PyTorch's two largest logits are nearer to each other than
the allowed difference, and every logit must agree within 1e-4 of the image's largest. Exit code 77 if there is no DIR.
"""
import argparse
import glob
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "weights_tools"))

import convert  # noqa: E402  (found through the path above)
from check_checkpoints import CIFAR  # noqa: E402
from sluice_weights import checkpoint, cifar, networks  # noqa: E402

TOLERANCE = 1e-4  # of an image's largest logit


def engine_logits(program, name, source, test_batch, limit, folder):
    """[N,10] float32 from `sluice evaluate` on the converted checkpoint."""
    weights, out = folder / "weights.safetensors", folder / "logits.npy"
    convert.convert(name, source, weights, *convert.NORMALISATIONS["imagenet"])
    subprocess.run([program, "evaluate", "--net", name, "--weights", weights, "--data", test_batch, "--keep", "1",
                    "--limit", str(limit), "--logits", out, "--json"], check=True, stdout=subprocess.DEVNULL)
    return np.load(out)


def torch_logits(name, source, images):
    """[N,10] float32 of the network as its checkpoint has it, batch norm and all."""
    net = networks.build(name)
    tensors, _, _ = checkpoint.fit(checkpoint.read(source)[0], net, f"{source} does not fit {name}")
    checkpoint.load(net, tensors)
    net.float().eval()
    mean, std = (torch.tensor(v)[:, None, None] for v in convert.NORMALISATIONS["imagenet"])
    with torch.no_grad():
        return torch.cat([net((batch.float() / 255 - mean) / std) for batch in images.split(250)]).numpy()


def check(program, name, data, limit):
    file, published = CIFAR[name]
    images, labels = cifar.read(data / "cifar10", cifar.TEST)
    images, labels = images[:limit], labels[:limit].numpy()
    with tempfile.TemporaryDirectory() as folder:
        source = data / "checkpoints" / file
        got = engine_logits(program, name, source, data / "cifar10", limit, pathlib.Path(folder))
        expected = torch_logits(name, source, images)
    if got.shape != expected.shape:
        print(f"{name}: the engine gave {got.shape} logits, expected {expected.shape}")
        return False
    largest = np.abs(expected).max(1)
    relative = np.abs(got - expected).max(1) / largest
    other = got.argmax(1) != expected.argmax(1)
    top = np.sort(expected, 1)
    near_tie = (top[:, -1] - top[:, -2]) < 2 * TOLERANCE * largest
    right = (got.argmax(1) == labels).mean()
    print(f"{name}: {len(got)} images, {100 * right:.2f} % right (published {published / 100:.2f}), {other.sum()} classified "
          f"otherwise than by PyTorch ({(other & near_tie).sum()} of them near-ties), largest difference {relative.max():.2g} "
          f"of the largest logit")
    return bool((relative <= TOLERANCE).all() and not (other & ~near_tie).any())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(CIFAR), metavar="NETWORK")
    parser.add_argument("--data", default=os.environ.get("SLUICE_DATA"), metavar="DIR")
    parser.add_argument("--program", default=os.environ.get("SLUICE_PROGRAM"), metavar="FILE", help="default: the built one")
    parser.add_argument("--limit", type=int, default=10000, metavar="N", help="images (default: %(default)s)")
    options = parser.parse_args()
    if not options.data:
        print("SKIPPED: neither --data nor SLUICE_DATA is given; no checkpoint was checked", file=sys.stderr)
        return 77
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    program = options.program or next(iter(sorted(glob.glob(str(root / "build" / "*" / "sluice")))), None)
    if not program:
        print("SKIPPED: the sluice command is not built; ./run build makes it", file=sys.stderr)
        return 77
    passed = [check(program, name, pathlib.Path(options.data), options.limit) for name in options.networks]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
