"""The cost file, whose format is in docs/planner.md.

Everything in it is checked, since a plan is no better than its costs: a time of zero, a layer without measurement or a
file of another version of the kernels is an error, not a guess.
"""
import pathlib

from . import strict
from .costs import LAYOUTS, Block, Conversion, Costs, Layer, Option
from .failure import FILE, FORMAT, Failure
from .identity import ACTIVATIONS, OPS, fingerprint, version

_TIME = strict.fields(median=strict.whole(1), least=strict.whole(1), spread=strict.whole(0))
_SHAPE = strict.items(strict.whole(1), 3)
_LAYOUT = strict.one_of(*LAYOUTS)
_INDEX = strict.optional(strict.whole(0))
_FILE = strict.fields(
    schema_version=strict.one_of(2), version=strict.text, network=strict.text, fingerprint=strict.text,
    machine=strict.fields(cpu=strict.text, isa=strict.text, compiler=strict.text, flags=strict.text,
                          threads=strict.whole(1)),
    set=strict.text, basis=strict.one_of("measured", "modelled"), complete=strict.flag,
    layers=strict.items(strict.fields(name=strict.text, kind=strict.whole(0), input=_INDEX, shortcut=_INDEX,
                                      slice_of=_INDEX, channel=strict.whole(0))),
    blocks=strict.items(strict.fields(input=strict.whole(0), first=strict.whole(0), last=strict.whole(0), gate=_INDEX)),
    buffers=strict.items(strict.fields(first=strict.whole(0), last=strict.whole(0), bytes=strict.whole(1))),
    kinds=strict.items(strict.fields(
        op=strict.one_of(*OPS), input=_SHAPE, output=_SHAPE,
        window=strict.fields(R=strict.whole(1), S=strict.whole(1), stride=strict.whole(1),
                             padding=strict.items(strict.whole(0), 4)),
        groups=strict.whole(1), act=strict.one_of(*ACTIVATIONS), rounds=strict.whole(0),
        primitives=strict.items(strict.fields(
            name=strict.text, read=_LAYOUT, written=_LAYOUT, time_ns=_TIME, workspace_bytes=strict.whole(0),
            persistent_bytes=strict.whole(0), error=strict.real)))),
    maps=strict.items(strict.fields(shape=_SHAPE, rounds=strict.whole(0), conversions=strict.items(strict.fields(
        source=_LAYOUT, target=_LAYOUT, time_ns=_TIME, workspace_bytes=strict.whole(1))))))


def _check(path, file):
    """What the parts of the file say about each other."""
    def refuse(sentence):
        raise Failure(FORMAT, f"{path}: {sentence}")

    if file["version"] != version():
        refuse(f"the costs are of sluice {file['version']}, this is {version()}: measure again with ./run sluice profile")
    if not file["complete"]:
        refuse("the measurement has not come to its end: give the same command again, it goes on where it was")
    count = len(file["layers"])
    names = set()
    for i, layer in enumerate(file["layers"]):
        if layer["kind"] >= len(file["kinds"]):
            refuse(f"layer '{layer['name']}' is of kind {layer['kind']}, which is missing: there are {len(file['kinds'])}")
        if layer["name"] in names:
            refuse(f"two layers are called '{layer['name']}'")
        names.add(layer["name"])
        op = file["kinds"][layer["kind"]]["op"]
        if (layer["input"] is None) != (op == "input") or any(
                layer[key] is not None and layer[key] >= i for key in ("input", "shortcut")):
            refuse(f"layer '{layer['name']}' does not read layers before it")
        whole = layer["slice_of"]
        if whole is not None and not (i < whole < count and file["kinds"][file["layers"][whole]["kind"]]["op"] == "concat"):
            refuse(f"layer '{layer['name']}' is a slice of layer {whole}, which is no concatenation behind it")
        measured = file["kinds"][layer["kind"]]["primitives"]
        if (op == "concat") != (not measured):
            refuse(f"layer '{layer['name']}' " + ("is not computed, but has times" if measured else "has not been measured"))
    for block in file["blocks"]:
        if not block["input"] < block["first"] <= block["last"] < count:
            refuse(f"there is no block from layer {block['first']} to {block['last']} of {count}")
    if file["fingerprint"] != fingerprint(file):
        refuse(f"the fingerprint {file['fingerprint']} is of another network than the layers, which have {fingerprint(file)}")
    for kind in file["kinds"]:
        seen = [(p["name"], p["read"], p["written"]) for p in kind["primitives"]]
        for key in seen:
            if seen.count(key) > 1:
                refuse(f"the primitive {' '.join(key)} is there twice for one kind of layer")


def read(path, network=None, time="median"):
    """The costs in the file, which has to be complete, of this version, and of the network if one is named. time: "median",
    or "least", what the machine does at its best moment."""
    try:
        content = pathlib.Path(path).read_text(encoding="utf-8")
    except OSError as e:
        raise Failure(FILE, f"--costs: cannot read '{path}': {e.strerror}") from None
    except UnicodeDecodeError:
        raise Failure(FORMAT, f"{path}: is no text") from None
    file = _FILE(strict.parse(content, path), path)
    _check(path, file)
    if network not in (None, file["network"]):
        raise Failure(FORMAT, f"{path}: the costs are of {file['network']}, --net asks for {network}")

    options = [tuple(Option(p["name"], p["read"], p["written"], p["time_ns"][time], p["workspace_bytes"],
                            p["persistent_bytes"], p["error"]) for p in kind["primitives"]) for kind in file["kinds"]]
    conversions = {}
    for entry in file["maps"]:
        found = tuple(Conversion(c["source"], c["target"], c["time_ns"][time], c["workspace_bytes"])
                      for c in entry["conversions"])
        pairs = [(c.source, c.target) for c in found]
        if len(set(pairs)) < len(pairs) or any(a == b for a, b in pairs) or tuple(entry["shape"]) in conversions:
            raise Failure(FORMAT, f"{path}: the conversions of {entry['shape']} are there twice, or from a layout to itself")
        conversions[tuple(entry["shape"])] = found
    layers = []
    for i, layer in enumerate(file["layers"]):
        kind = file["kinds"][layer["kind"]]
        live = sum(b["bytes"] for b in file["buffers"] if b["first"] <= i <= b["last"])
        layers.append(Layer(layer["name"], kind["op"], None if kind["op"] == "concat" else layer["input"],
                            layer["shortcut"], layer["slice_of"], options[layer["kind"]],
                            conversions.get(tuple(kind["output"]), ()), live))
    blocks = tuple(Block(**block) for block in file["blocks"])
    machine = {**file["machine"], "set": file["set"], "basis": file["basis"]}
    return Costs(file["network"], file["fingerprint"], file["version"], machine, tuple(layers), blocks)
