"""Lets the sluice command measure every gate setting of a weights file, and puts what it says into rows."""
import json
import pathlib
import struct
import subprocess

from failure import Failure

PROPORTIONAL, OTHER = "every group", "any place"  # series of settings; the others are called by the group that skips


def metadata(path):
    """The metadata of a weights file: {key: text}."""
    path = pathlib.Path(path)
    try:
        with open(path, "rb") as file:
            size, = struct.unpack("<Q", file.read(8))
            found = json.loads(file.read(min(size, path.stat().st_size)))["__metadata__"]
        return {"network": found["network"], "settings": found.get("settings", "")}
    except OSError as e:
        raise Failure(3, f"{path}: {e.strerror}") from None
    except (struct.error, ValueError, KeyError, TypeError) as e:
        raise Failure(4, f"{path}: expected a weights file as in docs/weights.md, found none ({e!r})") from None


def run(program, *arguments):
    """What `sluice ARGUMENT... --json` prints. Its progress and its complaints go on to our stderr."""
    done = subprocess.run([str(program), *map(str, arguments), "--json"], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failure(done.returncode if done.returncode > 0 else 1, f"sluice {arguments[0]} failed, see above")
    return json.loads(done.stdout)


def settings(metadata, gates):
    """{mask: name} of the whole network, "100", and of the settings that a file brings."""
    named = dict(item.split("=") for item in metadata["settings"].split())
    return {"1" * gates: "100"} | {mask: name for name, mask in named.items()}


def series(name, kept, mask, blocks):
    """(line of the picture that a setting belongs to, what stands at its point).

    kept, blocks  how many of how many blocks run in each group
    """
    own = f"{name} %" if name.isdigit() else name
    if mask != "".join("1" * (k - 1) + "0" * (n - k) for k, n in zip(kept, blocks)):
        return OTHER, own  # not the last blocks of a group
    if any(list(kept) == [max(1, -(-n * r // 100)) for n in blocks] for r in range(1, 101)):
        return PROPORTIONAL, own
    skipping = [g for g, (k, n) in enumerate(zip(kept, blocks)) if k < n]
    return (f"group {skipping[0]}", str(kept[skipping[0]])) if len(skipping) == 1 else (OTHER, own)


def rows(named, blocks, evaluated, benched):
    """One row per mask: series, label, mask, kept, parameters, macs, images, top1, ms; series by series, slowest first.

    named               {mask: name}
    evaluated, benched  what `sluice evaluate` and `sluice bench` print
    """
    least = {b["mask"]: b["least_ms"] for b in benched["results"]}
    found = []
    for e in evaluated:
        line, label = series(named[e["mask"]], e["kept"], e["mask"], blocks)
        found.append({"series": line, "label": label, "ms": least[e["mask"]]} |
                     {key: e[key] for key in ("mask", "kept", "parameters", "macs", "images", "top1")})
    place = {PROPORTIONAL: 0, OTHER: 2}  # the groups are in between
    return sorted(found, key=lambda r: (place.get(r["series"], 1), r["series"], -r["macs"]))


def table(rows):
    """The rows as lines of text."""
    cells = [("skipping in", "keeps", "blocks", "parameters", "macs", "top-1 %", "ms per frame")]
    cells += [(r["series"], r["label"], ",".join(map(str, r["kept"])), str(r["parameters"]), str(r["macs"]),
               f"{r['top1']:.2f}", f"{r['ms']:.3f}") for r in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return ["  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths)))
            for line in cells]
