"""The sluice weight file: a .safetensors file with folded weights, what they are for, and a self-test.

Tensors, row-major, all float32 (weights may be float16); <layer> is the layer's name in the checkpoint (conv1,
layer1.0.conv2, fc):

    <layer>.weight                   [K,C,R,S] convolution or [classes,C] classifier, batch norm folded in
    <layer>.bias                     [K] or [classes], for every layer
    selftest.logits                  [classes] logits of the whole network, before folding, on the seeded image
    settings.<name>.<layer>.scale    [K] of a named setting, see below; default: ones
    settings.<name>.<layer>.bias     [K] of a named setting; default: <layer>.bias

Metadata, all strings:

    format             "sluice"
    format_version     "1"
    network            name in networks.NETWORKS
    classes            "1000"
    gates              number of gateable blocks: the length of a mask
    input              "3x224x224", the native image, CxHxW
    mean, std          "0.485 0.456 0.406": R G B decimals; the network is fed (pixel/255 - mean) / std
    selftest_seed      seed of the generator's image (name "input") that selftest.logits belong to
    source, exporter   which file this came from and its SHA-256; which version wrote it
    settings           "50=1101 30=1001": name and mask of each; absent if there are none

A setting is a mask over the gateable blocks in network order ('1' runs, '0' is skipped) with batch norms of its own: a
convolution yields acc * scale + bias. The weights are shared. A layer that a setting leaves out keeps its defaults.
"""
import contextlib
import json
import os
import pathlib
import re
import stat
import struct
import tempfile

import numpy as np
import safetensors.numpy

VERSION = "1"
_REQUIRED = ("format", "format_version", "network", "classes", "input", "mean", "std")


class FormatError(ValueError):
    """What was to be written, or was read, is no sluice weight file."""


def layers(tensors):
    """Names of the layers, in the order of their weights."""
    return [n.removesuffix(".weight") for n in tensors if n.endswith(".weight") and not n.startswith("settings.")]


def settings(metadata):
    """{name: mask}."""
    return dict(item.split("=") for item in metadata.get("settings", "").split())


def add_setting(tensors, metadata, name, mask, scale, bias):
    """Adds a named setting to tensors and metadata.

    mask         '0'/'1' per gateable block, metadata["gates"] of them
    scale, bias  {layer: [K] float32}, for the same convolutions; the others keep scale one and their own bias
    """
    known = settings(metadata)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise FormatError(f"setting '{name}': a name has letters, digits, '_' and '-' only")
    if name in known:
        raise FormatError(f"setting '{name}' exists already")
    if not re.fullmatch("[01]*", mask) or len(mask) != int(metadata["gates"]):
        raise FormatError(f"setting '{name}': mask '{mask}' should be {metadata['gates']} characters 0 or 1")
    if set(scale) != set(bias):
        raise FormatError(f"setting '{name}': scale and bias are for different layers: "
                          f"{', '.join(sorted(set(scale) ^ set(bias)))}")
    new = {}
    for layer in scale:
        weight = tensors.get(f"{layer}.weight")
        if weight is None or weight.ndim != 4:
            raise FormatError(f"setting '{name}': '{layer}' is no convolution of {metadata['network']}")
        for kind, vector in (("scale", scale[layer]), ("bias", bias[layer])):
            vector = np.asarray(vector)
            if vector.shape != weight.shape[:1]:
                raise FormatError(f"setting '{name}': {layer}.{kind} is {list(vector.shape)}, "
                                  f"expected [{weight.shape[0]}]")
            new[f"settings.{name}.{layer}.{kind}"] = vector
    _check_values(new)
    tensors.update(new)
    metadata["settings"] = " ".join(f"{n}={m}" for n, m in (known | {name: mask}).items())


def serialise(tensors, metadata):
    """Bytes of a safetensors file. Equal input gives equal bytes."""
    raw = safetensors.numpy.save({k: np.ascontiguousarray(v) for k, v in tensors.items()}, metadata)
    # the library stores the metadata in another order on every run: sort them, so that files can be compared
    size, = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(len(text) + 8) % 64)  # the data start on a cache line
    return struct.pack("<Q", len(text)) + text + raw[8 + size:]


def write(path, tensors, metadata, check=None):
    """Writes a weight file, or leaves everything as it was and raises FormatError or OSError.

    check  called with the path of the complete temporary file before it gets its name; what it raises stops the writing
    """
    missing = [k for k in _REQUIRED if k not in metadata]
    if missing:
        raise FormatError(f"metadata lack {', '.join(missing)}")
    _check_values(tensors)
    for layer in layers(tensors):
        K = tensors[f"{layer}.weight"].shape[0]
        if f"{layer}.bias" not in tensors or tensors[f"{layer}.bias"].shape != (K,):
            raise FormatError(f"{layer}.bias should be [{K}]")
    write_atomically(path, serialise(tensors, metadata), check)


def read(path):
    """(tensors, metadata) of a weight file."""
    data = pathlib.Path(path).read_bytes()
    try:
        tensors = safetensors.numpy.load(data)
        size, = struct.unpack("<Q", data[:8])
        metadata = json.loads(data[8:8 + size]).get("__metadata__", {})
    except Exception as e:  # the library has errors of its own for each way in which a file can be broken
        raise FormatError(f"{path}: no safetensors file ({' '.join(str(e).split())})") from None
    if metadata.get("format") != "sluice" or metadata.get("format_version") != VERSION:
        raise FormatError(f"{path}: no sluice weight file of version {VERSION}")
    return tensors, metadata


def check_output(path):
    """Raises FormatError if path is a place where no file can be written, before any work is done."""
    path = pathlib.Path(path)
    if path.is_dir():
        raise FormatError(f"{path} is a directory")
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        raise FormatError(f"{path} is no regular file")
    if not path.parent.is_dir():
        raise FormatError(f"directory {path.parent} does not exist")
    if not os.access(path.parent, os.W_OK):
        raise FormatError(f"directory {path.parent} is not writable")


def write_atomically(path, data, check=None):
    """Writes bytes to a temporary file beside path and renames it: path is never half written."""
    path = pathlib.Path(path)
    check_output(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes it private
        if check is not None:
            check(temporary)
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C as well
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _check_values(tensors):
    for name, tensor in tensors.items():
        may_be_half = name.endswith(".weight") and not name.startswith("settings.")
        if tensor.dtype != np.float32 and not (may_be_half and tensor.dtype == np.float16):
            raise FormatError(f"{name} is {tensor.dtype}, expected float32{' or float16' if may_be_half else ''}")
        if not np.isfinite(tensor).all():
            raise FormatError(f"{name} has values that are NaN or infinite")
