#!/usr/bin/env python3
"""Tests of demo/: rows and table from recorded measurements, the picture, and downloads that go wrong.

    python3 tests/python/test_demo.py
"""
import contextlib
import hashlib
import http.server
import io
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
from unittest import mock

import numpy as np

try:
    import matplotlib
except ModuleNotFoundError:
    print("SKIPPED: no matplotlib for this Python; ./run setup installs it", file=sys.stderr)
    sys.exit(77)
import matplotlib.image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "demo"))

import demo  # noqa: E402  (found through the path above)
import download  # noqa: E402
import measure  # noqa: E402
import picture  # noqa: E402
from failure import Failure  # noqa: E402

NAMES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
BLOCKS = [3, 3, 3]
NAMED = {"111111": "100", "101010": "60", "000000": "20", "101111": "2-3-3", "110011": "3-1-3", "011111": "late"}
KEPT = {"111111": [3, 3, 3], "101010": [2, 2, 2], "000000": [1, 1, 1], "101111": [2, 3, 3], "110011": [3, 1, 3],
        "011111": [2, 3, 3]}
TOP1 = {"111111": 95.5, "101010": 90.25, "000000": 70, "101111": 94, "110011": 88, "011111": 50}


IMAGE = np.zeros((32, 32, 3), np.uint8)


def recorded():
    """What `sluice evaluate --json` and `sluice bench --json` print, in another order than the table's."""
    evaluated = [{"keep": mask, "option": "mask", "mask": mask, "kept": kept, "parameters": 1000 * sum(kept),
                  "macs": 10**6 * sum(kept), "images": 400, "top1": TOP1[mask], "ms_per_frame": 9.0}
                 for mask, kept in reversed(KEPT.items())]
    benched = {"schema_version": 1, "machine": {"cpu": "Imagined 1", "cores": 2, "isa": "avx9", "compiler": "none 1",
                                                "threads": 1, "fma_peak_gflops": 1.0},
               "results": [{"network": "resnet20_cifar", "mask": mask, "kept": kept, "least_ms": sum(kept) / 10,
                            "median_ms": 9.0} for mask, kept in KEPT.items()]}
    return evaluated, benched


class TemporaryFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fails(self, code, words, function, *arguments, **more):
        with self.assertRaisesRegex(Failure, words) as caught, contextlib.redirect_stderr(io.StringIO()):
            function(*arguments, **more)
        self.assertEqual(caught.exception.code, code, caught.exception)

    def weights(self, text=b"", **metadata):
        """A file with such a header, of otherwise no weights."""
        header = text or json.dumps({"__metadata__": metadata}).encode()
        path = self.folder / "weights.safetensors"
        path.write_bytes(struct.pack("<Q", len(header)) + header)
        return path


class Rows(TemporaryFolder):
    def test_rows(self):
        rows = measure.rows(NAMED, BLOCKS, *recorded())
        self.assertEqual([(r["series"], r["label"], r["mask"]) for r in rows],
                         [("every group", "100 %", "111111"), ("every group", "60 %", "101010"),
                          ("every group", "20 %", "000000"), ("group 0", "2", "101111"), ("group 1", "1", "110011"),
                          ("any place", "late", "011111")])
        self.assertEqual(rows[1] | {"series": 0, "label": 0},
                         {"series": 0, "label": 0, "mask": "101010", "kept": [2, 2, 2], "parameters": 6000,
                          "macs": 6 * 10**6, "images": 400, "top1": 90.25, "ms": 0.6})

    def test_series_of_groups_of_different_length(self):
        for kept, expected in (([2, 4, 18, 2], "every group"), ([3, 8, 33, 3], "every group"),
                               ([3, 8, 35, 2], "any place"), ([3, 8, 1, 3], "group 2"), ([3, 1, 36, 3], "group 1")):
            mask = "".join("1" * (k - 1) + "0" * (n - k) for k, n in zip(kept, (3, 8, 36, 3)))
            self.assertEqual(measure.series("x", kept, mask, [3, 8, 36, 3])[0], expected, kept)

    def test_table(self):
        lines = measure.table(measure.rows(NAMED, BLOCKS, *recorded()))
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertEqual(lines[0].split("  ")[0], "skipping in")
        self.assertEqual(lines[2].split(), ["every", "group", "60", "%", "2,2,2", "6000", "6000000", "90.25", "0.600"])

    def test_metadata(self):
        path = self.weights(network="resnet20_cifar", settings="50=101010 9-9=000000", mean="0 0 0")
        metadata = measure.metadata(path)
        self.assertEqual(metadata, {"network": "resnet20_cifar", "settings": "50=101010 9-9=000000"})
        self.assertEqual(measure.settings(metadata, 6), {"111111": "100", "101010": "50", "000000": "9-9"})
        self.assertEqual(measure.settings(measure.metadata(self.weights(network="x")), 2), {"11": "100"})
        self.fails(3, "nowhere", measure.metadata, self.folder / "nowhere")
        self.fails(3, "directory", measure.metadata, self.folder)
        for text in (b"{}", b"[1]", b"no json", b'{"__metadata__": {}}', b'{"__metadata__": 3}', b"\xff"):
            self.fails(4, "expected a weights file", measure.metadata, self.weights(text))
        for raw in (b"", b"1234567", b"\xff" * 8, b"\xff" * 100):
            path.write_bytes(raw)
            self.fails(4, "expected a weights file", measure.metadata, path)


