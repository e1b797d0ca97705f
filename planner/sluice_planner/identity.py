"""What a cost file has to belong to: a version of sluice, and a graph."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OPS = ("input", "conv", "linear", "max_pool", "average_pool", "subsample", "concat")  # the order of graph::Op
ACTIVATIONS = ("none", "relu", "relu6")  # the order of graph::Activation


def version():
    """Of the sluice that this planner belongs to."""
    header = (ROOT / "include/sluice/version.hpp").read_text(encoding="utf-8")
    return ".".join(re.findall(r"define SLUICE_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))


def fingerprint(file):
    """FNV-1a of the graph as plan/fingerprint.hpp computes it, in 16 hexadecimal digits."""
    h = 0xcbf29ce484222325

    def mix(*values):
        nonlocal h
        for value in values:
            h = ((h ^ (-1 if value is None else value) % 2**64) * 0x100000001b3) % 2**64

    for layer in file["layers"]:
        kind = file["kinds"][layer["kind"]]
        window = kind["window"]
        mix(OPS.index(kind["op"]), layer["input"], layer["shortcut"], layer["slice_of"], layer["channel"],
            *kind["input"], *kind["output"], window["R"], window["S"], window["stride"], *window["padding"],
            kind["groups"], ACTIVATIONS.index(kind["act"]))
    for block in file["blocks"]:
        mix(block["input"], block["first"], block["last"], block["gate"])
    return f"{h:016x}"
