#!/usr/bin/env python3
"""Regenerates the golden values in tests/golden/ that the C++ tests are held against.

    python3 make_golden.py [--output DIR] [NETWORK...]     (default: generator.json and all networks)

<network>.safetensors: one tensor [classes] float32 per case, named <H>x<W>/<mask>, the mask over the gateable blocks in
network order (empty where there are none). It holds the logits of the seeded network (batch norms as they are, not
folded) on the generator's image of that size, computed in float64 and rounded once. Metadata: seed, torch, network,
labels (JSON: what each case is).
"""
import argparse
import json
import math
import pathlib
import sys
import time

import numpy as np
import torch

from sluice_weights import format, generator, networks

SEED = 1
TABLE1 = {"100": (3, 8, 36, 3), "90": (3, 8, 33, 3), "80": (3, 7, 29, 3), "70": (3, 6, 26, 3),  # of the PLS paper
          "50": (2, 4, 15, 2), "30": (1, 2, 9, 1), "10": (1, 1, 2, 1)}
ODD = (97, 131)  # a size that divides by nothing


def arbitrary_mask(net, seed):
    """A seeded mask that is neither all open nor all shut and, where the groups are long enough, keeps no prefix."""
    count = len(networks.gateable(net))
    prefix_possible = max(net.counts) > 2
    for attempt in range(1000):
        mask = "".join("01"[b & 1] for b in generator.bits(seed, f"mask.{attempt}", np.arange(count)).tolist())
        groups, start = [], 0
        for n in net.counts:
            groups.append(mask[start:start + n - 1])
            start += n - 1
        if len(set(mask)) == 2 and (not prefix_possible or any("01" in g for g in groups)):
            return mask
    raise AssertionError("unreachable: about every second mask qualifies")


def cases(name, net):
    """{tensor name: label}: what to compute for a network."""
    gates = len(networks.gateable(net))
    masks = {"full": "1" * gates}
    if gates:
        masks |= {"all gateable blocks shut": "0" * gates,
                  "PLS 50 %": networks.keep_to_mask(net, networks.proportional(net, 50)),
                  "arbitrary": arbitrary_mask(net, SEED)}
    if name == "resnet152_cifar":
        masks |= {f"Table 1, {label} %": networks.keep_to_mask(net, keep) for label, keep in TABLE1.items()}
    _, H, W = networks.NETWORKS[name][1]
    result = {}
    at_odd = {k: masks[k] for k in ("full", "arbitrary") if k in masks}
    sizes = [(H, W, masks)] + ([(*ODD, at_odd)] if H >= 224 else [])
    for H, W, chosen in sizes:
        for label, mask in chosen.items():
            key = f"{H}x{W}/{mask}"
            result[key] = f"{result[key]}; {label}" if key in result else label
    return result


def golden(name, only=None):
    """(tensors, metadata) of one network's file; only: compute no other tensors than these."""
    net = networks.seed_parameters(networks.build(name), SEED).double()
    labels = cases(name, net)
    tensors = {}
    for key in labels:
        if only is not None and key not in only:
            continue
        size, mask = key.split("/")
        networks.set_mask(net, mask)
        image = generator.image(SEED, (3, *map(int, size.split("x"))))
        tensors[key] = networks.logits(net, image).astype(np.float32)
    return tensors, {"seed": str(SEED), "torch": torch.__version__, "network": name, "labels": json.dumps(labels)}


def generator_cases():
    """Pinned values of the generator; floats as hexadecimal so that no digit is lost."""
    cases = [(0, "input", 0, 0.0, 1.0), (1, "input", 0, 0.0, math.sqrt(3.0)), (1, "input", 1, 0.0, math.sqrt(3.0)),
             (1, "input", 150527, 0.0, math.sqrt(3.0)), (1, "conv1.weight", 0, 0.0, math.sqrt(6 / 147)),
             (1, "conv1.weight", 9407, 0.0, math.sqrt(6 / 147)), (1, "layer1.0.bn2.weight", 63, 0.25, 0.05),
             (1, "bn1.running_var", 7, 1.0, 0.5), (2, "fc.bias", 999, 0.0, 0.1),
             (7, "fc.weight", 2**32 + 5, 0.0, 0.0383), (2**64 - 1, "linear.weight", 639, 0.0, math.sqrt(3 / 64)),
             (20, "", 3, -1.0, 1e-3), (20, "größe", 3, 1e3, 1e-3)]
    return [{"seed": s, "name": n, "index": i, "mid": m.hex(), "half": h.hex(),
             "bits": int(generator.bits(s, n, i)[0]), "value": float(generator.at(s, n, i, m, h)[0]).hex()}
            for s, n, i, m, h in ((s, n, i, float(m), float(h)) for s, n, i, m, h in cases)]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="default: generator.json and all networks")
    parser.add_argument("--output", type=pathlib.Path, metavar="DIR",
                        default=pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden")
    options = parser.parse_args(arguments)
    unknown = set(options.networks) - set(networks.NETWORKS)
    if unknown:
        parser.error(f"unknown network {', '.join(sorted(unknown))}; known: {', '.join(networks.NETWORKS)}")
    options.output.mkdir(parents=True, exist_ok=True)
    if not options.networks:
        text = json.dumps(generator_cases(), indent=1, ensure_ascii=False) + "\n"
        (options.output / "generator.json").write_text(text, encoding="utf-8")
    for name in options.networks or networks.NETWORKS:
        start = time.monotonic()
        tensors, metadata = golden(name)
        format.write_atomically(options.output / f"{name}.safetensors", format.serialise(tensors, metadata))
        print(f"{name}: {len(tensors)} cases, {time.monotonic() - start:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
