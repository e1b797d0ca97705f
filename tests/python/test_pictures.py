#!/usr/bin/env python3
"""Tests of how the sluice command reads photographs, against Pillow: every pixel must be the same.

    python3 tests/python/test_pictures.py

SLUICE_PROGRAM names the program, as for test_cli.py; without one, or without Pillow, nothing is tested and the exit
code is 77.
"""
import io
import json
import pathlib
import struct
import sys
import tempfile
import unittest
import warnings

from test_cli import PROGRAM, sluice

try:
    import numpy as np
    from PIL import Image
    import pictures
    from pictures import noise, png, saved, seen, smooth
except ModuleNotFoundError as e:
    print(f"SKIPPED: {e}; no photograph is read", file=sys.stderr)
    sys.exit(77)

SIDES = {"resnet18": (224, 256), "resnet20_cifar": (32, 32)}  # of what each network sees; of the shorter side before


class Reading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def write(self, contents):
        """The paths of files with these contents: {name: bytes}."""
        for name, content in contents.items():
            (self.folder / name).write_bytes(content)
        return [self.folder / name for name in contents]

    def pixels(self, files, *arguments, net="resnet18"):
        """(the run, {name: pixels} of those that were read, the program's list of them)."""
        output = self.folder / "pixels.npy"
        run = sluice("pixels", "--net", net, "--output", output, "--json", *arguments, *files)
        self.assertIn(run.returncode, (0, 3, 4), run.stderr)
        read = json.loads(run.stdout)
        array = np.load(output)
        self.assertEqual((array.dtype, array.shape), (np.uint8, (len(read), *2 * [SIDES[net][0]], 3)))
        return run, {pathlib.Path(r["file"]).name: a for r, a in zip(read, array)}, read

    def same(self, contents, resize=0, net="resnet18", images=None):
        """All are read, and seen as Pillow's images would be: of the same files, if not given."""
        run, got, read = self.pixels(self.write(contents), *([] if resize is None else ["--resize", resize]), net=net)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        for (name, content), r in zip(contents.items(), read):
            image = images[name] if images else pictures.opened(content)
            self.assertEqual((r["width"], r["height"]), image.size, name)
            side, shorter = SIDES[net]
            np.testing.assert_array_equal(got[name], seen(image, side, shorter if resize is None else resize), name)

    def refused(self, contents, *said, code=4):
        """None is read, each is named, with these words."""
        run, got, _ = self.pixels(self.write(contents))
        self.assertEqual((run.returncode, got), (code, {}))
        lines = run.stderr.splitlines()
        self.assertEqual(len(lines), len(contents), run.stderr)
        for name, line in zip(contents, lines):
            self.assertTrue(line.startswith("sluice: "), line)
            for words in (f"/{name}", *said):
                self.assertIn(words, line)


class Sizes(Reading):
    SIZES = [(1, 1), (1, 2), (2, 1), (1, 150), (150, 1), (2, 3), (31, 97), (97, 31), (32, 32), (33, 32), (32, 35),
             (223, 224), (224, 224), (224, 225), (224, 227), (227, 224), (225, 226), (255, 256), (256, 256), (256, 257),
             (257, 259), (259, 257), (300, 451), (640, 480), (293, 678), (1111, 777), (37, 1500), (4000, 3000)]

    def setUp(self):
        sizes = self.SIZES + [tuple(map(int, s)) for s in np.random.default_rng(2).integers(9, 900, (40, 2))]
        self.contents = {f"{w}x{h}": saved(noise(w, h), compress_level=1) for w, h in sizes}

    def test_as_torchvision_prepares_them(self):
        for net in SIDES:
            self.same(self.contents, None, net)

    def test_other_sizes(self):
        for shorter in (0, 1, 31, 33, 300):
            self.same(self.contents, shorter, "resnet20_cifar")

    def test_long_and_far_up(self):
        """Long pictures are beyond what any program could resize as a whole."""
        self.same({"up": saved(noise(3, 4))}, 5000)
        long = {"wide": saved(noise(1, 3000000).reshape(1, -1, 3)), "tall": saved(noise(1, 3000000))}
        _, got, _ = self.pixels(self.write(long))
        row = np.asarray(Image.open(io.BytesIO(long["wide"])))[0]
        # 256 pixels for one: the crop shows the one in the middle, and shades to the next.
        np.testing.assert_array_equal(got["wide"], np.broadcast_to(got["wide"][:1], (224, 224, 3)))
        np.testing.assert_array_equal(got["wide"].transpose(1, 0, 2), got["tall"])
        middle = row[1499999:1500001].astype(int)
        self.assertLessEqual(np.abs(got["wide"][0, [0, -1]] - middle).max(), 128)
        self.assertTrue((got["wide"][0, 111:113].mean(0).round() == middle.mean(0).round()).all())

    def test_bad_sizes(self):
        files = self.write({"a": self.contents["31x97"]})
        for size in ("-1", "65537", "many", "1.5"):
            run = sluice("pixels", "--net", "resnet18", "--output", self.folder / "x.npy", "--resize", size, *files)
            self.assertEqual((run.returncode, run.stdout), (2, ""))
            self.assertIn("--resize", run.stderr)


