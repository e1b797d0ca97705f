"""Reads checkpoints and fits their tensors to a network.

No code from a checkpoint ever runs: pickles are read with weights_only, and the archives for which older versions of
PyTorch do not honour that (TorchScript) are refused.
"""
import hashlib
import io
import lzma
import pathlib
import pickle
import pickletools
import re
import struct
import warnings
import zipfile

import numpy as np
import safetensors.numpy
import torch

from . import foreign, networks, resnet

_NESTING = ("state_dict", "model_state_dict", "model", "net")
_PREFIXES = ("module.", "model.", "_orig_mod.")
_LIMIT = 4 << 30  # bytes of an unpacked checkpoint: a small .xz file can claim to hold any amount


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, or does not fit the network. The message names everything that is wrong."""


def read(path):
    """({name: tensor or whatever else is stored under that name}, SHA-256 of the file as it lies on the disk)."""
    path = pathlib.Path(path)
    if path.is_dir():
        raise CheckpointError(f"{path} is a directory")
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(b"\xfd7zXZ\0"):
        data = _unpack(path, data)
    if not data:
        raise CheckpointError(f"{path} is empty")
    stored = _read_safetensors(path, data) if _is_safetensors(path, data) else _read_torch(path, data)
    return _unwrap(path, stored), digest


def fit(stored, net, complaint, allow_unused=False, skip_classes=0, bgr=False):
    """({key: float64 tensor}, {key: name in the checkpoint}, {unused name: remark}) for the keys of net's state dict.

    stored        as from read(). A norm that is missing where its convolution has a bias, and net's has none, was
                  folded: the bias becomes the norm's, which does nothing else
    complaint     how the message begins: "FILE does not fit NETWORK"
    allow_unused  tensors that the network has no place for are no error
    skip_classes  how many of the classifier's outputs to leave out, from the first
    bgr           the checkpoint takes blue first: swaps the input channels of the first convolution
    """
    expected = {k: list(v.shape) for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    stem, *_, classifier = networks.layers(net)
    found, problems, left_over, unused = {}, [], {}, {}
    rename = _sequential_names(stored, net)
    for original, value in stored.items():
        key = _strip(original)
        if key.endswith("num_batches_tracked"):
            continue
        key = foreign.alias(rename(key), expected)
        if foreign.is_auxiliary(key, net):
            unused[original] = "auxiliary head, not used"
        elif key not in expected:
            left_over[key] = original
        elif key in found:
            problems.append(f"twice: {found[key]} and {original} are both {key}")
        else:
            found[key] = original
    tensors = {}
    for norm, bias in foreign.folded_norms(net, found, left_over).items():
        found[f"{norm}.bias"] = left_over.pop(bias)
        tensors |= foreign.identity(net, norm)
    problems += [f"missing: {k} {shape}" for k, shape in expected.items() if k not in {**found, **tensors}]
    unused |= dict.fromkeys(left_over.values(), "not used")
    if not allow_unused:
        problems += [f"left over: {n} {describe(stored[n])}" for n in left_over.values()]
    for key, original in found.items():
        value, label = stored[original], original if original == key else f"{original} (as {key})"
        layer, hint = key.rpartition(".")[0], ""
        if layer == classifier and isinstance(value, torch.Tensor) and value.ndim:
            if skip_classes:
                value, label = value[skip_classes:], f"{label} without the first {skip_classes}"
            elif len(value) == expected[key][0] + 1:
                hint = " (--skip-classes 1 leaves out the first, if that is the background)"
        if not isinstance(value, torch.Tensor) or value.layout != torch.strided or not value.is_floating_point():
            problems.append(f"wrong type: {label} is {describe(value)}, expected float {expected[key]}")
        elif list(value.shape) != expected[key]:
            problems.append(f"wrong shape: {label} is {list(value.shape)}, expected {expected[key]}{hint}")
        else:
            tensors[key] = value.detach().double()
            bad = int((~torch.isfinite(tensors[key])).sum())
            if bad:
                problems.append(f"not a number: {label} has {bad} of {value.numel()} values that are NaN or infinite")
    if problems:
        raise CheckpointError(f"{complaint} ({_summary(problems)}):\n  " + "\n  ".join(problems))
    if bgr:
        tensors[f"{stem}.weight"] = tensors[f"{stem}.weight"].flip(1)  # [K,C,R,S]
    return {k: tensors[k] for k in expected}, {k: found[k] for k in expected if k in found}, unused


def load(net, tensors):
    """Puts fitted tensors into net, which becomes float64. Returns net."""
    net.double().load_state_dict(tensors, strict=False)  # only num_batches_tracked is left out
    return net


def _unpack(path, data):
    try:
        with lzma.open(io.BytesIO(data)) as file:
            unpacked = file.read(_LIMIT + 1)
    except (lzma.LZMAError, EOFError) as e:
        raise CheckpointError(f"{path} is no intact .xz file ({e})") from None
    if len(unpacked) > _LIMIT:
        raise CheckpointError(f"{path} unpacks to more than {_LIMIT >> 30} GiB")
    return unpacked


def _is_safetensors(path, data):
    # the header's length, then the header, a JSON object; no pickle and no zip has '{' there
    plausible = data[8:9] == b"{" and struct.unpack("<Q", data[:8])[0] <= len(data) - 8
    return plausible or path.name.removesuffix(".xz").endswith(".safetensors")


def _read_safetensors(path, data):
    try:
        arrays = safetensors.numpy.load(data)
    except Exception as e:  # the library has errors of its own, and TypeError or KeyError for types numpy lacks
        raise CheckpointError(f"{path} is no safetensors file that numpy can read ({_one_line(e)})") from None
    if "selftest.logits" in arrays:
        raise CheckpointError(f"{path} is a sluice weight file already")
    return {name: torch.from_numpy(np.array(a)) for name, a in arrays.items()}


def _read_torch(path, data):
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(n.endswith("constants.pkl") for n in archive.namelist()):
                raise CheckpointError(f"{path} is a TorchScript archive, not a checkpoint: save model.state_dict()")
    elif not data.startswith((b"\x80", b"PK")):
        raise CheckpointError(f"{path} is neither a PyTorch checkpoint nor a safetensors file")
    try:
        return _load_tensors_only(data)
    except Exception as e:  # a broken pickle can raise nearly anything
        foreign = re.search(r"(?:Unsupported class|GLOBAL) ([\w.]+)", str(e))
        if foreign:
            raise CheckpointError(f"{path} holds more than tensors ({foreign[1]}), which is not loaded, as that could "
                                  "run code: save model.state_dict() only") from None
        raise CheckpointError(f"{path} is truncated or no PyTorch checkpoint ({_one_line(e)})") from None


def _load_tensors_only(data):
    def load(data):
        # in memory, because for files on disk PyTorch also tries its tar format of before 2017
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice to PyTorch's developers; what matters is raised
        try:
            return load(data)
        except pickle.UnpicklingError as e:
            if not str(e).endswith(f"Unsupported operand {ord(pickle.BINFLOAT)}"):
                raise
            # PyTorch 1.13 refuses plain floats, such as an accuracy beside the weights; with weights_only=False it
            # would run code, whatever pickle_module it is given (it overwrites that argument)
            return load(_without_floats(data))


def _without_floats(data):
    """The same checkpoint with None for each float outside the tensors."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        stream, head = io.BytesIO(data), b""
        for _ in range(5):  # magic number, protocol, system, contents, keys of the storages; then the values
            head += _pickle_without_floats(stream)
        return head + stream.read()
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            record = old.read(name)
            new.writestr(name, _pickle_without_floats(io.BytesIO(record)) if name.endswith("data.pkl") else record)
    return result.getvalue()


