"""A data set that is computed, not stored: drawings of ten shapes in the format of CIFAR-10's binary files.

Everything random is a hash of the image's number and of what it is for, and the arithmetic is float32 with nothing but
+ - * / and square roots, one operation at a time. So the same bytes come out on every machine, and any image can be
drawn on its own. How hard it is to recognise is one number of each image: it decides about contrast, texture, strokes
across, blur and noise.
"""
import hashlib
import pathlib

import numpy as np

from . import generator, shapes

CLASSES = tuple(shape.__name__ for shape in shapes.SHAPES)
FILES = {f"data_batch_{i}.bin": range((i - 1) * 4000, i * 4000) for i in range(1, 6)} | \
    {"test_batch.bin": range(20000, 24000)}  # name: the numbers of its images
SHA256 = {
    "data_batch_1.bin": "2a9ead1044962156b7fd623b1fd76ea943a6e1aff28146442fd352f85d6d50d9",
    "data_batch_2.bin": "8dedb4b6b5fde8ac5168fadf42f477facd2433d0656ceef09a125f473a530661",
    "data_batch_3.bin": "8d8077473d2f6c2ca2a37ec43b63e15d36ae465506f51819db57ae2e8b3d080d",
    "data_batch_4.bin": "a8456795a7757033244b6bff736967dfd65b04b20a02d79a5f312b9d3b47226c",
    "data_batch_5.bin": "bb89014c1a7e52e3ce5ba2f6c7e7b715b22f00e900a7329d2b8ee98ed59497a2",
    "test_batch.bin": "7aa67d86bf13fe64d502950f46575ee9bd65373da6c1deb050a7b2868987eeb3",
}
SIDE, RECORD = 32, 1 + 3 * 32 * 32  # pixels; bytes of an image and its label
STROKES = 6  # of each image behind the shape, and as many in front, at most
_SEED = 1
_AT_ONCE = 250  # images: what the operations work on stays in the caches


class _Random:
    """Values that depend on the number of an image and on what they are for."""

    def __init__(self, index):
        """index  numbers of the images, uint64 [N]"""
        self.index = index

    def bits(self, name, count=1):
        """24 random bits, uint64 [N,count,1,1]: count of each image, alike in all rows and columns."""
        at = self.index[:, None] * np.uint64(count) + np.arange(count, dtype=np.uint64)
        return generator.bits(_SEED, f"drawings.{name}", at)[:, :, None, None]

    def uniform(self, name, low, high, count=1):
        """In [low, high), float32 [N,count,1,1]."""
        return low + (high - low) * (self.bits(name, count).astype(np.float32) * np.float32(2.0**-24))

    def turn(self, name, count=1):
        """(cos, sin) of an angle, float32 [N,count,1,1]: a point with rational coordinates, then quarter turns."""
        t = self.uniform(name, -0.41421354, 0.41421354, count)  # tan of half the angle, of 45 degrees either way
        c, s = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
        quarters = self.bits(f"{name}.quarters", count) >> np.uint64(22)
        c, s = np.where(quarters & np.uint64(1), -s, c), np.where(quarters & np.uint64(1), c, s)
        return np.where(quarters & np.uint64(2), -c, c), np.where(quarters & np.uint64(2), -s, s)

    def texture(self, name, cells):
        """Random at the corners of cells x cells squares and linear in between, float32 [N,3,32,32] in [-1,1)."""
        corners = self.uniform(name, -1.0, 1.0, 3 * (cells + 1)**2).reshape(-1, 3, cells + 1, cells + 1)
        place = (np.arange(SIDE, dtype=np.float32) + 0.5) * np.float32(cells / SIDE)
        cell = place.astype(np.int64)
        rest = place - cell.astype(np.float32)
        lines = corners[:, :, cell] + (corners[:, :, cell + 1] - corners[:, :, cell]) * rest[:, None]
        return lines[..., cell] + (lines[..., cell + 1] - lines[..., cell]) * rest

    def colour_away(self, name, colour, step):
        """A colour [N,3,1,1] that differs from another by step in one of its three parts, by less in the others."""
        way = self.uniform(name, -1.0, 1.0, 3)
        way = way / np.max(np.abs(way), axis=1, keepdims=True) * step
        moved = colour + way
        return np.where((moved < 0) | (moved > 255), colour - way, moved)


