#!/usr/bin/env python3
"""Writes the seeds of the safetensors fuzz target to tests/fuzz/corpus/safetensors/.

Needs only the standard library. The seeds are committed; run this again after changing it.
Each is a few hundred bytes: most are good files, so that the fuzzer begins deep inside the reader,
and the others are one step away from good.
"""

import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent / "corpus" / "safetensors"


def file(header, data=0, length=None, pad=True):
    """The bytes of a file: header (a dict, or the text itself), then that many bytes of data."""
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    if pad:
        text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(i % 256 for i in range(data))


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


SEEDS = {
    "empty": file({}),
    "one": file({"a": entry("F32", [2], 0, 8)}, 8),
    "scalar": file({"step": entry("I64", [], 0, 8)}, 8),
    "no_elements": file({"a": entry("F32", [0, 3], 0, 0), "b": entry("U8", [1], 0, 1)}, 1),
    "conv": file({"layer1.0.conv1.weight": entry("F32", [4, 1, 3, 3], 0, 144),
                  "layer1.0.conv1.bias": entry("F32", [4], 144, 160)}, 160),
    "types": file({t: entry(t, [1], o, o + n) for t, n, o in [
        ("F64", 8, 0), ("I64", 8, 8), ("U64", 8, 16), ("F32", 4, 24), ("I32", 4, 28), ("U32", 4, 32), ("F16", 2, 36),
        ("BF16", 2, 38), ("I16", 2, 40), ("U16", 2, 42), ("I8", 1, 44), ("U8", 1, 45), ("BOOL", 1, 46)]}, 47),
    "shuffled": file({"z": entry("U8", [3], 5, 8), "m": entry("U8", [4], 0, 4), "a": entry("U8", [1], 4, 5)}, 8),
    "rank8": file({"a": entry("U8", [1, 2, 1, 2, 1, 1, 1, 1], 0, 4)}, 4),
    "metadata": file({"__metadata__": {"format": "pt", "net": "resnet152", "note": 'a "quoted"\n\u20ac'},
                      "a": entry("F16", [1], 0, 2)}, 2),
    "names": file('{"gr\u00fc\u00df \u20ac \U0001f600":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'.encode(), 1),
    "spaces": file(b'{ "a" :\t{ "shape" : [ 1 , 2 ] ,\r\n "data_offsets" : [ 0 , 8 ] , "dtype" : "F32" } } \n', 8),
    "escapes": file(b'{"__metadata__":{"a":"\\u20ac\\ud83d\\ude00\\/\\b"},'
                    b'"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
    "wraps": file({"a": entry("F32", [4294967296, 4294967296], 0, 0)}),
    "overlap": file({"a": entry("U8", [5], 0, 5), "b": entry("U8", [4], 4, 8)}, 8),
    "unaligned": file({"a": entry("F32", [2], 0, 8)}, 8, pad=False),
    "long_length": file({"a": entry("F32", [2], 0, 8)}, 8, length=2**64 - 1),
}

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in SEEDS.items():
        (FOLDER / name).write_bytes(content)
    print(f"{len(SEEDS)} seeds in {FOLDER}, at most {max(map(len, SEEDS.values()))} bytes each")