def _pickle_without_floats(stream):
    """Copies one pickle, up to where it ends."""
    data = stream.getbuffer()
    operations = list(pickletools.genops(stream))
    ends = [position for _, _, position in operations[1:]] + [stream.tell()]
    return b"".join(b"N" if operation.name == "BINFLOAT" else data[position:end]
                    for (operation, _, position), end in zip(operations, ends))


def _unwrap(path, stored):
    for _ in range(4):
        inner = next((stored[k] for k in _NESTING if isinstance(stored.get(k), dict)), None) \
            if isinstance(stored, dict) else None
        if inner is None:
            break
        stored = inner
    if not isinstance(stored, dict):
        raise CheckpointError(f"{path} holds a {type(stored).__name__}, expected a dictionary of tensors")
    if not any(isinstance(v, torch.Tensor) for v in stored.values()):
        raise CheckpointError(f"{path} holds no tensors")
    return {str(k): v for k, v in stored.items()}


def _strip(name):
    while name.startswith(_PREFIXES):
        name = name.split(".", 1)[1]
    return name


def _sequential_names(stored, net):
    """A function from the names of an nn.Sequential of stem, blocks and classifier (0.weight, 3.conv1.weight) to ours.

    The modules without parameters between them (ReLU, pooling) leave gaps in the numbers, so only the order counts.
    """
    heads = {_strip(name).split(".")[0] for name in stored}
    blocks = [name for name, m in net.named_modules() if isinstance(m, resnet.Block)]
    if not blocks or not all(h.isdecimal() for h in heads) or len(heads) != len(blocks) + 3:
        return lambda key: key
    ours = dict(zip(sorted(heads, key=int), ["conv1", "bn1", *blocks, net.classifier]))
    return lambda key: ".".join([ours[key.split(".")[0]], *key.split(".")[1:]])


def describe(value):
    if isinstance(value, torch.Tensor):
        return f"{list(value.shape)}" + ("" if value.is_floating_point() else f" {value.dtype}".replace("torch.", ""))
    return f"({type(value).__name__}, no tensor)"


def _summary(problems):
    kinds = [p.split(":")[0] for p in problems]
    return ", ".join(f"{kinds.count(k)} {k}" for k in dict.fromkeys(kinds))


def _one_line(error):
    # PyTorch surrounds what it found with the advice to load with weights_only=False, which nobody should follow
    text = " ".join(str(error).split("WeightsUnpickler error:")[-1].split()).split(". ")[0] or type(error).__name__
    operand = re.match(r"Unsupported operand \d+", text)
    if operand:
        text = f"{operand[0]}: damaged, or not saved with torch.save's own pickle_protocol, 2"
    return text if len(text) <= 160 else text[:157] + "..."