def labels(index):
    """Classes uint8 [N] of the images number index: ten from a multiple of ten on are all of them."""
    ten = index[:, None] // np.uint64(10) * np.uint64(10) + np.arange(10, dtype=np.uint64)
    order = np.argsort(generator.bits(_SEED, "drawings.label", ten), axis=1, kind="stable")
    return np.take_along_axis(order, (index[:, None] % np.uint64(10)).astype(np.int64), 1)[:, 0].astype(np.uint8)


def _cover(picture, colour, distance, blur):
    """Paints colour over picture [N,3,32,32] where distance [N,1,32,32], in pixels, is negative."""
    picture += (colour - picture) * np.clip(0.5 - distance / blur, 0, 1)


def _strokes(random, name, picture, x, y, chance, ink):
    """Straight strokes, each there with a chance; every second one has the colour of the shape."""
    c, s = random.turn(f"{name}.turn", STROKES)
    along, across = (random.uniform(f"{name}.{axis}", -16.0, 16.0, STROKES) for axis in ("along", "across"))
    length = random.uniform(f"{name}.length", 2.0, 12.0, STROKES)  # half of it, as of the width
    width = random.uniform(f"{name}.width", 0.4, 1.8, STROKES)
    there = random.uniform(f"{name}.there", 0.0, 1.0, STROKES) < chance
    for i in range(STROKES):
        k = slice(i, i + 1)
        distance = np.maximum(np.abs(c[:, k] * x + s[:, k] * y - along[:, k]) - length[:, k],
                              np.abs(c[:, k] * y - s[:, k] * x - across[:, k]) - width[:, k])
        colour = ink if i % 2 else random.uniform(f"{name}.colour.{i}", 0.0, 255.0, 3)
        _cover(picture, colour, np.where(there[:, k], distance, np.float32(SIDE)), 1.0)


def _shape(random, label, x, y):
    """Distance in pixels from the outline of each image's shape, [N,1,32,32]: turned, stretched and put anywhere."""
    c, s = random.turn("shape.turn")
    size, stretch = random.uniform("shape.size", 7.0, 13.0), random.uniform("shape.stretch", 0.8, 1.25)
    x = x - random.uniform("shape.x", -1.0, 1.0) * (SIDE / 2 - size)
    y = y - random.uniform("shape.y", -1.0, 1.0) * (SIDE / 2 - size)
    x, y = (c * x + s * y) / (size * stretch), (c * y - s * x) * stretch / size
    distance = np.empty_like(x)
    for k, shape in enumerate(shapes.SHAPES):
        distance[label == k] = shape(x[label == k], y[label == k])
    return distance * size


def draw(index):
    """(images uint8 [N,3,32,32], labels uint8 [N]) of the images number index, uint64 [N]."""
    random, label = _Random(index), labels(index)
    x = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
    x, y = x[None, None, None, :], -x[None, None, :, None]

    hard = random.uniform("hard", 0.0, 1.0)
    ground = random.uniform("ground", 0.0, 255.0, 3)
    ink = random.colour_away("ink", ground, 200.0 - 120.0 * hard)
    picture = ground + random.texture("ground.texture", 4) * (50.0 * hard)
    _strokes(random, "behind", picture, x, y, 0.4 * hard, ink)
    ink_there = ink + random.texture("ink.texture", 3) * (40.0 * hard)
    _cover(picture, ink_there, _shape(random, label, x, y), 1.0 + 2.0 * hard)
    _strokes(random, "before", picture, x, y, 0.4 * hard, ink)
    picture += random.uniform("noise", -1.0, 1.0, picture[0].size).reshape(picture.shape) * (25.0 * hard)
    return np.clip(np.floor(picture + 0.5), 0, 255).astype(np.uint8), label


def records(images):
    """The bytes of a range of images as CIFAR-10 has them: label, then the red, the green and the blue plane."""
    parts = []
    for first in range(images.start, images.stop, _AT_ONCE):
        pixels, label = draw(np.arange(first, min(first + _AT_ONCE, images.stop), dtype=np.uint64))
        parts.append(np.concatenate([label[:, None], pixels.reshape(len(label), -1)], axis=1))
    return np.concatenate(parts).tobytes()


def make(folder, names=tuple(FILES)):
    """Draws the named files into folder, but for those that are there already. Returns the names of those it drew."""
    folder, drawn = pathlib.Path(folder), []
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / name
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[name]:
            continue
        path.write_bytes(records(FILES[name]))
        drawn.append(name)
    return drawn
