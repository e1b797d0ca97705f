#!/usr/bin/env python3
"""Writes the seeds of the picture fuzz target to tests/fuzz/corpus/picture/.

Needs Pillow. The seeds are committed; run this again after changing it. Each is a few hundred bytes: every kind of file
that is read, so that the fuzzer need not invent them.
"""
import pathlib
import sys

from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
from pictures import adobe, chunk, exif, noise, png, saved, segment, smooth, with_segments  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "corpus" / "picture"
RGB = smooth(11, 7)
CMYK = saved(Image.fromarray(smooth(9, 5, 4), "CMYK"), "JPEG", quality=50)

SEEDS = {
    "rgb.png": saved(RGB),
    "rgba.png": saved(smooth(11, 7, 4)),
    "grey16.png": png(noise(5, 3, 2)[..., :1].astype(int) * 257, 16, 0),
    "interlaced.png": png(noise(5, 3), 8, 2, chunk(b"eXIf", exif(5)), interlaced=True),
    "palette.png": png(noise(5, 3)[..., :1] % 4, 2, 3, chunk(b"PLTE", bytes(range(12))), chunk(b"tRNS", b"\0\x80")),
    "rgb.jpg": saved(RGB, "JPEG", quality=50),
    "orientation.jpg": with_segments(saved(RGB, "JPEG"), segment(0xE1, b"Exif\0\0" + exif(6, "<", "I", 2))),
    "progressive.jpg": saved(RGB, "JPEG", quality=50, progressive=True),
    "grey.jpg": saved(smooth(11, 7, 1), "JPEG", quality=50),
    "cmyk.jpg": CMYK,
    "ycck.jpg": with_segments(CMYK, adobe(2), without=(0xEE,)),
}

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in SEEDS.items():
        (FOLDER / name).write_bytes(content)
    print(f"{len(SEEDS)} seeds in {FOLDER}, at most {max(map(len, SEEDS.values()))} bytes each")
