#!/usr/bin/env python3
"""How near networks come to the best that the machine could do, and where the rest of their time goes, layer by layer.

    python3 bench/limit.py --program sluice [--networks NAME,…] [--threads T] [--rounds N] [--rows N] [--write FILE]

The limit of a layer takes the algorithm for which the longer of two times is least: its multiplications at the FMA peak, and
its weights at the memory's speed, both measured in the same process. Algorithms are the direct one and Winograd's that the
library has; transforms, maps and layers without weights cost nothing in it. A network's limit is the sum of its layers'.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys

import document

NETWORKS = ("resnet18,resnet50,resnet152_cifar,resnet152_at32,resnet20_cifar_b,squeezenet1_1,googlenet,vgg16,alexnet,"
            "mobilenet_v2")
MARK = "<!-- ./run bench limit -->"
WINOGRAD = {"winograd2": (2, 3), "winograd4": (4, 3), "winograd6": (6, 3), "winograd2_5x5": (2, 5)}  # F(m x m, r x r)
NEAR_PEAK = 0.8
KINDS = ("stem", "1x1", "3x3 of stride 1", "other convolutions", "depthwise", "linear", "without weights")


def asked(program, *options):
    """What the command prints as JSON. Where it fails, it has said why, and its exit code is ours."""
    run = subprocess.run([program, *options, "--json"], stdout=subprocess.PIPE)
    if run.returncode != 0:
        sys.exit(run.returncode if run.returncode > 0 else 1)
    return json.loads(run.stdout)


def least(rounds):
    """Of several answers of `bench --layers` one with the least of each time, and the machine at its fastest."""
    found, *others = rounds
    for other in others:
        for key in ("fma_peak_gflops", "dram_gbytes_per_s"):
            found["machine"][key] = max(found["machine"][key], other["machine"][key])
        for mine, its in zip(found["results"], other["results"]):
            mine["least_ms"] = min(mine["least_ms"], its["least_ms"])
            for a, b in zip(mine["layers"], its["layers"]):
                a["us"] = min(a["us"], b["us"])
    return found


def window(layer):
    return layer["window"]["R"], layer["window"]["S"], layer["window"]["stride"]


def kind(layer):
    """Which of KINDS: what is said about the gap is said of these."""
    if layer["op"] == "linear":
        return "linear"
    if layer["op"] != "conv":
        return "without weights"
    if layer["input"][0] <= 4:
        return "stem"
    if layer["groups"] > 1:
        return "depthwise" if layer["groups"] == layer["input"][0] else "other convolutions"
    return {(1, 1, 1): "1x1", (3, 3, 1): "3x3 of stride 1"}.get(window(layer), "other convolutions")


def direct(layer):
    """(multiplications, bytes of weights) of the direct convolution; (0, 0) without weights."""
    if layer["op"] not in ("conv", "linear"):
        return 0, 0
    K, P, Q = layer["output"]
    return layer["macs"], 4 * layer["macs"] // (P * Q if layer["op"] == "conv" else 1)


def winograd(layer, m, r):
    """The same by F(m x m, r x r), in whole tiles of (m + r - 1)^2; None where it does not apply."""
    if layer["op"] != "conv" or window(layer) != (r, r, 1) or layer["groups"] > 1:
        return None
    C, (K, P, Q) = layer["input"][0], layer["output"]
    weights = (m + r - 1) ** 2 * C * K
    return math.ceil(P / m) * math.ceil(Q / m) * weights, 4 * weights


def seconds(work, machine):
    multiplications, weights = work
    return max(2 * multiplications / machine["fma_peak_gflops"], weights / machine["dram_gbytes_per_s"]) * 1e-9


def limit(layer, machine):
    """Seconds at best."""
    ways = [direct(layer), *(winograd(layer, m, r) for m, r in WINOGRAD.values())]
    return min(seconds(work, machine) for work in ways if work)


def own_limit(layer, primitive, machine):
    """The same for the algorithm that the plan took."""
    return seconds((primitive in WINOGRAD and winograd(layer, *WINOGRAD[primitive])) or direct(layer), machine)


def rows(network, result, machine):
    """A dict for all layers that are equal, in the order in which the first of each runs; times in seconds, of them all."""
    shapes = {layer["name"]: layer for layer in network["layers"]}
    found = {}
    for timed in result["layers"]:
        layer = shapes[timed["name"]]
        alike = (layer["op"], *layer["input"], *layer["output"], *window(layer), layer["groups"], timed["primitive"])
        row = found.setdefault(alike, {"name": timed["name"], "layer": layer, "primitive": timed["primitive"],
                                       "count": 0, "time": 0, "limit": 0, "own": 0, "maps": 0, "bytes": 0})
        row["count"] += 1
        row["time"] += timed["us"] * 1e-6
        row["limit"] += limit(layer, machine)
        row["own"] += own_limit(layer, timed["primitive"], machine)
        row["bytes"] += timed["bytes"]
        row["maps"] += max(0, timed["bytes"] - direct(layer)[1]) / machine["dram_gbytes_per_s"] * 1e-9
    return list(found.values())


def shape(row):
    """C×H×W → K×P×Q, window/stride."""
    layer, (R, S, stride) = row["layer"], window(row["layer"])
    maps = " → ".join("×".join(map(str, layer[end])) for end in ("input", "output"))
    return maps if layer["op"] in ("linear", "input") else f"{maps}, {R}×{S}/{stride}"


def ms(seconds):
    return f"{seconds * 1e3:.2f}"


def network_line(name, frame, parts):
    """Of the first table: the frame, its limit, the gap in all and by kind, and what no layer's time accounts for."""
    bound = sum(row["limit"] for row in parts)
    by_kind = [sum(row["time"] - row["limit"] for row in parts if kind(row["layer"]) == k) for k in KINDS]
    cells = [ms(frame), ms(bound), f"{100 * bound / frame:.0f} %", *map(ms, by_kind),
             ms(frame - sum(row["time"] for row in parts))]
    return f"| {name} | " + " | ".join(cells) + " |"