class Png(Reading):
    def test_modes_that_pillow_writes(self):
        rgb = noise(40, 50)
        image = Image.fromarray(rgb)
        self.same({"RGB": saved(image), "RGBA": saved(noise(40, 50, 4)), "L": saved(noise(40, 50, 1)),
                   "LA": saved(noise(40, 50, 2), mode="LA"), "1": saved(image.convert("1")),
                   "P": saved(image.convert("P")),
                   "P transparent": saved(image.convert("P"), transparency=bytes(range(256))),
                   "RGB transparent": saved(image, transparency=tuple(map(int, rgb[3, 4]))),
                   "L transparent": saved(noise(40, 50, 1), transparency=7)})

    def test_every_depth_and_colour_type(self):
        """Also interlaced, and so small that passes are empty. 16-bit grey is tested by itself."""
        rng = np.random.default_rng(3)
        contents = {}
        for colour, channels, depths in ((0, 1, (1, 2, 4, 8)), (2, 3, (8, 16)), (3, 1, (1, 2, 4, 8)), (4, 2, (8, 16)),
                                         (6, 4, (8, 16))):
            for depth in depths:
                palette = pictures.chunk(b"PLTE", rng.bytes(3 * 2**min(depth, 8)))
                for width, height in ((1, 1), (2, 9), (13, 11)):
                    samples = rng.integers(0, 2**depth, (height, width, channels))
                    for interlaced in (False, True):
                        contents[f"{colour} {depth} {width} {interlaced}"] = png(
                            samples, depth, colour, *([palette] if colour == 3 else []), interlaced=interlaced)
        self.same(contents)

    def test_16_bit_grey_keeps_the_upper_8(self):
        samples = np.random.default_rng(4).integers(0, 65536, (30, 20, 1))
        upper = Image.fromarray((samples[..., 0] >> 8).astype(np.uint8)).convert("RGB")
        contents = {"plain": png(samples, 16, 0), "interlaced": png(samples, 16, 0, interlaced=True)}
        self.same(contents, images=dict.fromkeys(contents, upper))

    def test_colours_beyond_the_palette_are_black(self):
        samples = np.arange(8)[None, :, None]
        colours = np.arange(9, dtype=np.uint8).reshape(3, 3)
        expected = np.zeros((1, 8, 3), np.uint8)
        expected[0, :3] = colours
        self.same({"p": png(samples, 4, 3, pictures.chunk(b"PLTE", colours.tobytes()))},
                  images={"p": Image.fromarray(expected)})

    def test_what_does_not_change_pixels(self):
        samples = noise(9, 9)
        self.same({"gamma": png(samples, 8, 2, pictures.chunk(b"gAMA", struct.pack(">I", 100000))),
                   "sRGB": png(samples, 8, 2, pictures.chunk(b"sRGB", b"\0")),
                   "unknown": png(samples, 8, 2, pictures.chunk(b"quIz", b"what?")),
                   "more behind": saved(samples) + b"more"})

    def test_damaged(self):
        samples = noise(9, 9)
        whole = saved(samples)
        self.refused({"zero": png(samples, 8, 2, size=(0, 9)), "depth": png(samples, 5, 2),
                      "colour": png(samples, 8, 5), "no palette": png(samples[..., :1], 8, 3),
                      "more rows": png(samples, 8, 2, size=(9, 10)),
                      "sum": whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:]}, "libpng")

    def test_orientation(self):
        samples = noise(31, 20)
        contents = {f"{o}": png(samples, 8, 2, pictures.chunk(b"eXIf", pictures.exif(o))) for o in range(1, 9)}
        whole = saved(samples)
        end = len(whole) - 12
        contents["last"] = whole[:end] + pictures.chunk(b"eXIf", pictures.exif(6)) + whole[end:]
        self.same(contents)
        self.same(contents, None)


