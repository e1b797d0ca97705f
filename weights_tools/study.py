#!/usr/bin/env python3
"""What skipping costs a network, and what mends it: frozen, recalibrated, with learnt scales, and trained.

    python3 study.py --net resnet56_cifar --frozen resnet56.th --trained runs/resnet56/state.pth --data cifar10 \\
        --sluice build/avx512/sluice --work runs/study --output docs/figures

Every accuracy is that of all test images by the C++ engine. What is finished is kept in the folder --work and not
computed again. The folder --output gets skipping.json and the pictures; the tables are printed.
"""
import argparse
import json
import pathlib
import subprocess
import sys

from sluice_weights import format, networks, tuples

TOOLS = pathlib.Path(__file__).resolve().parent
METHODS = {  # name: (of which checkpoint, options of recalibrate.py); in the order of the table
    "frozen": ("frozen", ["--keep-full", "--ratios", "100"]),
    "statistics": ("frozen", ["--keep-full"]),
    "block scales": ("frozen", ["--keep-full", "--learn", "block"]),
    "channel scales": ("frozen", ["--keep-full", "--learn", "channel"]),
    "trained, one set of statistics": ("trained", ["--ratios", "100"]),
    "trained": ("trained", []),
}


class Study:
    """The commands, each of which runs once."""

    def __init__(self, options):
        self.options, self.work = options, pathlib.Path(options.work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.percents = sorted(set(tuples.proportional(networks.build(options.net)).values()), reverse=True)

    def run(self, *command):
        print("  " + " ".join(map(str, command)), file=sys.stderr)
        return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, text=True).stdout

    def once(self, name, make):
        """Path of a file in the work folder, made by make(path) unless it is there."""
        path = self.work / name
        if not path.exists():
            make(path)
        return path

    def weights(self, method):
        which, extra = METHODS[method]
        source = [sys.executable, "-B", TOOLS / "recalibrate.py", "--net", self.options.net, "--checkpoint",
                  getattr(self.options, which), "--data", self.options.data, "--no-evaluation", "--images",
                  self.options.images, "--learn-steps", self.options.learn_steps]
        ratios = [] if "--ratios" in extra else ["--ratios", ",".join(map(str, self.percents))]
        return self.once(f"{method.replace(', ', '_').replace(' ', '_')}.safetensors",
                         lambda path: self.run(*source, *extra, *ratios, "--output", path))

    def accuracy(self, method):
        """{percent: top-1} of proportional layer skipping."""
        weights = self.weights(method)

        def measure(path):
            ratios = ",".join(f"{p / 100:g}" for p in self.percents)
            text = self.run(self.options.sluice, "evaluate", "--net", self.options.net, "--weights", weights, "--data",
                            self.options.data, "--keep", ratios, "--threads", self.options.threads, "--json",
                            "--default-statistics")
            format.write_atomically(path, text.encode())

        rows = json.loads(self.once(weights.with_suffix(".json").name, measure).read_text())
        return [{"percent": p, "macs": row["macs"], "kept": row["kept"], "top1": round(row["top1"], 2)}
                for p, row in zip(self.percents, rows)]

    def search(self, which):
        """Better tuples, with new statistics but the same weights: report of search.py."""
        path = self.once(f"search_{which}.json", lambda path: self.run(
            sys.executable, "-B", TOOLS / "search.py", "--net", self.options.net, "--checkpoint",
            getattr(self.options, which), "--data", self.options.data, "--output", path))
        return json.loads(path.read_text())

    def report(self):
        return {"network": self.options.net, "methods": {m: self.accuracy(m) for m in METHODS},
                "search": {which: self.search(which) for which in ("frozen", "trained")}}


