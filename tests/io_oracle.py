#!/usr/bin/env python3
"""Compares the safetensors reader with the reference implementation, the Python package `safetensors`.

    g++ -std=c++20 -O2 -Iinclude tests/io_accepts.cpp -o accepts
    python3 tests/io_oracle.py ./accepts [--files 3000] [--seed 1]

Makes files - some by the package itself, some by hand, most by mutating those - and gives each to both. Demands:
  1. what the reference refuses, the reader refuses;
  2. what the reader accepts, both describe alike: names, types, shapes, data, metadata; and numpy can load it;
  3. what only the reader refuses breaks one of the stricter RULES below, and the reader's message says which.
Prints how often each happened. Exit status 1 if a demand is not met; the files at fault are kept and named.

Needs: safetensors (tested with 0.8.0), numpy.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy
import safetensors
import safetensors.numpy

SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1,
         "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1}
BATCH = 100  # how many files each call of the C++ program gets


# ---------------------------------------------------------------- the stricter rules

class Pairs(list):
    """A JSON object as a list of pairs, so that keys given twice can be seen."""

    def names(self):
        return [k for k, _ in self]

    def repeats(self):
        return len(set(self.names())) < len(self)


class Header:
    """The header of a file that the reference accepts, so well-formed in its eyes."""

    def __init__(self, file):
        length = struct.unpack("<Q", file[:8])[0]
        self.data = 8 + length
        self.text = file[8:self.data]
        self.pairs = json.loads(self.text.decode(), object_pairs_hook=Pairs)
        self.metadata = [v for k, v in self.pairs if k == "__metadata__"]
        self.entries = [v for k, v in self.pairs if k != "__metadata__"]

    def field(self, key):
        """The values of that field in every entry that is an object."""
        return [v for e in self.entries if isinstance(e, Pairs) for k, v in e if k == key]

    def unaligned(self):
        for e in self.entries:
            e = dict(e) if isinstance(e, Pairs) else dict(zip(("dtype", "shape", "data_offsets"), e))
            if isinstance(e["dtype"], str) and (self.data + e["data_offsets"][0]) % SIZES.get(e["dtype"], 1):
                return True
        return False


def huge(shape):
    """Contains a zero, and the rest alone is 2^63 bytes or may be (the type is not looked at)."""
    product = 8
    for n in shape:
        product *= n or 1
    return 0 in shape and product >= 2**63


# name: (what the reader says, whether the file really is like that). The list at the top of safetensors.hpp in code.
RULES = {
    "white space before '{'": (r"byte 0: expected '\{'", lambda h: h.text[:1] in (b" ", b"\t", b"\n", b"\r")),
    "a tensor name twice": (r"tensor", lambda h: h.pairs.repeats()),
    "a metadata key twice": (r"__metadata__ has the key .* twice", lambda h: any(m.repeats() for m in h.metadata)),
    "an unknown key in an entry": (
        r"expected dtype, shape and data_offsets, found",
        lambda h: any(set(e.names()) - {"dtype", "shape", "data_offsets"} for e in h.entries if isinstance(e, Pairs))),
    "an escape in a name, key or type": (r"holds an escape|type '.*\\", lambda h: b"\\" in h.text),
    "not aligned": (r"expected a multiple of", Header.unaligned),
    "more than 8 dimensions": (r"at most 8 dimensions", lambda h: any(len(s) > 8 for s in h.field("shape"))),
    "more than 128 metadata keys": (r"more than 128 keys", lambda h: any(len(m) > 128 for m in h.metadata)),
    "metadata null": (r"expected an object, found 'n'", lambda h: None in h.metadata),
    "an entry written as an array": (
        r"expected an object, found '\['", lambda h: any(not isinstance(e, Pairs) for e in h.entries)),
    "a type written as an object": (
        r"expected a string, found '\{'", lambda h: any(isinstance(d, Pairs) for d in h.field("dtype"))),
    "a type no network here has": (
        r"is not one of", lambda h: any(isinstance(d, str) and d not in SIZES for d in h.field("dtype"))),
    "a zero hides a huge shape": (r"comes to 2\^63 bytes", lambda h: any(huge(s) for s in h.field("shape"))),
}


def rule_for(file, message):
    """The rule that explains why only the reader refuses this file, or None."""
    header = Header(file)
    return next((name for name, (says, holds) in RULES.items() if re.search(says, message) and holds(header)), None)


# ---------------------------------------------------------------- the files

def pack(text, data, length=None):
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def by_the_package(rng):
    """A file as safetensors.numpy writes it."""
    types = [numpy.float64, numpy.float32, numpy.float16, numpy.int64, numpy.int32, numpy.int16, numpy.int8,
             numpy.uint64, numpy.uint32, numpy.uint16, numpy.uint8, numpy.bool_]
    tensors = {}
    for _ in range(rng.randrange(6)):
        shape = [rng.choice([0, 1, 1, 2, 3, 5]) for _ in range(rng.randrange(5))]
        raw = numpy.array([rng.randrange(2) for _ in range(int(numpy.prod(shape, dtype=int)))])
        tensors[some_name(rng)] = raw.astype(rng.choice(types)).reshape(shape)
    metadata = {some_name(rng): rng.choice(["", "pt", 'a "b"\n', "\u20ac"]) for _ in range(rng.randrange(3))}
    return safetensors.numpy.save(tensors, metadata or None)


def by_hand(rng):
    """A good or nearly good file: any order of tensors, keys and data, white space, odd spellings, odd sizes."""
    entries, begin = [], 0
    for _ in range(rng.randrange(1, 6)):
        dtype = rng.choice(list(SIZES) if rng.random() < 0.95 else ["F8_E4M3", "C64", "F4", "f32"])
        shape = [rng.choice([0, 1, 1, 1, 2, 3, 4]) for _ in range(rng.randrange(4) if rng.random() < 0.95 else 9)]
        size = int(numpy.prod(shape, dtype=int)) * SIZES.get(dtype, 1)
        if rng.random() < 0.8 and begin % 8:  # a filler, so that most files are aligned
            fill = -begin % 8
            entries.append((some_name(rng) + f"~{len(entries)}", "U8", [fill], begin, begin + fill))
            begin += fill
        entries.append((some_name(rng), dtype, shape, begin, begin + size))
        begin += size
    rng.shuffle(entries)
    gap = lambda: rng.choice(["", "", "", " ", "\n", "\t", "\r"])
    parts = []
    if rng.random() < 0.3:
        keys = rng.randrange(4) if rng.random() < 0.95 else 129
        pairs = (f'"{"k" * rng.randrange(3)}{i * rng.randrange(4)}":{gap()}"v"' for i in range(keys))
        parts.append(f'"__metadata__"{gap()}:{rng.choice(["null"] + 20 * ["{" + ",".join(pairs) + "}"])}')
    for name, dtype, shape, first, last in entries:
        fields = [f'"dtype"{gap()}:"{dtype}"', f'"shape":{gap()}{json.dumps(shape)}',
                  f'"data_offsets":[{first},{gap()}{last}]']
        rng.shuffle(fields)
        if rng.random() < 0.02:
            fields.append('"more":[1,{"a":null}]')
        value = "{" + f"{gap()},{gap()}".join(fields) + "}"
        if rng.random() < 0.02:
            value = f'["{dtype}",{json.dumps(shape)},[{first},{last}]]'
        parts.append(f"{json.dumps(name, ensure_ascii=rng.random() < 0.02)}{gap()}:{gap()}{value}")
    rng.shuffle(parts)
    text = ("{" + ",".join(parts) + "}").encode()
    if rng.random() < 0.03:
        text = b" " + text
    if rng.random() < 0.9:
        text += b" " * (-len(text) % 8)
    return pack(text, bytes(rng.randrange(256) for _ in range(begin)))


def some_name(rng):
    stem = rng.choice(["a", "b", "c", "layer1.0.weight", "layer1.0.bias", "gr\u00fc\u00df", "\U0001f600", "\x7f"])
    return stem + rng.choice(["", "", "1", "2", "3"]) + ('"' if rng.random() < 0.01 else "")


TOKENS = [b'"dtype":"F32"', b'"shape":[2]', b'"data_offsets":[0,8]', b'"__metadata__":{}', b'{"F32":null}', b"{}",
          b"[]", b"null", b"true", b"I8", b"F8_E5M2", b'"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},',
          b"0", b"1", b"-1", b"1.0", b"1e0", b"-0", b"00", b"4294967296,4294967296",
          b"9223372036854775808", b"18446744073709551615", b"18446744073709551616",
          b"\\u0061", b"\\ud83d\\ude00", b"\\ud83d", b"\\udc00", b"\\x", b"\\n", b"\\/",
          b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82\xac", b"\xef\xbb\xbf",
          b",", b":", b'"', b"{", b"}", b"[", b"]", b" ", b"\0", b"\x7f", b"\x1f"]


def mutated(rng, file):
    """The file with one to three faults in its header, data or length; the length follows the header most times."""
    length = struct.unpack("<Q", file[:8])[0]
    text, data = bytearray(file[8:8 + length]), file[8 + length:]
    for _ in range(rng.randrange(1, 4)):
        at, kind = rng.randrange(len(text) + 1), rng.randrange(10)
        numbers = list(re.finditer(rb"\d+", text))
        strings = list(re.finditer(rb'"[^"]*"', text))
        if kind == 0 and text:
            text[min(at, len(text) - 1)] = rng.randrange(256)
        elif kind == 1:
            text[at:at] = rng.choice(TOKENS)
        elif kind == 2:
            del text[at:at + rng.randrange(1, 9)]
        elif kind == 3:
            text[at:at] = text[at:at + rng.randrange(1, 70)]
        elif kind in (4, 5) and numbers:  # a size or an offset
            m = rng.choice(numbers)
            value = int(m[0])
            choices = [value + 1, value - 1, 2 * value, 0, 2**63, 2**62, 2**64 - 1, 2**64 + value, value * 2**32]
            text[m.start():m.end()] = str(rng.choice(choices)).encode()
        elif kind == 6 and len(strings) > 1:  # one name in another's place
            m, other = rng.choice(strings), rng.choice(strings)
            text[m.start():m.end()] = other[0]
        elif kind == 7:
            data = data[:-1] if rng.randrange(2) else data + b"x"
        elif kind == 8 and strings:  # one character of a name by its escape
            m = rng.choice(strings)
            if m.end() - m.start() > 2:
                text[m.start() + 1:m.start() + 2] = b"\\u%04x" % text[m.start() + 1]
        elif kind == 9:  # white space does no harm
            text += rng.choice([b" ", b"\n", b"        "])
    if rng.random() < 0.6 and len(text) % 8:  # aligned again, as far as the header goes
        text += b" " * (-len(text) % 8)
    size = len(text)
    wrong = rng.choice([0, 1, size - 1, size + 1, size + len(data) + 1, 2**63, 2**64 - 1, 2**32 + size]) % 2**64
    return pack(bytes(text), data, wrong if rng.random() < 0.05 else None)


def cut(rng, file):
    return file[:rng.randrange(len(file) + 1)]


# ---------------------------------------------------------------- the two readers

def reference(path, file):
    """None if it refuses the file, else its metadata and {name: (type, shape, crc32)}. Both of its doors must agree."""
    try:
        listed = {name: (t["dtype"], list(t["shape"]), zlib.crc32(bytes(t["data"])))
                  for name, t in safetensors.deserialize(file)}
    except safetensors.SafetensorError:
        listed = None
    try:
        with safetensors.safe_open(path, "numpy") as f:
            metadata, names = f.metadata(), set(f.keys())
    except (safetensors.SafetensorError, OSError, ValueError):
        metadata, names = None, None
    if (listed is None) != (names is None) or (listed is not None and set(listed) != names):
        print(f"note: deserialize() and safe_open() disagree on {path}; counted as refused")
        return None
    return None if listed is None else (metadata or {}, listed)


def reader(program, paths):
    """Per file its error message (text), or its metadata and {name: (type, shape, crc32)}."""
    lines = []
    for i in range(0, len(paths), BATCH):
        run = subprocess.run([program, *paths[i:i + BATCH]], capture_output=True, check=True)
        lines += run.stdout.split(b"\n")[:-1]
    if len(lines) != len(paths):
        sys.exit(f"{program}: expected a line per file, {len(paths)}, found {len(lines)}")
    return [parsed(line) for line in lines]


def parsed(line):
    if line.startswith(b"error: "):
        return line[7:].decode(errors="replace")
    metadata, *tensors = line.removeprefix(b"ok\t").decode().split("\t")
    metadata = json.loads(bytes.fromhex(metadata)) if metadata else {}
    fields = (t.split(":") for t in tensors)
    return metadata, {bytes.fromhex(n).decode(): (d, json.loads(s), int(c, 16)) for n, d, s, c in fields}


def loads(file):
    """Whether numpy can load it; it has no bfloat16, so a file with one need not."""
    try:
        safetensors.numpy.load(file)
    except (KeyError, TypeError, AttributeError):
        return b'"BF16"' in file
    except Exception:
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="tests/io_accepts.cpp, compiled")
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    rng = random.Random(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice_oracle_"))
    files = []
    for i in range(options.files):
        base = by_the_package(rng) if rng.random() < 0.4 else by_hand(rng)
        kind = rng.random()
        files.append(base if kind < 0.3 else cut(rng, base) if kind < 0.35 else mutated(rng, base))
        (folder / f"{i}").write_bytes(files[-1])
    paths = [str(folder / f"{i}") for i in range(options.files)]

    totals, faults = collections.Counter(), []
    for path, file, ours in zip(paths, files, reader(options.program, paths)):
        theirs = reference(path, file)
        if theirs is None:
            outcome = "both refuse"
            if not isinstance(ours, str):
                faults.append((path, "only the reference refuses it"))
        elif isinstance(ours, str):
            rule = rule_for(file, ours)
            outcome = f"only the reader refuses: {rule}"
            if rule is None:
                faults.append((path, f"only the reader refuses it, by no known rule: {ours}"))
        else:
            outcome = "both accept"
            if ours != theirs:
                faults.append((path, f"read differently: {ours} against {theirs}"))
            elif not loads(file):
                faults.append((path, "numpy cannot load it"))
        totals[outcome] += 1

    print(f"{options.files} files, seed {options.seed}, safetensors {safetensors.__version__}")
    for outcome, n in sorted(totals.items()):
        print(f"{n:7}  {outcome}")
    for path, what in faults[:20]:
        print(f"FAULT {path}: {what}")
    if faults:
        return f"{len(faults)} disagreements"
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