class Jpeg(Reading):
    def jpeg(self, pixels, **options):
        return saved(pixels, "JPEG", **{"quality": 90, **options})

    def test_samplings_and_processes(self):
        rgb, grey = smooth(83, 61), smooth(83, 61, 1)
        contents = {f"{s} {p}": self.jpeg(rgb, subsampling=s, progressive=p) for s in (0, 1, 2) for p in (False, True)}
        for quality in (1, 50, 100):
            contents[f"quality {quality}"] = self.jpeg(rgb, quality=quality)
        contents |= {"grey": self.jpeg(grey), "grey progressive": self.jpeg(grey, progressive=True),
                     "optimised": self.jpeg(rgb, optimize=True), "1x1": self.jpeg(smooth(1, 1)),
                     "noise": self.jpeg(noise(83, 61))}
        self.same(contents)

    def test_colour_spaces(self):
        """By Adobe's segment, and by what libjpeg guesses without."""
        rgb, cmyk = self.jpeg(smooth(40, 30)), self.jpeg(Image.fromarray(noise(40, 30, 4), "CMYK"))
        stored = pictures.with_segments(cmyk, without=(0xEE,))
        self.same({"RGB": pictures.with_segments(rgb, pictures.adobe(0), without=(0xE0,)), "CMYK": cmyk,
                   "YCbCr": pictures.with_segments(rgb, pictures.adobe(1), without=(0xE0,)),
                   "no JFIF": pictures.with_segments(rgb, without=(0xE0,)), "CMYK without a word": stored,
                   "CMYK of Adobe": pictures.with_segments(stored, pictures.adobe(0)),
                   "YCCK": pictures.with_segments(stored, pictures.adobe(2))})

    def test_cmyk_of_every_shade(self):
        """Black and one ink in all 65,536 combinations, without loss."""
        ink, black = np.meshgrid(np.arange(256), np.arange(256))
        inks = np.stack([ink, 255 - ink, ink, black], -1).astype(np.uint8)
        content = self.jpeg(Image.fromarray(np.kron(inks, np.ones((8, 8, 1), np.uint8)), "CMYK"), quality=100)
        self.same({"inks": content}, 256)

    def test_orientation(self):
        rgb = Image.fromarray(smooth(43, 31))
        contents = {}
        for o in range(1, 9):
            for order in "<>":
                contents[f"{o}{order}.jpg"] = self.jpeg(rgb, exif=b"Exif\0\0" + pictures.exif(o, order))
            contents[f"{o} long.jpg"] = self.jpeg(rgb, exif=b"Exif\0\0" + pictures.exif(o, "<", "I", 3))
            written = Image.Exif()
            written[0x0112] = o
            contents[f"{o} pillow.jpg"] = self.jpeg(rgb, exif=written)
        self.same(contents)
        self.same(contents, None)

    def test_exif_that_says_nothing_leaves_the_picture_as_it_is(self):
        rgb = Image.fromarray(smooth(43, 31))
        block = pictures.exif(6)
        odd = {"0": pictures.exif(0), "9": pictures.exif(9), "65535": pictures.exif(65535), "empty": b"",
               "no TIFF": b"no" + block[2:], "43": block[:3] + b"+" + block[4:],
               "far away": block[:4] + b"\xff\xff\xff\xff" + block[8:],
               "two of them": block.replace(b"\0\0\0\1", b"\0\0\0\2")}
        odd |= {f"cut at {n}": block[:n] for n in range(1, 20)}
        contents = {name: pictures.with_segments(self.jpeg(rgb), pictures.segment(0xE1, b"Exif\0\0" + b))
                    for name, b in odd.items()}
        contents["other APP1"] = pictures.with_segments(self.jpeg(rgb), pictures.segment(0xE1, b"http://"))
        upright = pictures.opened(self.jpeg(rgb))
        self.same(contents, images=dict.fromkeys(contents, upright))

    def test_what_does_not_change_pixels(self):
        rgb = self.jpeg(smooth(40, 30))
        self.same({"more behind": rgb + b"more",
                   "comment": pictures.with_segments(rgb, pictures.segment(0xFE, b"hello")),
                   "before the end": rgb[:-2] + b"stray" + rgb[-2:]})

    def test_damaged(self):
        rgb = self.jpeg(smooth(40, 30))
        frame = rgb.index(b"\xff\xc0")
        patched = {name: rgb[:frame + at] + data + rgb[frame + at + len(data):] for name, at, data in
                   (("12 bits", 4, b"\x0c"), ("lossless", 1, b"\xc3"), ("zero high", 5, b"\0\0"),
                    ("zero wide", 7, b"\0\0"))}
        self.refused({**patched, "header only": rgb[:frame]}, "libjpeg")
        two = pictures.segment(0xC0, b"\x08\0\x08\0\x08\2" + b"\1\x11\0" + b"\2\x11\0")
        two += pictures.segment(0xDA, b"\2\1\0\2\0\0\x3f\0")
        self.refused({"two": rgb[:2] + two}, "1, 3 or 4 colours, found 2")


