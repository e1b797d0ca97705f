"""Costs: what each way to compute each layer of one network takes on one machine. cost_file.py reads them."""
from dataclasses import dataclass

LAYOUTS = ("CHW", "HCW", "HWC")


@dataclass(frozen=True)
class Option:
    """One way to compute a layer."""
    primitive: str
    read: str     # layout of its input
    written: str  # layout of its output, and of the shortcut that it adds
    time_ns: int
    workspace_bytes: int   # while the layer runs, of all threads together
    persistent_bytes: int  # packed weights
    error: float           # largest difference from the reference primitive, as a share of the largest output


@dataclass(frozen=True)
class Conversion:
    """One way to turn a map from a layout into another."""
    source: str
    target: str
    time_ns: int
    workspace_bytes: int  # the copy


@dataclass(frozen=True)
class Layer:
    name: str
    op: str
    input: int      # the layer whose map it reads, or None
    shortcut: int   # the layer whose map it adds, or None
    slice_of: int   # the concatenation whose map it writes a part of, or None
    options: tuple  # empty: a concatenation, which is not computed
    conversions: tuple  # of its output
    live_bytes: int     # of all maps that are needed while it runs


@dataclass(frozen=True)
class Block:
    input: int
    first: int
    last: int
    gate: int  # or None


@dataclass(frozen=True)
class Costs:
    network: str
    fingerprint: str
    version: str
    machine: dict
    layers: tuple
    blocks: tuple
