#!/usr/bin/env python3
"""Tests of weights_tools/: the drawings are the same everywhere, and are what they are said to be.

    python3 tests/python/test_drawings.py
"""
import contextlib
import hashlib
import io
import math
import pathlib
import sys
import tempfile
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "weights_tools"))

import draw  # noqa: E402  (found through the path above)
from sluice_weights import drawings, shapes  # noqa: E402


def numbers(*values):
    return np.array(values, np.uint64)


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name) / "drawings"
        cls.drawn = drawings.make(cls.folder)
        cls.records = {name: np.frombuffer((cls.folder / name).read_bytes(), np.uint8).reshape(-1, 3073)
                       for name in drawings.FILES}

    def test_digests(self):
        self.assertEqual(self.drawn, list(drawings.FILES))
        for name in drawings.FILES:
            self.assertEqual(hashlib.sha256((self.folder / name).read_bytes()).hexdigest(), drawings.SHA256[name], name)

    def test_names_and_sizes_are_those_of_cifar10(self):
        self.assertEqual(list(self.records), [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"])
        self.assertEqual({len(r) for r in self.records.values()}, {4000})

    def test_classes_are_balanced_in_every_file(self):
        for records in self.records.values():
            self.assertEqual(list(np.bincount(records[:, 0])), [400] * 10)
            self.assertGreater(len({tuple(ten) for ten in records[:, 0].reshape(-1, 10)}), 390)  # in no fixed order

    def test_no_image_is_there_twice(self):
        everything = {bytes(r[1:]) for records in self.records.values() for r in records}
        self.assertEqual(len(everything), 24000)

    def test_images_of_one_class_differ(self):
        test = self.records["test_batch.bin"]
        for k in range(10):
            pixels = test[test[:, 0] == k, 1:].astype(np.float64)
            self.assertGreater(np.abs(pixels[:200] - pixels[200:]).mean(axis=1).min(), 5)
            self.assertGreater(np.abs(pixels - pixels.mean(axis=0)).mean(), 40)

    def test_what_is_there_stays(self):
        self.assertEqual(drawings.make(self.folder), [])
        path = self.folder / "test_batch.bin"
        good = path.read_bytes()
        path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        self.assertEqual(drawings.make(self.folder, ["test_batch.bin"]), ["test_batch.bin"])
        self.assertEqual(path.read_bytes(), good)

    def test_command(self):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(draw.main(["--output", str(self.folder)]), 0)
        self.assertIn("0 files drawn, 6 were there", said.getvalue())
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(draw.main(["--output", str(self.folder / "test_batch.bin")]), 1)
        self.assertIn("test_batch.bin", said.getvalue())


class Drawing(unittest.TestCase):
    def test_an_image_depends_on_its_number_alone(self):
        together, labels = drawings.draw(numbers(20003, 7, 23999, 7))
        np.testing.assert_array_equal(together[1], together[3])
        for i, number in enumerate((20003, 7, 23999)):
            alone, label = drawings.draw(numbers(number))
            np.testing.assert_array_equal(alone[0], together[i])
            self.assertEqual(label[0], labels[i])

    def test_turns_go_all_round(self):
        c, s = (v.ravel() for v in drawings._Random(np.arange(4000, dtype=np.uint64)).turn("any"))
        np.testing.assert_allclose(c * c + s * s, 1, atol=1e-6)
        counts = np.bincount((np.arctan2(s, c) * 8 / math.pi + 8).astype(int) % 16, minlength=16)
        self.assertLess(np.abs(counts - 250).max(), 80)  # five standard deviations, and a little unevenness

    def test_texture_is_linear_between_its_corners(self):
        random = drawings._Random(numbers(5))
        corners = random.uniform("any", -1.0, 1.0, 3 * 5 * 5).reshape(3, 5, 5).astype(np.float64)
        place = (np.arange(32) + 0.5) / 8
        for colour, got in zip(corners, random.texture("any", 4)[0]):
            rows = np.stack([np.interp(place, np.arange(5), column) for column in colour.T], 1)
            expected = np.stack([np.interp(place, np.arange(5), row) for row in rows])
            np.testing.assert_allclose(got, expected, atol=1e-6)

    def test_the_ink_differs_from_the_ground_by_as_much_as_is_asked_for(self):
        random = drawings._Random(np.arange(300, dtype=np.uint64))
        ground, step = random.uniform("any", 0.0, 255.0, 3), random.uniform("other", 80.0, 200.0)
        difference = np.abs(random.colour_away("ink", ground, step) - ground)
        np.testing.assert_allclose(difference.max(axis=1, keepdims=True), step, rtol=1e-5)
        self.assertGreater(np.mean(difference.min(axis=1) < step[:, 0] / 2), 0.5)  # in colour as well as in brightness


class Shapes(unittest.TestCase):
    def test_areas(self):
        r, d, cut, h = 0.9, 0.45, 0.8, 0.55
        lens = r * r * math.acos((d * d + r * r - cut * cut) / (2 * d * r)) \
            + cut * cut * math.acos((d * d + cut * cut - r * r) / (2 * d * cut)) \
            - math.sqrt((r + cut - d) * (d + r - cut) * (d + cut - r) * (d + r + cut)) / 2
        fifth = math.pi / 5
        areas = {"disc": math.pi * 0.85**2, "ring": math.pi * (0.9**2 - 0.5**2), "triangle": 3**1.5 * 0.5**2,
                 "square": 1.5**2, "star": 5 * 0.36**2 * math.tan(fifth) / math.cos(2 * fifth),
                 "cross": 2 * 1.8 * 0.54 - 0.54**2, "arrow": 3**1.5 * 0.36**2 + 0.4 * (1.0 - 0.06),
                 "crescent": math.pi * r * r - lens, "heart": (2 * h)**2 + math.pi * h * h,
                 "spiral": math.pi * 0.24 * (0.3 + 0.6 + 0.9)}
        self.assertEqual(tuple(areas), drawings.CLASSES)
        side = np.linspace(-1.3, 1.3, 521, dtype=np.float32)
        x, y = np.meshgrid(side, side)
        for shape in shapes.SHAPES:
            inside = shape(x, y) < 0
            self.assertFalse(inside[[0, -1]].any() or inside[:, [0, -1]].any(), shape.__name__)
            self.assertAlmostEqual(inside.sum() * float(side[1] - side[0])**2, areas[shape.__name__], delta=0.02,
                                   msg=shape.__name__)

    def test_distances_are_in_the_units_of_the_frame(self):
        x = np.linspace(-1.3, 1.3, 261, dtype=np.float32)[None, :]
        y = np.linspace(-1.3, 1.3, 261, dtype=np.float32)[:, None]
        for shape in shapes.SHAPES:
            across = np.abs(np.diff(shape(x, y + 0 * x), axis=1)) / 0.01
            # half circles meet at y = 0 in the spiral: there it jumps from row to row, never along one
            self.assertLess(across.max(), 1.01, shape.__name__)
            self.assertGreater(across.max(), 0.7, shape.__name__)


if __name__ == "__main__":
    unittest.main()
