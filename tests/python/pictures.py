"""Pictures to test with, as the bytes of their files, and what Pillow makes of them."""
import io
import struct
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps

# Interlaced PNG, pass by pass: first column and row, distance to the next ones.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def noise(width, height, channels=3, seed=1):
    """Pixels [height, width, channels] that no two neighbours share, or [height, width]."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


def smooth(width, height, channels=3):
    """Pixels as noise() has them, but as JPEG likes them."""
    y, x = np.mgrid[:height, :width]
    waves = [127.5 + 127 * np.sin(x / (5 + c) + c) * np.cos(y / (7 - c)) for c in range(channels)]
    pixels = np.stack(waves, -1).astype(np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


def saved(pixels, kind="PNG", mode=None, **options):
    """The file that Pillow writes of pixels, or of a Pillow image."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels, mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def chunks(content):
    """[(name, data)] of a PNG file."""
    found, at = [], 8
    while at < len(content):
        size, = struct.unpack_from(">I", content, at)
        found.append((content[at + 4:at + 8], content[at + 8:at + 8 + size]))
        at += 12 + size
    return found


def png(samples, depth, colour, *more, interlaced=False, size=None):
    """A PNG file of samples [height, width, channels] of any depth and colour type, with more chunks before the pixels.

    size    what the header says instead: (width, height)
    """
    height, width, _ = samples.shape
    lines = b""
    for x, y, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        for row in samples[y::dy, x::dx]:
            if row.size:
                bits = "".join(f"{v:0{depth}b}" for v in row.flat)
                bits += "0" * (-len(bits) % 8)
                lines += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    header = struct.pack(">IIBBBBB", *(size or (width, height)), depth, colour, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(b"IHDR", header), *more, chunk(b"IDAT", zlib.compress(lines)),
                                            chunk(b"IEND", b"")])


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def adobe(transform):
    """Adobe's segment of a JPEG file. It says how colours are stored: 0 as they are, 1 as YCbCr, 2 as YCCK."""
    return segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def with_segments(jpeg, *segments, without=()):
    """A JPEG file with other segments: some more after the first marker, some markers less."""
    at, kept = 2, b""
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + struct.unpack_from(">H", jpeg, at + 2)[0]
        if jpeg[at + 1] not in without:
            kept += jpeg[at:end]
        at = end
    return jpeg[:2] + b"".join(segments) + kept + jpeg[at:]


def exif(orientation, order=">", kind="H", entries_before=0):
    """An EXIF block."""
    entry = struct.pack(order + "HHI", 0x0112, {"H": 3, "I": 4}[kind], 1)
    entry += struct.pack(order + kind, orientation).ljust(4, b"\0")
    other = struct.pack(order + "HHIHH", 0x0100, 3, 1, 7, 0)
    return ({">": b"MM", "<": b"II"}[order] + struct.pack(order + "HIH", 42, 8, entries_before + 1) +
            entries_before * other + entry + bytes(4))


def opened(content):
    """The right way up, as RGB."""
    image = Image.open(io.BytesIO(content))
    try:
        image = ImageOps.exif_transpose(image)
    except SyntaxError:
        pass  # an EXIF block that is no TIFF file
    return image.convert("RGB")


def resized(image, shorter):
    """As torchvision's Resize(shorter) does it."""
    width, height = image.size
    size = tuple(int(shorter * side / min(image.size)) for side in image.size)
    if int(PIL.__version__.split(".")[0]) >= 13:
        # Those resize much taller pictures along the columns first: one pass at a time keeps to the old order.
        image = image.resize((size[0], height), Image.BILINEAR)
    return image.resize(size, Image.BILINEAR)


def seen(image, side, shorter):
    """What a network for side x side sees of an image, as torchvision prepares it: pixels [side, side, 3]."""
    if shorter:
        image = resized(image, shorter)
    left, top = (round((n - side) / 2) if n >= side else -((side - n) // 2) for n in image.size)
    return np.asarray(image.crop((left, top, left + side, top + side)))