def layer_lines(name, frame, parts, most):
    """Of the second table: the `most` rows with the largest gaps, in the order in which they run."""
    gap = sum(row["time"] - row["limit"] for row in parts)
    largest = sorted(parts, key=lambda row: row["limit"] - row["time"])[:most]
    for row in (part for part in parts if part in largest):
        share = (row["time"] - row["limit"]) / gap
        if share < 0.03:
            continue
        yield (f"| {name} | {row['name']} | {row['count']} | {shape(row)} | {row['primitive'] or row['layer']['op']} | {ms(row['time'])} | "
               f"{ms(row['limit'])} | {ms(row['own'])} | {100 * row['own'] / row['time']:.0f} % | {ms(row['maps'])} | {100 * share:.0f} % |")


def of_peak(row, machine):
    """Of a row of direct layers: its share of the FMA peak, or None where reading and writing its bytes takes longer."""
    flop = 2 * row["layer"]["macs"] * row["count"]
    if not row["primitive"].startswith("direct") or row["bytes"] / machine["dram_gbytes_per_s"] > flop / machine["fma_peak_gflops"]:
        return None
    return flop / (row["time"] * machine["fma_peak_gflops"] * 1e9)


def intensity(row):
    """FLOP per byte that memory must move where no cache holds the layer's maps: a store reads the line that it writes to."""
    return 2 * row["layer"]["macs"] / (row["bytes"] / row["count"] + 4 * math.prod(row["layer"]["output"]))


def peak_lines(found, machine):
    """The third table, under a sentence that counts: direct layers that should be near the FMA peak and are not."""
    shares = [(name, row, of_peak(row, machine)) for name, _, parts in found for row in parts]
    allowed = [entry for entry in shares if entry[2] is not None]
    slow = [entry for entry in allowed if entry[2] < NEAR_PEAK]
    total, below = (sum(row["count"] for _, row, _ in entries) for entries in (allowed, slow))
    yield (f"Of {total} direct layers that do more arithmetic than the memory's speed would hold back, {below} are below "
           f"{100 * NEAR_PEAK:.0f} % of the FMA peak.")
    if slow:
        yield (f"The last column is to be held against the machine's {machine['fma_peak_gflops'] / machine['dram_gbytes_per_s']:.1f} "
               "FLOP per byte; lines that are written count twice in it, since stores read them first:")
        yield from ("", "| network | first layer | layers | shape | time | of the peak | FLOP per byte |", "|---|---|---:|---|---:|---:|---:|")
    for name, row, share in slow:
        yield (f"| {name} | {row['name']} | {row['count']} | {shape(row)} | {ms(row['time'])} | {100 * share:.0f} % | "
               f"{intensity(row):.1f} |")


def report(networks, measured, most):
    """Lines of Markdown."""
    machine = measured["machine"]
    yield (f"{machine['cpu']}, {machine['isa']}, {machine['compiler']}, {machine['threads']} thread(s): FMA peak "
           f"{machine['fma_peak_gflops']:.0f} GFLOP/s, memory {machine['dram_gbytes_per_s']:.1f} GB/s.")
    found = [(n["name"], r["least_ms"] * 1e-3, rows(n, r, machine)) for n, r in zip(networks, measured["results"])]
    yield from ("", "Milliseconds of a frame, of its limit, and of what is above it:", "")
    yield "| network | frame | limit | of the frame | " + " | ".join(KINDS) + " | between layers |"
    yield "|---" + "|---:" * (len(KINDS) + 4) + "|"
    yield from (network_line(*entry) for entry in found)
    yield from ("", f"Layer by layer, those of most gap, at most {most} a network; milliseconds of all equal layers together:", "")
    yield "| network | first layer | layers | shape | primitive | time | limit | its primitive's limit | of the time | maps | of the gap |"
    yield "|---|---|---:|---|---|---:|---:|---:|---:|---:|---:|"
    for entry in found:
        yield from layer_lines(*entry, most)
    yield ""
    yield from peak_lines(found, machine)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--networks", default=NETWORKS)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--rounds", type=int, default=5, help="of which the least times count (default 5)")
    parser.add_argument("--rows", type=int, default=6, help="layers of each network, those of most gap (default 6)")
    parser.add_argument("--write", type=pathlib.Path, help="a document with the marks for it")
    options = parser.parse_args()
    if options.rounds < 1 or options.rows < 1:
        parser.error("--rounds, --rows: expected whole numbers from 1")
    networks = asked(options.program, "nets", "--net", options.networks, "--layers")
    measured = least([asked(options.program, "bench", "--net", options.networks, "--threads", options.threads, "--layers")
                      for _ in range(options.rounds)])
    lines = "\n".join(report(networks, measured, options.rows))
    if options.write:
        document.put(options.write, MARK, lines)
    print(lines)


if __name__ == "__main__":
    main()