class Bad(Reading):
    def test_no_picture(self):
        gif, bmp = (saved(noise(9, 9), kind) for kind in ("GIF", "BMP"))
        self.refused({"a.gif": gif, "a.png": bmp, "a.jpg": b"\xff\xd8", "text.jpg": b"hello",
                      "short.png": b"\x89PNG\r\n"}, "expected a PNG or JPEG picture")

    def test_the_content_decides(self):
        rgb = smooth(20, 20)
        self.same({"is a png.jpg": saved(rgb), "is a jpeg.png": saved(rgb, "JPEG"), "no ending": saved(rgb)})

    def test_missing(self):
        self.refused({"empty.png": b""}, "it is empty", code=3)
        empty = self.folder / "folder"
        empty.mkdir()
        run, got, _ = self.pixels([self.folder / "none.png", empty])
        self.assertEqual((run.returncode, got), (3, {}))
        self.assertIn("none.png': no such file", run.stderr)
        self.assertIn("folder: expected photographs in this folder", run.stderr)

    def test_too_large(self):
        """Before room is made for it; the limit is Pillow's, 512 MiB of RGB."""
        tiny = saved(smooth(8, 8), "JPEG")
        size = tiny.index(b"\xff\xc0") + 5
        claims = [(13378, 13378), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (1, 2**31 - 1)]
        contents = {str(i): png(noise(1, 1), 8, 2, size=claim) for i, claim in enumerate(claims)}
        contents["jpeg"] = tiny[:size] + b"\xff\xdc" * 2 + tiny[size + 4:]
        self.refused(contents, "expected at most 178956970 pixels, found ")

    def test_cut_short_anywhere(self):
        for kind, options in (("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True})):
            whole = saved(smooth(11, 7), kind, **options)
            self.same({"whole": whole})
            contents = {f"{n:04}": whole[:n] for n in range(1, len(whole))}
            run, got, _ = self.pixels(self.write(contents))
            self.assertEqual((run.returncode, list(got)), (4, []))
            self.assertEqual(len(run.stderr.splitlines()), len(contents))

    def test_flipped_bytes(self):
        """Whatever is accepted has the pixels that Pillow reads; the program never dies of it."""
        rng = np.random.default_rng(5)
        rgb = Image.fromarray(smooth(23, 17))
        block = b"Exif\0\0" + pictures.exif(6)
        seeds = [saved(rgb, "JPEG", exif=block), saved(rgb, "JPEG", exif=block, progressive=True, quality=30),
                 saved(Image.fromarray(smooth(23, 17, 4), "CMYK"), "JPEG"), saved(rgb), saved(rgb.convert("P")),
                 png(noise(23, 17), 8, 2, pictures.chunk(b"eXIf", block[6:]), interlaced=True)]
        accepted = 0
        for seed in seeds:
            contents = {}
            for i in range(250):
                flipped = bytearray(seed)
                for at in rng.integers(0, len(seed), rng.integers(1, 4)):
                    flipped[at] ^= 1 << int(rng.integers(8))
                contents[f"{i:04}"] = bytes(flipped)
            accepted += self.agrees_with_pillow(contents)
        self.assertGreater(accepted, 100)

    def test_flipped_bytes_in_a_png_whose_sums_are_right(self):
        rng = np.random.default_rng(6)
        palette = Image.fromarray(smooth(23, 17)).convert("P")
        accepted = 0
        for seed in (saved(smooth(23, 17)), saved(palette, transparency=bytes(range(256))), saved(palette, bits=4),
                     png(noise(23, 17), 8, 2, pictures.chunk(b"eXIf", pictures.exif(5)), interlaced=True)):
            contents = {}
            for i in range(200):
                parts = [[name, bytearray(data)] for name, data in pictures.chunks(seed)]
                part = parts[rng.integers(len(parts) - 1)][1]
                part[rng.integers(len(part))] ^= 1 << int(rng.integers(8))
                contents[f"{i:04}"] = seed[:8] + b"".join(pictures.chunk(n, bytes(d)) for n, d in parts)
            accepted += self.agrees_with_pillow(contents)
        self.assertGreater(accepted, 50)

    def agrees_with_pillow(self, contents):
        """How many were accepted."""
        run, got, _ = self.pixels(self.write(contents))
        self.assertEqual(len(run.stderr.splitlines()), len(contents) - len(got))
        for name, pixels in got.items():
            np.testing.assert_array_equal(pixels, seen(pictures.opened(contents[name]), *SIDES["resnet18"]), name)
        return len(got)


if __name__ == "__main__":
    if PROGRAM is None or not PROGRAM.exists():
        print("SKIPPED: no sluice program; build it or set SLUICE_PROGRAM", file=sys.stderr)
        sys.exit(77)
    warnings.simplefilter("ignore")  # Pillow's, about what is damaged
    unittest.main(warnings="ignore")
