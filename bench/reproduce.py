#!/usr/bin/env python3
"""Chan et al., Table 1 and Figures 3 to 6: every number that they print, beside what is computed, modelled or measured.

    ./run reproduce [--json] [--png [DIR]] [--data DIR] [--limit N]

Accuracies are those of weights/resnet56_cifar_pls on CIFAR-10's test images, if --data or SLUICE_DATA has them in
cifar10/; times are those of ResNet-152 on this machine; energies those of the presets in sluice/power/presets.hpp.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import claims

ROOT = pathlib.Path(__file__).resolve().parent.parent
NETWORK, WEIGHTS = "resnet56_cifar", ROOT / "weights/resnet56_cifar_pls.safetensors"
PROFILE = ROOT / "weights/resnet56_cifar_pls.profile.json"


def ask(*command):
    print("  " + " ".join(map(str, command)), file=sys.stderr)
    return json.loads(subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE).stdout)


class Accuracy:
    """Of the rows of Table 1, by the ratios that give them."""

    def __init__(self, program, data, limit):
        self.rows, self.note = None, "needs CIFAR-10: --data or SLUICE_DATA"
        if program is None or not data or not (pathlib.Path(data) / "cifar10").is_dir():
            return
        found = ask(program, "evaluate", "--net", NETWORK, "--weights", WEIGHTS, "--data",
                    pathlib.Path(data) / "cifar10", "--keep", ",".join(claims.RATIOS.values()), "--threads",
                    len(os.sched_getaffinity(0)), "--subsets", "32,100,316,1000,3162,10000", "--json",
                    *(["--limit", limit] if limit else []))
        self.rows = dict(zip(claims.RATIOS, found))
        self.note = f"{NETWORK} with {WEIGHTS.name}, {found[0]['images']} images of CIFAR-10"

    def at(self, label):
        """(per cent or None, which network)"""
        if self.rows is None:
            return None, self.note
        return round(self.rows[label]["top1"], 2), f"{self.note}; keeps {self.rows[label]['kept']}"

    def falls(self):
        if self.rows is None:
            return None
        top1 = [r["top1"] for r in self.rows.values()]
        rises = [b - a for a, b in zip(top1, top1[1:]) if b > a]
        return f"rises by {max(rises):.2f} points at most" if rises else "falls"


class Profile:
    """One group at a time against all in proportion, as `sluice profile-accuracy` has recorded it."""

    def __init__(self):
        content = json.loads(PROFILE.read_text())
        self.note = f"{content['network']}, {PROFILE.name}, {content['data']['images']} images"
        self.curves = {}
        for r in content["measured"]:
            for source in r["sources"]:
                kind, which = source.split(maxsplit=1) if " " in source else (source, "")
                name = "all groups" if kind == "pls" else f"group {int(which) + 1}" if kind == "group" else None
                if name:  # the file counts groups from 0, the paper from 1
                    self.curves.setdefault(name, {})[r["macs"]] = r["top1"]
        full = self.curves["all groups"][max(self.curves["all groups"])]
        for curve in self.curves.values():
            curve.setdefault(max(self.curves["all groups"]), full)

    def beaten(self):
        """By how much a group's curve is above the proportional one at most, at equal multiply-accumulates."""
        ours = sorted(self.curves["all groups"].items())
        worst, who = 0, "none"
        for name, curve in self.curves.items():
            for macs, top1 in curve.items():
                below = [p for p in ours if p[0] <= macs]
                above = [p for p in ours if p[0] >= macs]
                if name == "all groups" or not below or not above:
                    continue
                (a, low), (b, high) = below[-1], above[0]
                expected = low if a == b else low + (high - low) * (macs - a) / (b - a)
                if top1 - expected > worst:
                    worst, who = top1 - expected, f"{name} by {top1 - expected:.2f} points at {macs / 1e6:.0f} M"
        return who


def times(program, paper):
    """ResNet-152 with the tuples of Table 1, and with half of one group."""
    if program is None:
        return None
    blocks = [int(b) for b in paper["blocks"]]
    tuples = [r["kept"] for r in paper["table1"]]
    single = [[1 if g == h else b for h, b in enumerate(blocks)] for g in range(4)]
    found = ask(program, "bench", "--net", "resnet152_cifar", "--json",
                *(w for t in tuples + single for w in ("--tuple", ",".join(str(int(k)) for k in t))))
    ms = [r["least_ms"] for r in found["results"]]
    machine = found["machine"]
    return {"note": f"resnet152_cifar, made-up weights, one thread of {machine['cpu']}, {machine['isa']}",
            "rows": [{"label": r["label"], "parameters": r["parameters"], "macs": r["macs"], "ms": m}
                     for r, m in zip(paper["table1"], ms)],
            "block_ms": [(ms[0] - m) / (b - 1) for m, b in zip(ms[len(tuples):], blocks)]}


def table(rows):
    shown = [[str("-" if r[k] is None else r[k]) for k in ("claim", "printed", "ours", "unit", "basis", "verdict")]
             for r in rows]
    widths = [max(len(line[i]) for line in shown) for i in range(6)]
    for line, r in zip(shown, rows):
        print("  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip() +
              (f"  ({r['note']})" if r["note"] else ""))


def main():
    parser = argparse.ArgumentParser(prog="./run reproduce", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the rows and what they were made from as JSON")
    parser.add_argument("--png", metavar="DIR", nargs="?", const=ROOT / "build/figures",
                        help="draw Figures 3 to 6 into this folder (build/figures)")
    parser.add_argument("--data", default=os.environ.get("SLUICE_DATA"), help="folder with cifar10/ (SLUICE_DATA)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N test images")
    parser.add_argument("--paper", required=True, help=argparse.SUPPRESS)  # bench_paper
    parser.add_argument("--program", help=argparse.SUPPRESS)  # sluice; without it nothing is measured
    options = parser.parse_args()
    paper = ask(options.paper)
    accuracy, profile = Accuracy(options.program, options.data, options.limit), Profile()
    measured = times(options.program, paper)
    rows = claims.rows(paper, accuracy, profile, measured)
    if options.png:
        import reproduce_figures
        folder = pathlib.Path(options.png)
        folder.mkdir(parents=True, exist_ok=True)
        for path in reproduce_figures.draw(folder, paper, accuracy, profile, measured):
            print(path, file=sys.stderr)
    count = {v: sum(r["verdict"] == v for r in rows) for v in sorted({r["verdict"] for r in rows})}
    if options.json:
        print(json.dumps({"schema_version": 1, "rows": rows, "verdicts": count, "times": measured}, indent=1))
    else:
        table(rows)
        print("\n" + ", ".join(f"{n} {v}" for v, n in count.items()) + f" of {len(rows)}")


if __name__ == "__main__":
    main()