class Picture(TemporaryFolder):
    def test_a_line_for_each_series(self):
        path = self.folder / "demo.png"
        rows = measure.rows(NAMED, BLOCKS, *recorded())
        with mock.patch.object(picture.plt, "close"):  # so that it can be looked at
            picture.draw(path, rows, "a title", "a machine", {"one": IMAGE, "two": IMAGE})
        *small, axes = picture.plt.gcf().axes
        self.assertEqual([a.get_title() for a in small], ["one", "two"])
        self.assertEqual([len(line.get_xdata()) for line in axes.lines], [3, 2, 2, 1])
        self.assertEqual([tuple(p) for p in axes.lines[1].get_xydata()], [(0.9, 95.5), (0.8, 94)])
        self.assertEqual([t.get_text() for t in axes.texts], [r["label"] for r in rows])
        self.assertEqual(len(axes.get_legend().get_texts()), 4)
        self.assertIn("a machine", axes.get_title())
        self.assertIn("top-1", axes.get_ylabel())
        picture.plt.close("all")
        pixels = matplotlib.image.imread(path)
        self.assertGreater(min(pixels.shape[:2]), 600)
        self.assertGreater(pixels.std(), 0.05)
        picture.draw(path, rows, "a title", "without images", {})


class Command(TemporaryFolder):
    def run_demo(self, *arguments, **environment):
        return subprocess.run([sys.executable, "-B", ROOT / "demo/demo.py", *map(str, arguments)], capture_output=True,
                              text=True, timeout=600, env={**os.environ, **environment})

    def program(self, failing=""):
        """A sluice command that plays back what was recorded and notes what it was asked."""
        evaluated, benched = recorded()
        answers = {"nets": [{"name": "resnet20_cifar", "blocks": BLOCKS, "gates": 6}], "bench": benched,
                   "evaluate": evaluated}
        path = self.folder / "sluice"
        path.write_text(f"#!{sys.executable}\nimport json, sys\n"
                        f"print(*sys.argv[1:], file=open({str(self.folder / 'asked')!r}, 'a'))\n"
                        f"if sys.argv[1] == {failing!r}: print('sluice: no', file=sys.stderr), sys.exit(4)\n"
                        f"print(json.dumps(json.loads({json.dumps(answers)!r})[sys.argv[1]]))\n")
        path.chmod(0o755)
        return path

    def test_cifar10(self):
        data, output = self.folder / "cifar", self.folder / "out"
        data.mkdir()
        (data / "test_batch.bin").write_bytes(bytes(3073 * 400))
        settings = " ".join(f"{name}={mask}" for mask, name in NAMED.items() if name != "100")
        weights = self.weights(network="resnet20_cifar", settings=settings)
        run = self.run_demo("--data", data, "--weights", weights, "--output", output, "--program", self.program())
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("Imagined 1, avx9, one thread; accuracy on 400 test images", run.stdout)
        self.assertIn("\n".join(measure.table(measure.rows(NAMED, BLOCKS, *recorded()))), run.stdout)
        self.assertGreater((output / "demo.png").stat().st_size, 10000)
        self.assertIn(str(output / "demo.png"), run.stdout)
        nets, bench, evaluate = (self.folder / "asked").read_text().splitlines()
        for line in (bench, evaluate):
            self.assertEqual([w for a, w in zip(line.split(), line.split()[1:]) if a == "--mask"], list(NAMED))
            self.assertIn(f"--weights {weights}", line)
        self.assertIn(f"--data {data} ", evaluate)
        self.assertIn("--limit 400", evaluate)

    def test_drawings(self):
        output = self.folder / "out"
        weights = self.weights(network="resnet20_cifar",
                               settings=" ".join(f"{name}={mask}" for mask, name in NAMED.items() if name != "100"))
        arguments = ("--weights", weights, "--output", output, "--images", 300, "--program", self.program())
        run = self.run_demo(*arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("drawn", run.stderr)
        self.assertEqual([p.name for p in (output / "drawings").iterdir()], ["test_batch.bin"])
        self.assertIn(f"--data {output / 'drawings'} ", (self.folder / "asked").read_text())
        self.assertIn("--limit 300", (self.folder / "asked").read_text())
        self.assertNotIn("drawn", self.run_demo(*arguments).stderr)

    def test_samples(self):
        records = np.zeros((5, 3073), np.uint8)
        records[:, 0] = 2, 0, 2, 1, 9
        records[:, 1:] = np.arange(5)[:, None]
        records[0, 1 + 1024 + 32 + 2] = 77  # green, second row, third column
        (self.folder / "test_batch.bin").write_bytes(records.tobytes() + b"rest")
        self.assertEqual(len(demo.images_in(self.folder)), 5)
        self.assertEqual(demo.images_in(self.folder / "none").shape, (0, 3073))
        found = demo.samples(demo.images_in(self.folder), ("zero", "one", "two", "three"))
        self.assertEqual({name: image[0, 0, 0] for name, image in found.items()}, {"zero": 1, "one": 3, "two": 0})
        self.assertEqual(found["two"][1, 2, 1], 77)

    def test_how_many_images_there_is_time_for(self):
        _, benched = recorded()  # an image takes 4.1 ms in all settings together
        self.assertEqual(demo.affordable(benched, 2), int(demo.SECONDS / 0.0041 * 2) // 100 * 100)
        for b in benched["results"]:
            b["least_ms"] = 10**6
        self.assertEqual(demo.affordable(benched, 2), 100)

    def test_failures(self):
        weights = self.weights(network="resnet20_cifar")
        usual = ("--weights", weights, "--output", self.folder / "out")
        for failing in ("nets", "bench", "evaluate"):
            run = self.run_demo(*usual, "--data", self.folder, "--program", self.program(failing))
            self.assertEqual(run.returncode, 4, run.stderr)
            self.assertRegex(run.stderr, f"sluice: no\ndemo: sluice {failing} failed")
        self.assertFalse((self.folder / "out/demo.png").exists())
        for code, words, arguments in ((2, "--images: expected", ("--images", 0)),
                                       (3, "nowhere", ("--weights", "nowhere")),
                                       (2, "not allowed", ("--data", 1, "--download")),
                                       (3, "--data: nowhere", ("--data", "nowhere")),
                                       (1, "no_program", ("--data", ROOT, "--program", "no_program"))):
            run = self.run_demo(*usual, *arguments)
            self.assertEqual(run.returncode, code, run.stderr)
            self.assertIn(words, run.stderr)
            self.assertNotIn("Traceback", run.stderr)

    def test_print_network(self):
        run = self.run_demo("--weights", self.weights(network="resnet20_cifar"), "--print-network")
        self.assertEqual((run.returncode, run.stdout), (0, "resnet20_cifar\n"))


class Download(TemporaryFolder):
    @contextlib.contextmanager
    def served(self, content, length=None):
        """The address of a server that answers every request with content, and says that it has length bytes."""
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if content is not None else 404)
                if length is not None:
                    self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/cifar.tar.gz"
            finally:
                server.shutdown()

    def archive(self, members=None, kind="w:gz"):
        """Bytes of an archive; the members are (tarfile.TarInfo or name, content) pairs."""
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode=kind) as tar:
            for member, content in members or [(f"{download.INSIDE}/{n}", n.encode()) for n in NAMES]:
                info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return raw.getvalue()

    def fetch(self, content, length=None, md5=None):
        with self.served(content, length) as url, contextlib.redirect_stderr(io.StringIO()):
            download.fetch(self.folder / "demo/cifar10", NAMES, url, md5 or hashlib.md5(content or b"").hexdigest())

    def nothing_is_left(self):
        self.assertEqual(list((self.folder / "demo").iterdir()), [])

    def test_all_is_well(self):
        raw = self.archive()
        self.fetch(raw, len(raw))
        self.assertEqual([p.name for p in (self.folder / "demo").iterdir()], ["cifar10"])
        self.assertEqual({p.name: p.read_bytes() for p in (self.folder / "demo/cifar10").iterdir()},
                         {n: n.encode() for n in NAMES})
        download.fetch(self.folder / "demo/cifar10", NAMES, "http://127.0.0.1:0/nobody", "")  # it is there
        (self.folder / "demo/cifar10/data_batch_3.bin").unlink()
        self.fetch(raw)  # whose length is not known
        self.assertEqual(len(list((self.folder / "demo/cifar10").iterdir())), 6)

    def test_another_file(self):
        self.fails(4, "expected an archive with the MD5 sum c32a1d4a.*, found [0-9a-f]{32} of 5 bytes", self.fetch,
                   b"hello", 5, download.MD5)
        self.nothing_is_left()

    def test_a_connection_that_breaks_off(self):
        raw = self.archive()
        self.fails(3, f"broke off after {len(raw) - 100} of {len(raw)} bytes|cannot be fetched", self.fetch, raw[:-100],
                   len(raw))
        self.nothing_is_left()

    def test_a_truncated_archive(self):
        for raw in (self.archive()[:-60], self.archive(kind="w")[:3000], b"", b"\x1f\x8b no gzip"):
            self.fails(4, "cannot be unpacked|lacks", self.fetch, raw)
            self.nothing_is_left()

    def test_an_archive_that_lacks_a_file(self):
        members = [(f"{download.INSIDE}/{n}", b"x") for n in NAMES[:-1]] + [("test_batch.bin", b"x")]
        self.fails(4, f"lacks {download.INSIDE}/test_batch.bin$", self.fetch, self.archive(members))
        self.nothing_is_left()

    def test_no_server(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # and does not listen
            self.fails(3, r"cannot be fetched \(.*refused.*\)", download.fetch, self.folder / "demo/cifar10", NAMES,
                       f"http://127.0.0.1:{taken.getsockname()[1]}/x")
        self.nothing_is_left()
        self.fails(3, "cannot be fetched", self.fetch, None)  # 404
        self.nothing_is_left()

    def test_members_do_not_escape(self):
        inside = f"{download.INSIDE}/test_batch.bin"
        link, hard, device, folder = (tarfile.TarInfo(inside) for _ in range(4))
        link.type, link.linkname = tarfile.SYMTYPE, "../../../victim"
        hard.type, hard.linkname = tarfile.LNKTYPE, f"{download.INSIDE}/../../../victim"
        device.type, folder.type = tarfile.CHRTYPE, tarfile.DIRTYPE
        (self.folder / "victim").write_bytes(b"unharmed")
        outside = [(name, b"escaped") for name in (
            "../escaped", "../../escaped", str(self.folder / "escaped"), f"{download.INSIDE}/../../escaped",
            f"{download.INSIDE}/../test_batch.bin", f"{download.INSIDE}/data_batch_6.bin", "test_batch.bin")]
        for bad in (link, hard, device, folder):
            members = [(f"{download.INSIDE}/{n}", b"good") for n in NAMES[:-1]] + [(bad, b""), *outside]
            self.fails(4, f"lacks {inside}$", self.fetch, self.archive(members))
            self.nothing_is_left()
            self.fetch(self.archive(members + [(inside, b"good")]))
            cifar = self.folder / "demo/cifar10"
            self.assertEqual({p.name: p.read_bytes() for p in cifar.iterdir()}, {n: b"good" for n in NAMES})
            self.assertFalse(any(p.is_symlink() for p in cifar.iterdir()))
            self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["demo", "victim"])
            self.assertEqual((self.folder / "victim").read_bytes(), b"unharmed")
            for p in cifar.iterdir():
                p.unlink()
            cifar.rmdir()


if __name__ == "__main__":
    unittest.main()