def markdown(report):
    """The tables, as lines."""
    methods = report["methods"]
    first = next(iter(methods.values()))
    lines = ["| blocks | keeps | MMAC | " + " | ".join(methods) + " |", "|---" * (3 + len(methods)) + "|"]
    for i, row in enumerate(first):
        lines.append(f"| {row['percent']} % | {','.join(map(str, row['kept']))} | {row['macs'] / 1e6:.1f} | "
                     + " | ".join(f"{m[i]['top1']:.2f}" for m in methods.values()) + " |")
    for which, found in report["search"].items():
        lines += ["", f"{which.capitalize()}, statistics of their own:", "",
                  "| MMAC | proportional | greedy | exhaustive |", "|---|---|---|---|"]
        lines += [f"| {row['macs'] / 1e6:.1f} | " + " | ".join(
            f"{','.join(map(str, row[how]['keep']))}: {row[how]['top1']:.2f}"
            for how in ("proportional", "greedy", "exhaustive")) + " |" for row in found["rows"]]
    return lines


def draw(report, output):
    """skipping_methods.svg and skipping_tuples.svg."""
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    # the same text and the same numbers give the same file
    matplotlib.rcParams.update({"svg.hashsalt": "sluice", "svg.fonttype": "none", "font.size": 10,
                                "axes.spines.top": False, "axes.spines.right": False})

    def save(figure, name):
        figure.savefig(output / name, bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)

    figure, axes = pyplot.subplots(figsize=(7, 4.4))
    for method, rows in report["methods"].items():
        style = "-o" if method.startswith("trained") else "--s"
        axes.plot([r["macs"] / 1e6 for r in rows], [r["top1"] for r in rows], style, markersize=4, label=method)
    axes.set(xlabel="million multiply-accumulates", ylabel="CIFAR-10 top-1, %", ylim=(0, 100))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    save(figure, "skipping_methods.svg")

    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4))
    for axes, (which, found) in zip(panels, report["search"].items()):
        images = found["selection_images"]
        axes.scatter([t["macs"] / 1e6 for t in found["tuples"]], [100 * t["right"] / images for t in found["tuples"]],
                     s=3, color="0.75", label="every tuple, selection images")
        for how, style in (("proportional", "-o"), ("greedy", "-^"), ("exhaustive", "-v")):
            axes.plot([r[how]["macs"] / 1e6 for r in found["rows"]], [r[how]["top1"] for r in found["rows"]], style,
                      markersize=4, label=f"{how}, test images")
        axes.set(title=f"{which}, statistics of their own", xlabel="million multiply-accumulates", ylabel="top-1, %")
        axes.grid(alpha=0.3)
    panels[0].legend(frameon=False, fontsize=8)
    save(figure, "skipping_tuples.svg")


def main(arguments=None):
    """The command. Returns 0, or 1 where one of the commands it runs has failed, which has said why."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    trainable = [name for name, (_, shape) in networks.NETWORKS.items() if shape == (3, 32, 32)]
    parser.add_argument("--net", required=True, choices=trainable, metavar="NAME", help=", ".join(trainable))
    parser.add_argument("--frozen", required=True, metavar="FILE", help="an ordinary checkpoint")
    parser.add_argument("--trained", required=True, metavar="FILE", help="state.pth of train.py")
    parser.add_argument("--data", required=True, metavar="DIR", help="CIFAR-10, its files as they are or packed as .xz")
    parser.add_argument("--sluice", required=True, metavar="FILE", help="the sluice command")
    parser.add_argument("--work", required=True, metavar="DIR", help="for what is finished")
    parser.add_argument("--output", required=True, metavar="DIR", help="for the report and the pictures")
    parser.add_argument("--images", type=int, default=2500, metavar="N", help="of recalibrate.py (default: 2500)")
    parser.add_argument("--learn-steps", type=int, default=200, metavar="N", help="of recalibrate.py (default: 200)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="of the sluice command (default: 1)")
    options = parser.parse_args(arguments)
    output = pathlib.Path(options.output)
    try:
        report = Study(options).report()
    except subprocess.CalledProcessError as e:
        print(f"error: {e}", file=sys.stderr)
        return 1
    output.mkdir(parents=True, exist_ok=True)
    lines = markdown(report)
    for found in report["search"].values():  # the table of every tuple stays in the work folder
        found["tuples_measured"] = len(found["tuples"])
    draw(report, output)
    for found in report["search"].values():
        del found["tuples"]
    format.write_atomically(output / "skipping.json", (json.dumps(report, indent=1) + "\n").encode())
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
