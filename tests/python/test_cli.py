#!/usr/bin/env python3
"""Tests of the sluice command: numbers, output formats, messages and exit codes.

    python3 tests/python/test_cli.py

SLUICE_PROGRAM names the program (default: the newest build/*/sluice); without one nothing is tested and the exit code
is 77. SLUICE_DATA names a folder with checkpoints/ and cifar10/: then ResNet-20 is converted and evaluated too.
"""
import json
import lzma
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
except ModuleNotFoundError:
    print("skipped: no NumPy for this Python", file=sys.stderr)
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = os.environ.get("SLUICE_DATA")
NAMES = ("resnet18 resnet34 resnet50 resnet101 resnet152 resnet152_cifar resnet152_at32 "
         "resnet20_cifar resnet32_cifar resnet44_cifar resnet56_cifar resnet110_cifar "
         "resnet20_cifar_b resnet32_cifar_b resnet44_cifar_b resnet56_cifar_b resnet110_cifar_b").split()
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def find_program():
    if os.environ.get("SLUICE_PROGRAM"):
        return pathlib.Path(os.environ["SLUICE_PROGRAM"]).resolve()
    built = sorted(ROOT.glob("build/*/sluice"), key=lambda p: p.stat().st_mtime)
    return built[-1] if built else None


PROGRAM = find_program()


def sluice(*arguments, **options):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=600, **options)


def safetensors(tensors, metadata):
    """The bytes of a safetensors file with float32 tensors."""
    header, data = {"__metadata__": metadata}, b""
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64)
    return struct.pack("<Q", len(text)) + text + data


def metadata(network="resnet20_cifar", **more):
    texts = {k: " ".join(map(str, v)) for k, v in (("mean", MEAN), ("std", STD))}
    return {"format": "sluice", "format_version": "1", "network": network, "input": "3x32x32", **texts, **more}


def see_through(layers):
    """Weights with which resnet20_cifar answers with the mean of each colour over every fourth pixel, clipped at zero.

    The first convolution copies the colours, every block adds nothing, and option A's shortcuts move channel c to
    channel c + 8 + 16. So NumPy can say what must come out, and a mistake in pixel order or normalisation shows.
    """
    tensors = {}
    for l in (l for l in layers if l["op"] in ("conv", "linear")):
        K, C = l["output"][0], l["input"][0]
        w = np.zeros((K, C, l["window"]["R"], l["window"]["S"]), np.float32)
        b = np.zeros(K, np.float32)
        if l["name"] == "conv1":
            w[range(3), range(3), 1, 1] = 1
        if l["op"] == "linear":
            w = w[:, :, 0, 0]
            w[range(3), range(24, 27)] = (1, 2, 3)
            b[:] = np.arange(10) / 100
        tensors[f"{l['name']}.weight"], tensors[f"{l['name']}.bias"] = w, b
    return tensors


def seen(planes):
    """What see_through() gives for images [N][3][32][32] of bytes."""
    x = (planes.astype(np.float32) / np.float32(255) - np.float32(MEAN)[:, None, None]) / np.float32(STD)[:, None, None]
    logits = np.tile(np.arange(10, dtype=np.float32) / 100, (len(planes), 1))
    logits[:, :3] += np.maximum(x, 0)[:, :, ::4, ::4].mean((2, 3)) * np.float32([1, 2, 3])
    return logits


class Nets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nets = {n["name"]: n for n in json.loads(sluice("nets", "--json").stdout)}

    def test_every_network_in_the_order_of_the_list(self):
        self.assertEqual([n for n in self.nets if n in NAMES], NAMES)
        header = (ROOT / "include/sluice/nets/networks.hpp").read_text()
        self.assertEqual(len(self.nets), len(re.findall(r"\w+<\w*>\s*[,>]", header.split("using networks")[1])))

    def test_keys(self):
        for n in self.nets.values():
            self.assertLessEqual({"name", "input", "classes", "parameters", "macs", "blocks", "gates", "weight_bytes",
                                  "activation_bytes", "workspace_bytes", "setting_bytes"}, set(n))
            self.assertGreaterEqual(n["weight_bytes"], 4 * (n["parameters"] - 2 * n["parameters"] // 100))
            self.assertEqual(n["gates"], sum(n["blocks"]) - len(n["blocks"]))
            if n["gates"] == 0:
                self.assertNotIn("proportional", n)
                continue
            self.assertEqual([p["label"] for p in n["proportional"]], [100, 90, 80, 70, 50, 30, 10])
            self.assertEqual(n["proportional"][0]["parameters"], n["parameters"])

    def test_parameters_are_torchvisions(self):
        for name, parameters in (("resnet18", 11689512), ("resnet34", 21797672), ("resnet50", 25557032),
                                 ("resnet101", 44549160), ("resnet152", 60192808), ("resnet152_cifar", 58156618),
                                 ("resnet152_at32", 58164298), ("resnet20_cifar", 269722), ("resnet56_cifar", 853018)):
            self.assertEqual(self.nets[name]["parameters"], parameters, name)

    def test_table1(self):
        rows = {100: (58156618, [3, 8, 36, 3]), 90: (54805066, [3, 8, 33, 3]), 80: (50056266, [3, 7, 29, 3]),
                70: (46424650, [3, 6, 26, 3]), 50: (29042506, [2, 4, 15, 2]), 30: (17246282, [1, 2, 9, 1]),
                10: (9145930, [1, 1, 2, 1])}
        table = self.nets["resnet152_cifar"]["table1"]
        self.assertEqual({r["label"]: (r["parameters"], r["kept"]) for r in table}, rows)
        self.assertEqual([n for n in self.nets if "table1" in self.nets[n]], ["resnet152_cifar"])

    def test_proportional_is_the_ceiling(self):
        for n in self.nets.values():
            for p in n.get("proportional", []):
                self.assertEqual(p["kept"], [max(1, -(-p["label"] * b // 100)) for b in n["blocks"]])

    def test_layers_sum_up(self):
        for n in json.loads(sluice("nets", "--layers", "--json", "--net", "resnet18,resnet20_cifar_b").stdout):
            self.assertEqual(sum(l["parameters"] for l in n["layers"]), n["parameters"])
            self.assertEqual(sum(l["macs"] for l in n["layers"]), n["macs"])
            for l in n["layers"]:
                self.assertEqual(bool(l["primitive"]), l["op"] in ("conv", "linear"), l)

    def test_readable(self):
        for arguments in (["nets"], ["nets", "--layers", "--net", "resnet18"]):
            run = sluice(*arguments)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.assertIn("11689512", run.stdout)


class WithFiles(unittest.TestCase):
    """Weights and a few images, made up."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        layers = json.loads(sluice("nets", "--layers", "--json", "--net", "resnet20_cifar").stdout)[0]["layers"]
        cls.tensors = see_through(layers)
        cls.weights = cls.write("r20.safetensors", safetensors(cls.tensors, metadata()))
        rng = np.random.default_rng(1)
        cls.planes = rng.integers(0, 256, (50, 3, 32, 32), np.uint8)
        cls.planes[np.arange(50), rng.integers(0, 3, 50)] //= 2  # so that answers differ
        cls.labels = rng.integers(0, 3, 50).astype(np.uint8)
        cls.records = b"".join(bytes([l]) + p.tobytes() for l, p in zip(cls.labels, cls.planes))
        cls.data = cls.write("images.bin", cls.records)

    @classmethod
    def write(cls, name, content):
        path = cls.folder / name
        path.write_bytes(content)
        return path

    def evaluate(self, *arguments, weights=None, data=None, net="resnet20_cifar"):
        return sluice("evaluate", "--net", net, "--weights", weights or self.weights, "--data", data or self.data,
                      *arguments)

    def answers(self, *arguments, **files):
        run = self.evaluate(*arguments, "--json", **files)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def refused(self, code, run, *said):
        """The exit code, nothing on stdout, and one line on stderr with all these words."""
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertEqual(run.stdout, "")
        self.assertTrue(run.stderr.startswith("sluice: "), run.stderr)
        for words in said:
            self.assertIn(words, run.stderr)


class Evaluate(WithFiles):
    def test_logits_predictions_and_accuracy(self):
        logits, predictions = self.folder / "l.npy", self.folder / "p.txt"
        expected = seen(self.planes)
        for threads in (1, 3, 64):
            [a] = self.answers("--logits", logits, "--predictions", predictions, "--threads", threads)
            got = np.load(logits)
            self.assertEqual((got.dtype, got.shape), (np.float32, (50, 10)))
            np.testing.assert_allclose(got, expected, atol=1e-5)
            self.assertTrue((np.loadtxt(predictions, int) == got.argmax(1)).all())
            self.assertAlmostEqual(a["top1"], 100 * (expected.argmax(1) == self.labels).mean())
            self.assertGreater(len(set(got.argmax(1))), 1)
            self.assertEqual((a["keep"], a["kept"], a["parameters"], a["images"]), ("1", [3, 3, 3], 269722, 50))
            self.assertGreater(a["ms_per_frame"], 0)

    def test_masks_in_order(self):
        predictions = self.folder / "p.txt"
        found = self.answers("--keep", "1.0,0.34", "--keep=0.33", "--groups", "0:2,2:1", "--tuple", "3,2,1", "--tuple",
                             "1,1,1", "--mask", "101010", "--predictions", predictions)
        self.assertEqual([(a["option"], a["keep"], a["kept"], a["mask"]) for a in found],
                         [("keep", "1.0", [3, 3, 3], "111111"), ("keep", "0.34", [2, 2, 2], "101010"),
                          ("keep", "0.33", [1, 1, 1], "000000"), ("groups", "0:2,2:1", [2, 3, 1], "101100"),
                          ("tuple", "3,2,1", [3, 2, 1], "111000"), ("tuple", "1,1,1", [1, 1, 1], "000000"),
                          ("mask", "101010", [2, 2, 2], "101010")])
        self.assertEqual(np.loadtxt(predictions, int).shape, (50, 7))

    def test_limit_and_subsets(self):
        right = seen(self.planes).argmax(1) == self.labels
        [a] = self.answers("--limit", 20, "--subsets", "1,10,30")
        self.assertEqual(a["images"], 20)
        self.assertAlmostEqual(a["top1"], 100 * right[:20].mean())
        self.assertEqual(a["subsets"], [{"images": 1, "top1": 100 * right[:1].mean()},
                                        {"images": 10, "top1": 100 * right[:10].mean()}, {"images": 30, "top1": None}])
        run = self.evaluate("--limit", 51, "--json")
        self.assertEqual((run.returncode, json.loads(run.stdout)[0]["images"]), (0, 50))
        self.assertIn("50 images", run.stderr)

    def test_packed_data_and_directories(self):
        expected = self.answers()[0]["top1"]
        folder = self.folder / "test"
        folder.mkdir()
        self.refused(3, self.evaluate(data=folder), "neither test_batch.bin nor")
        for name in ("test_batch.bin.xz", "x.xz", "without_ending"):
            packed = self.write(f"test/{name}", lzma.compress(self.records))
            self.assertEqual(self.answers(data=packed)[0]["top1"], expected)
        self.assertEqual(self.answers(data=folder)[0]["top1"], expected)

    def test_bad_data(self):
        self.refused(3, self.evaluate(data=self.folder / "none.bin"), "none.bin", "no such file")
        self.refused(3, self.evaluate(data=self.write("empty.bin", b"")), "empty")
        cut = self.write("cut.bin", self.records[:-1])
        self.refused(4, self.evaluate(data=cut), "cut.bin", "3073", "found 49 of them and 3072")
        label = self.write("label.bin", self.records[:3073] + b"\x0a" + self.records[3074:])
        self.refused(4, self.evaluate(data=label), "record 1", "label from 0 to 9", "found 10")
        packed = lzma.compress(self.records)
        self.refused(4, self.evaluate(data=self.write("cut.xz", packed[:-20])), "cut.xz", "cut short")
        damaged = packed[:1000] + bytes(50) + packed[1050:]
        self.refused(4, self.evaluate(data=self.write("damaged.xz", damaged)), "damaged.xz", "damaged")
        self.refused(4, self.evaluate(data=self.write("plain.xz", self.records)), "plain.xz", "not an .xz file")

    def test_bad_masks(self):
        for ratio in ("1.5", "-0.1", "nan", "1,,0.5", "", "0x1"):
            self.refused(2, self.evaluate(f"--keep={ratio}"), "--keep")
        for blocks in ("3,3", "3,3,3,3", "0,3,3", "4,3,3", "3,3,x", "3,3,99999999999"):
            self.refused(2, self.evaluate("--tuple", blocks), "--tuple")
        for groups in ("3:1", "0:9", "0", "0:1:2", "x:1", "-1:1"):
            self.refused(2, self.evaluate(f"--groups={groups}"), "--groups")
        self.refused(2, self.evaluate("--mask", "11211"), "'2'", "position 2")
        self.refused(2, self.evaluate("--mask", "11111"), "expected 6 digits", "found 5")

    def test_bad_options(self):
        for threads in ("0", "-1", "257", "two"):
            self.refused(2, self.evaluate("--threads", threads), "--threads")
        for limit in ("0", "-5", "many"):
            self.refused(2, self.evaluate("--limit", limit), "--limit")
        self.refused(2, self.evaluate("--subsets", "10,0"), "--subsets", "at least 1")
        self.refused(2, self.evaluate(net="resnet20"), "'resnet20'", "Did you mean resnet20_cifar?", "resnet152_at32")
        self.refused(2, self.evaluate(net="resnet65_cifar"), "Did you mean")
        self.refused(2, self.evaluate(net="mobilenet"), "networks are resnet18")
        self.refused(2, self.evaluate(net="resnet18"), "3x32x32", "3x224x224")
        self.refused(1, self.evaluate("--predictions", self.folder / "none" / "p.txt"), "--predictions", "cannot write")
        self.refused(1, self.evaluate("--logits", self.folder), "--logits", "cannot write")

    def test_bad_weights(self):
        def bad(name, content, *said, code=4):
            self.refused(code, self.evaluate(weights=self.write(name, content)), name, *said)

        whole = self.weights.read_bytes()
        self.refused(3, self.evaluate(weights=self.folder / "none"), "no such file")
        self.refused(3, self.evaluate(weights=self.folder), "directory")
        bad("cut", whole[:-1], "only")
        bad("short", whole[:100], "cut short")
        bad("text", b"not a weights file", "not a safetensors file")
        bad("other", safetensors(self.tensors, metadata("resnet32_cifar")), "'resnet32_cifar'", "'resnet20_cifar'")
        bad("foreign", safetensors(self.tensors, {}), "convert")
        for key in ("mean", "std"):
            bad("without", safetensors(self.tensors, {k: v for k, v in metadata().items() if k != key}), f"'{key}'",
                "no such key")
            for value in ("0.5 0.5", "0.5,0.5,0.5", "nan 1 1", "1 1 x"):
                bad("odd", safetensors(self.tensors, metadata(**{key: value})), f"'{key}'", value)
        bad("zero", safetensors(self.tensors, metadata(std="0 1 1")), "'std'", "above 0")
        tensors = dict(self.tensors)
        del tensors["linear.bias"]
        bad("missing", safetensors(tensors, metadata()), "linear.bias")

    def test_gate_settings(self):
        """A mask with statistics of its own uses them; one without is refused unless asked for."""
        tensors = dict(self.tensors)
        for name in [n[:-7] for n in self.tensors if n.endswith(".weight") and not n.startswith("linear")]:
            K = self.tensors[f"{name}.bias"].shape
            tensors[f"settings.small.{name}.scale"] = np.full(K, 2 if name == "conv1" else 1, np.float32)
            tensors[f"settings.small.{name}.bias"] = np.zeros(K, np.float32)
        weights = self.write("settings", safetensors(tensors, metadata(settings="small=000000")))
        logits = self.folder / "l.npy"
        self.answers("--tuple", "1,1,1", "--logits", logits, weights=weights)
        bias = np.arange(10) / 100
        np.testing.assert_allclose(np.load(logits), (seen(self.planes) - bias) * 2 + bias, atol=2e-5)
        self.answers("--logits", logits, weights=weights)
        np.testing.assert_allclose(np.load(logits), seen(self.planes), atol=1e-5)
        self.refused(2, self.evaluate("--tuple", "2,2,2", weights=weights), "--tuple 2,2,2", "none for this mask")
        self.answers("--tuple", "2,2,2", "--default-statistics", weights=weights)


class Verify(WithFiles):
    def verify(self, weights, *arguments):
        return sluice("verify", "--net", "resnet20_cifar", "--weights", weights, *arguments)

    def with_self_test(self, name, logits):
        return self.write(name, safetensors({**self.tensors, "selftest.logits": np.float32(logits)},
                                            metadata(selftest_seed="1")))

    def test_without_a_self_test(self):
        run = self.verify(self.weights, "--json")
        self.assertEqual(run.returncode, 0, run.stderr)
        report = json.loads(run.stdout)
        self.assertEqual((report["self_test"], report["relative"]), (False, None))
        self.assertIn("no self-test", self.verify(self.weights).stdout)

    def test_a_wrong_answer(self):
        weights = self.with_self_test("wrong", np.arange(10))
        for arguments in ([], ["--json"]):
            run = self.verify(weights, *arguments)
            self.assertEqual(run.returncode, 6)
            self.assertIn("self-test failed", run.stderr)
        report = json.loads(run.stdout)
        self.assertEqual(report["largest_logit"], 9)
        self.assertGreater(report["relative"], 1e-4)
        self.refused(6, self.evaluate(weights=weights), "self-test failed")

    def test_a_right_answer(self):
        # The self-test image is made by the generator that is tested elsewhere: here its answer is read from a failure.
        def mix(z):
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            return z ^ (z >> np.uint64(31))

        with np.errstate(over="ignore"):
            key = np.uint64(0xCBF29CE484222325)
            for c in b"input":
                key = (key ^ np.uint64(c)) * np.uint64(0x100000001B3)
            key ^= mix(np.array([1], np.uint64))[0]
            bits = mix(np.arange(1, 3073, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + key) >> np.uint64(40)
        image = (np.float64(np.float32(1.7320508)) * (bits * 2.0**-23 - 1)).astype(np.float32).reshape(3, 32, 32)
        logits = np.arange(10, dtype=np.float32) / 100
        logits[:3] += np.maximum(image, 0)[:, ::4, ::4].mean((1, 2)) * np.float32([1, 2, 3])
        run = self.verify(self.with_self_test("right", logits), "--json")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertLess(json.loads(run.stdout)["relative"], 1e-5)

    def test_bad_files(self):
        self.refused(3, self.verify(self.folder / "none"), "no such file")
        self.refused(4, sluice("verify", "--net", "resnet18", "--weights", self.weights), "'resnet20_cifar'")


class Dump(WithFiles):
    def dump(self, *arguments):
        """({layer: [C,H,W]}, metadata) of the file that is written."""
        out = self.folder / "dump.safetensors"
        run = sluice("dump", "--net", "resnet20_cifar", "--weights", self.weights, "--output", out, *arguments)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        raw = out.read_bytes()
        size, = struct.unpack("<Q", raw[:8])
        header, data = json.loads(raw[8:8 + size]), raw[8 + size:]
        self.assertEqual(size % 64, 56)
        metadata = header.pop("__metadata__")
        return {name: np.frombuffer(data[slice(*t["data_offsets"])], "<f4").reshape(t["shape"])
                for name, t in header.items()}, metadata

    def test_what_the_layers_yield(self):
        """The weights that see through: colours in channels 0 to 2, after each shortcut 8 and 16 channels further."""
        image, file = np.random.default_rng(2).normal(size=(3, 32, 32)).astype(np.float32), self.folder / "i.npy"
        np.save(file, image)
        layers = json.loads(sluice("nets", "--layers", "--json", "--net", "resnet20_cifar").stdout)[0]["layers"]
        for arguments in ([], ["--reference"]):
            maps, metadata = self.dump("--image", file, *arguments)
            self.assertEqual(metadata, {"network": "resnet20_cifar", "mask": "111111"})
            self.assertEqual([(n, list(m.shape)) for n, m in maps.items()], [(l["name"], l["output"]) for l in layers])
            np.testing.assert_array_equal(maps["input"], image)
            colours = np.maximum(image, 0)
            for name, at, stride in (("conv1", 0, 1), ("layer1.2.conv2", 0, 1), ("layer2.0.shortcut", 8, 2),
                                     ("layer2.2.conv2", 8, 2), ("layer3.0.conv2", 24, 4)):
                np.testing.assert_array_equal(maps[name][at:at + 3], colours[:, ::stride, ::stride], name)
                self.assertFalse(np.delete(maps[name], range(at, at + 3), 0).any())
            self.assertFalse(maps["layer2.1.conv1"].any())
            np.testing.assert_allclose(maps["avgpool"][24:27].ravel(), colours[:, ::4, ::4].mean((1, 2)), rtol=1e-6)
            self.assertEqual(maps["linear"].shape, (10, 1, 1))

    def test_skipped_blocks_and_seeds(self):
        maps, metadata = self.dump("--mask", "101111", "--seed", 2)
        self.assertEqual(metadata["mask"], "101111")
        self.assertEqual([n for n in maps if n.startswith("layer1.")],
                         [f"layer1.{i}.conv{c}" for i in (0, 1) for c in (1, 2)])
        self.assertFalse((maps["input"] == self.dump()[0]["input"]).any())

    def test_refused(self):
        def refused(code, *said, output=self.folder / "x", weights=self.weights, more=()):
            self.refused(code, sluice("dump", "--net", "resnet20_cifar", "--weights", weights, "--output", output,
                                      *more), *said)

        refused(2, "expected one mask, found 2", more=["--keep", "1,0.5"])
        refused(2, "--image", "--seed", more=["--image", "x", "--seed", "1"])
        refused(2, "--seed", more=["--seed=-1"])
        refused(2, "is the file of --weights", output=self.weights)
        refused(1, "cannot write", output=self.folder)
        refused(3, "no such file", weights=self.folder / "none")
        refused(3, "--image", "no such file", more=["--image", self.folder / "none.npy"])
        image = np.zeros((3, 32, 32), np.float32)
        broken = image.copy()
        broken[2, 0, 1] = np.nan
        for array, said in ((image.astype(float), "'descr':'<f8'"), (image[:, 1:], "'shape':(3,31,32)"),
                            (np.asfortranarray(image), "'fortran_order':True"), (broken, "element 2049 is not a finite")):
            np.save(self.folder / "bad.npy", array)
            refused(4, "bad.npy", said, more=["--image", self.folder / "bad.npy"])
        refused(4, "version 1.0", more=["--image", self.weights])
        np.save(self.folder / "bad.npy", image)
        for cut in (9, 100, 1000):
            self.write("cut.npy", (self.folder / "bad.npy").read_bytes()[:cut])
            refused(4, "cut.npy", more=["--image", self.folder / "cut.npy"])


class Bench(WithFiles):
    def test_line(self):
        for arguments in ([], ["--threads", "2"], ["--keep", "0.5"], ["--weights", self.weights],
                          ["--plan", "fast", "--threads", "2"]):
            run = sluice("bench", "--net", "resnet20_cifar", "--line", *arguments)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertRegex(run.stdout, r"^resnet20_cifar \d+\.\d+\n$")

    def test_json(self):
        run = sluice("bench", "--net", "resnet20_cifar,resnet20_cifar_b", "--net", "resnet20_cifar", "--layers", "--json",
                     "--keep", "1,0.5")
        self.assertEqual(run.returncode, 0, run.stderr)
        report = json.loads(run.stdout)
        self.assertLessEqual({"cpu", "isa", "compiler", "threads", "fma_peak_gflops", "dram_gbytes_per_s"},
                             set(report["machine"]))
        self.assertEqual([(r["network"], r["kept"]) for r in report["results"]],
                         [(n, k) for n in ("resnet20_cifar", "resnet20_cifar_b") for k in ([3, 3, 3], [2, 2, 2])])
        for r in report["results"]:
            self.assertLessEqual(r["least_ms"], r["median_ms"])
            self.assertGreaterEqual(r["frames"], 5)
            self.assertLess(r["relative_difference"], 1e-4)
            self.assertAlmostEqual(r["gflops"], 2e-6 * r["macs"] / r["least_ms"], places=6)
        most = max(r["weight_bytes"] + r["activation_bytes"] for r in report["results"])
        self.assertTrue(most < report["peak_resident_bytes"] < most + 2**26, report["peak_resident_bytes"])
        whole, half = (len(r["layers"]) for r in report["results"][:2])
        self.assertEqual(whole - half, 6)  # three blocks of two layers did not run

    def test_plan(self):
        default, fast = (json.loads(sluice("bench", "--net", "resnet20_cifar", "--layers", "--plan", plan, "--json").stdout)
                         ["results"][0] for plan in ("default", "fast"))
        self.assertEqual([default["plan"], fast["plan"]], ["default", "fast"])
        listed = json.loads(sluice("nets", "--net", "resnet20_cifar", "--layers", "--json").stdout)[0]
        self.assertEqual([l["primitive"] for l in default["layers"]], [l["primitive"] for l in listed["layers"]])
        self.assertEqual(default["weight_bytes"], listed["weight_bytes"])
        # The default plan's weights are bounded. The bound is loose by the vectors of scale and bias and the values of pixels.
        weights = 4 * sum(l["parameters"] for l in listed["layers"])
        self.assertLess(default["weight_bytes"], 1.5 * weights + 3 * 256 * 4)
        self.assertGreater(fast["weight_bytes"], default["weight_bytes"])
        self.assertNotEqual(*([l["primitive"] for l in plan["layers"]] for plan in (default, fast)))

    def test_roofline(self):
        report = json.loads(sluice("bench", "--net", "resnet20_cifar", "--layers", "--threads", 2, "--json").stdout)
        listed = json.loads(sluice("nets", "--net", "resnet20_cifar", "--layers", "--json").stdout)[0]["layers"]
        flops, speed = (1e9 * report["machine"][k] for k in ("fma_peak_gflops", "dram_gbytes_per_s"))
        [result] = report["results"]
        for l, n in zip(result["layers"], listed, strict=True):
            read, written = np.prod(n["input"]), np.prod(n["output"])
            window = n["window"]["R"] * n["window"]["S"]
            weights = n["output"][0] * n["input"][0] * window if l["primitive"] else 0
            shortcut = written if re.match(r"layer\d\.\d\.conv2", n["name"]) else 0
            self.assertEqual((l["name"], l["bytes"]), (n["name"], 4 * (read + written + weights + shortcut)))
            flop = 2 * n["macs"]
            self.assertAlmostEqual(l["flop_per_byte"], flop / l["bytes"])
            self.assertAlmostEqual(l["percent_of_roofline"] / (100 * max(flop / flops, l["bytes"] / speed) /
                                                               (1e-6 * l["us"])), 1)
            if flop:
                self.assertAlmostEqual(l["percent_of_roofline"] /
                                       (1e11 * l["gflops"] / min(flops, l["flop_per_byte"] * speed)), 1)
        without = json.loads(sluice("bench", "--net", "resnet20_cifar", "--json").stdout)
        self.assertIsNone(without["machine"]["dram_gbytes_per_s"])

    def test_readable(self):
        run = sluice("bench", "--net", "resnet20_cifar", "--layers", "--threads", 2)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"FMA peak \d+\.\d GFLOP/s, memory \d+\.\d GB/s reading \d+ MiB\n")
        self.assertIn("% of roofline", run.stdout)
        self.assertIn("layer3.2.conv2", run.stdout)

    def test_refused(self):
        self.refused(2, sluice("bench"), "--net")
        self.refused(2, sluice("bench", "--net", "resnet18,nope"), "'nope'")
        self.refused(2, sluice("bench", "--net", "resnet18", "--threads", 0), "--threads")
        self.refused(2, sluice("bench", "--net", "resnet18", "--plan", "slow"), "'slow'")
        self.refused(2, sluice("bench", "--net", "resnet18", "--line", "--json"), "--line")
        self.refused(2, sluice("bench", "--net", "resnet20_cifar", "--line", "--keep", "1,0.5"), "one mask")
        self.refused(2, sluice("bench", "--net", "all", "--weights", self.weights), "--weights")
        self.refused(4, sluice("bench", "--net", "resnet18", "--weights", self.weights), "'resnet20_cifar'")

    def test_a_wrong_answer_is_not_timed(self):
        tensors = {**self.tensors, "conv1.bias": np.full(16, np.nan, np.float32)}
        weights = self.write("nan", safetensors(tensors, metadata()))
        self.refused(6, sluice("bench", "--net", "resnet20_cifar", "--line", "--weights", weights), "no time is reported")


class Program(unittest.TestCase):
    def test_version_and_help(self):
        header = (ROOT / "include/sluice/version.hpp").read_text()
        version = ".".join(re.findall(r"define SLUICE_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
        self.assertEqual(sluice("--version").stdout, f"sluice {version}\n")
        commands = ("nets", "evaluate", "classify", "pixels", "profile-accuracy", "profile", "bench", "verify", "pack",
                    "dump", "doctor")
        for arguments in ([], *([command] for command in commands)):
            run = sluice(*arguments, "--help")
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.assertIn("--help", run.stdout)

    def test_usage(self):
        for arguments in ([], ["nope"], ["nets", "--nope"], ["nets", "nope"], ["verify"], ["nets", "--net"],
                          ["nets", "--net="], ["nets", "--net", ""]):
            run = sluice(*arguments)
            self.assertEqual((run.returncode, run.stdout), (2, ""), arguments)
            self.assertTrue(run.stderr.startswith("sluice: "), run.stderr)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            run = subprocess.run([PROGRAM, "nets", "--json"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("standard output", run.stderr)


class Doctor(unittest.TestCase):
    """On this machine, and on machines that are made up below --root."""

    CPU = "sys/devices/system/cpu/"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.root.chmod(0o755)  # for other users too

    def put(self, path, text=""):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def doctor(self, *arguments, root=None, data="", **options):
        """(the report, the same as text)"""
        environment = {**os.environ, "SLUICE_DATA": str(data)}
        runs = [sluice("doctor", "--root", root or self.root, *arguments, *more, env=environment, **options)
                for more in (["--json"], [])]
        self.assertEqual([(r.returncode, r.stderr) for r in runs], [(0, "")] * 2)
        return json.loads(runs[0].stdout), runs[1].stdout

    def test_this_machine(self):
        report, text = self.doctor(root="/")
        self.assertGreater(report["fma_peak_gflops"], 0)
        self.assertIn(report["compiled"]["isa"], ("scalar", "sse", "avx2", "avx512", "neon", "neon64"))
        self.assertRegex(text, r"FMA peak +\d+\.\d GFLOP/s")
        for subject in ("clocks", "energy", "gpu", "data"):
            self.assertIn(subject, report)

    def test_a_machine_that_tells_nothing(self):
        report, text = self.doctor()
        self.assertEqual((report["cpu"], report["clocks"], report["offered"]), ("unknown", None, []))
        self.assertEqual(report["threads"], {"online": None, "usable": None, "usable_cores": None, "smt": None})
        self.assertEqual((report["energy"], report["data"]), ([], None))
        self.assertEqual(report["gpu"], {"driver": None, "device": None, "library": None})
        self.assertEqual(set(report["missing"]), {"threads", "clocks", "energy", "gpu", "data"})
        for sentence in report["missing"].values():
            self.assertIn(f"missing: {sentence}\n", text)
        self.assertIn("unknown", text)

    def test_a_board(self):
        cpu = self.CPU + "cpu0/"
        self.put("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd evtstrm\nbroken line\n: none\n")
        self.put("proc/device-tree/model", "Some Board Rev 1.2\0")
        self.put(cpu + "cache/index0/level", "1\n")
        self.put(cpu + "cache/index0/type", "Data\n")
        self.put(cpu + "cache/index0/size", "32K\n")
        self.put(cpu + "cache/index1/level", "2\n")
        self.put(cpu + "cache/index1/size", "odd\n")
        self.put(cpu + "cpufreq/scaling_governor", "powersave\n")
        self.put(cpu + "cpufreq/scaling_cur_freq", "600000\n")
        report, text = self.doctor()
        self.assertEqual((report["cpu"], report["offered"]), ("Some Board Rev 1.2", ["asimd"]))
        self.assertEqual(report["caches"], [{"level": 1, "type": "Data", "bytes": 32768},
                                            {"level": 2, "type": "unknown", "bytes": None}])
        self.assertEqual(report["clocks"], {"policies": [{"cpus": None, "driver": None, "governor": "powersave",
                                                          "now_mhz": 600, "least_mhz": None, "most_mhz": None}],
                                            "devices": [], "pstate": None, "boost": None})
        self.assertIn("no switch for boost", report["missing"]["clocks"])
        self.assertTrue(any("cpupower" in line for line in report["advice"]))
        self.assertIn("advice     the governor", text)

    def test_threads(self):
        self.put("proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-2,6\n")
        self.put(self.CPU + "online", "0-7\n")
        self.put(self.CPU + "smt/control", "on\n")
        for cpu in range(8):
            self.put(f"{self.CPU}cpu{cpu}/topology/thread_siblings_list", f"{cpu % 4},{cpu % 4 + 4}\n")
        report, text = self.doctor()
        self.assertEqual(report["threads"], {"online": 8, "usable": 4, "usable_cores": 3, "smt": "on"})
        self.assertIn("4 CPUs are kept from this process", report["missing"]["threads"])
        self.assertTrue(any("--threads 3 " in line for line in report["advice"]))
        for odd in ("x", "3-", "-1", "0-99999999"):
            self.put("proc/self/status", f"Cpus_allowed_list:\t{odd}\n")
            self.assertIsNone(self.doctor()[0]["threads"]["usable"], odd)

    def test_clocks(self):
        for i, (cpus, governor) in enumerate((("0 1", "schedutil"), ("2 3", "powersave"))):
            at = f"{self.CPU}cpufreq/policy{i * 10}/"
            for name, value in (("affected_cpus", cpus), ("scaling_driver", "some-cpufreq"), ("scaling_governor", governor),
                                ("scaling_cur_freq", 1000000), ("scaling_min_freq", 500000), ("scaling_max_freq", 1500000)):
                self.put(at + name, f"{value}\n")
        clocks = self.doctor()[0]["clocks"]
        self.assertEqual([(p["cpus"], p["driver"], p["governor"], p["now_mhz"], p["least_mhz"], p["most_mhz"])
                          for p in clocks["policies"]],
                         [("0 1", "some-cpufreq", "schedutil", 1000, 500, 1500),
                          ("2 3", "some-cpufreq", "powersave", 1000, 500, 1500)])
        for files, pstate, boost in (({"cpufreq/boost": "0"}, None, False), ({"cpufreq/boost": "1"}, None, True),
                                     ({"amd_pstate/status": "guided"}, "guided", True),
                                     ({"intel_pstate/status": "active", "intel_pstate/no_turbo": "1"}, "active", False),
                                     ({"intel_pstate/no_turbo": "0"}, "active", True)):
            for name, value in files.items():
                self.put(self.CPU + name, value + "\n")
            report, text = self.doctor()
            self.assertEqual((report["clocks"]["pstate"], report["clocks"]["boost"]), (pstate, boost))
            self.assertNotIn("clocks", report["missing"])
            self.assertEqual(any("boost is off" in line for line in report["advice"]), not boost)
            self.assertIn(f"boost {'on' if boost else 'off'}", text)

    def test_clocks_of_devices(self):
        gpu = "sys/class/devfreq/17000000.gpu/"
        for name, value in (("governor", "nvhost_podgov"), ("cur_freq", 306000000), ("min_freq", 306000000),
                            ("max_freq", 624750000)):
            self.put(gpu + name, f"{value}\n")
        report, text = self.doctor()
        self.assertEqual(report["clocks"]["devices"], [{"kind": "devfreq", "name": "17000000.gpu",
                                                        "governor": "nvhost_podgov", "now_mhz": 306, "least_mhz": 306,
                                                        "most_mhz": 624.75}])
        self.assertIn("devfreq 17000000.gpu: governor nvhost_podgov of devfreq, now 306 of 306 to 625 MHz", text)

    def test_restore_clocks(self):
        self.put("run/other")
        run = sluice("doctor", "--root", self.root, "--restore-clocks")
        self.assertEqual((run.returncode, run.stdout), (0, "no clock was left set\n"))
        at = "/" + self.CPU + "cpufreq/policy0/"
        for name, value in (("scaling_governor", "schedutil"), ("scaling_min_freq", 900000), ("scaling_max_freq", 900000)):
            self.put(at[1:] + name, f"{value}\n")
        saved = self.put("run/sluice-clock.policy0", f"{at}scaling_min_freq\t500000\n{at}scaling_max_freq\t1500000\n")
        report, _ = self.doctor()
        self.assertTrue(any("policy0 is held" in line for line in report["advice"]))
        run = sluice("doctor", "--root", self.root, "--restore-clocks", "--json")
        self.assertEqual((run.returncode, json.loads(run.stdout)), (0, {"restored": ["policy0"]}))
        self.assertEqual([(self.root / (at[1:] + name)).read_text().strip() for name in ("scaling_min_freq", "scaling_max_freq")],
                         ["500000", "1500000"])
        self.assertFalse(saved.exists())
        self.put("run/sluice-clock.policy0", "nonsense\n")
        run = sluice("doctor", "--root", self.root, "--restore-clocks")
        self.assertEqual(run.returncode, 3)
        self.assertIn("policy0: expected lines of a file", run.stderr.replace("/run/sluice-clock.", ""))

    def test_energy_meters(self):
        rapl, hwmon, battery = "/sys/class/powercap/intel-rapl:0/", "/sys/class/hwmon/", "/sys/class/power_supply/"
        self.put(rapl[1:] + "name", "package-0\n")
        self.put(rapl[1:] + "energy_uj", "123\n").chmod(0)
        self.put("sys/class/powercap/intel-rapl/enabled", "1\n")  # no zone
        for name, value in (("name", "ina3221"), ("in1_label", "VDD_IN"), ("in1_input", 5000), ("curr1_input", 400),
                            ("in2_label", "VDD_CPU"), ("in2_input", 5000), ("in7_label", "sum of shunt voltages")):
            self.put(f"{hwmon[1:]}hwmon2/{name}", f"{value}\n")
        for name, value in (("name", "other"), ("power1_average", 7000000), ("temp1_input", 40000)):
            self.put(f"{hwmon[1:]}hwmon10/{name}", f"{value}\n")
        for name, value in (("type", "Battery"), ("status", "Discharging"), ("voltage_now", 12000000)):
            self.put(f"{battery[1:]}BAT0/{name}", f"{value}\n")
        self.put(f"{battery[1:]}AC/type", "Mains\n")
        # Root can read everything, so it lets nobody look.
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        try:
            report, text = self.doctor(**nobody)
        except PermissionError:
            self.skipTest("nobody cannot run the program where it lies")
        volts, amperes = f"{hwmon}hwmon2/in1_input", f"{hwmon}hwmon2/curr1_input"
        self.assertEqual([(m["kind"], m["what"], m["paths"], m["readable"], m["reason"]) for m in report["energy"]], [
            ("rapl", "package-0", [rapl + "energy_uj"], False, f"{rapl}energy_uj: this user may not read it"),
            ("hwmon", "ina3221 VDD_IN", [volts, amperes], True, None),
            ("hwmon", "other channel 1", [f"{hwmon}hwmon10/power1_average"], True, None),
            ("battery", "BAT0, Discharging", [f"{battery}BAT0/voltage_now", f"{battery}BAT0/current_now"], False,
             f"{battery}BAT0/current_now: there is no such file")])
        self.assertIn(f"hwmon ina3221 VDD_IN: {volts}, {amperes}\n", text)
        self.assertNotIn("energy", report["missing"])
        self.assertTrue(any(f"chmod a+r {rapl}energy_uj" in line for line in report["advice"]))
        (self.root / hwmon[1:]).rename(self.root / "gone")
        self.assertIn("can read none", self.doctor(**nobody)[0]["missing"]["energy"])

    def test_gpu(self):
        self.assertIn("no driver is loaded", self.doctor()[0]["missing"]["gpu"])
        self.put("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12\n")
        self.assertIn("no /dev/nvidia0", self.doctor()[0]["missing"]["gpu"])
        self.put("dev/nvidia0")
        self.assertIn("libcuda.so.1 is in none", self.doctor()[0]["missing"]["gpu"])
        self.put("usr/lib/aarch64-linux-gnu/libcuda.so.1")
        report, text = self.doctor()
        self.assertEqual(report["gpu"], {"driver": "535.183.01", "device": "/dev/nvidia0", "library": "libcuda.so.1"})
        self.assertNotIn("gpu", report["missing"])
        self.assertIn("NVIDIA's driver: 535.183.01, device: /dev/nvidia0, libcuda.so.1: loads", text)
        for said in ("NVRM version: Release 1", "\n", "\xff"):
            self.put("proc/driver/nvidia/version", said)
            self.assertIn(self.doctor()[0]["gpu"]["driver"], ("unknown", None), said)

    def test_the_library_is_really_loaded(self):
        libraries = {"LD_LIBRARY_PATH": str(self.root)}
        library = self.root / "libcuda.so.1"
        environment = {**os.environ, **libraries}

        def found():
            return json.loads(sluice("doctor", "--json", env=environment).stdout)["gpu"]["library"]

        library.write_text("no library")
        self.assertIsNone(found())
        library.unlink()
        built = subprocess.run(["cc", "-shared", "-o", library, "-x", "c", "/dev/null"], capture_output=True)
        if built.returncode != 0:
            self.skipTest("no C compiler")
        self.assertEqual(found(), "libcuda.so.1")

    def test_data(self):
        data = self.root / "data"
        self.assertIn("no folder was named", self.doctor()[0]["missing"]["data"])
        self.assertIn("no such folder", self.doctor("--data", data)[0]["missing"]["data"])
        for name in ("cifar10/data_batch_1.bin.xz", "cifar10/test_batch.bin", "checkpoints/b.th", "checkpoints/a.pth.xz",
                     "checkpoints/readme.txt"):
            self.put(f"data/{name}")
        for report, text in (self.doctor("--data", data), self.doctor(data=data), self.doctor("--data", data, data="/x")):
            self.assertEqual(report["data"], {"folder": str(data), "cifar10": ["data_batch_1.bin.xz", "test_batch.bin"],
                                              "checkpoints": ["a.pth.xz", "b.th"]})
            self.assertIn("cifar10/ lacks data_batch_2.bin, data_batch_3.bin,", report["missing"]["data"])
            self.assertNotIn("checkpoints/", report["missing"]["data"])
            self.assertIn("checkpoints: a.pth.xz b.th\n", text)
        for i in range(2, 6):
            self.put(f"data/cifar10/data_batch_{i}.bin")
        self.assertNotIn("data", self.doctor(data=data)[0]["missing"])
        for name in ("b.th", "a.pth.xz"):
            (data / "checkpoints" / name).unlink()
        self.assertIn("checkpoints/ has no .pth", self.doctor(data=data)[0]["missing"]["data"])


@unittest.skipUnless(DATA, "SLUICE_DATA is not set: no real checkpoint is evaluated")
class RealWeights(unittest.TestCase):
    def test_resnet20(self):
        checkpoint = pathlib.Path(DATA) / "checkpoints" / "akamaster_resnet20-12fca82f.th"
        with tempfile.TemporaryDirectory() as folder:
            weights = pathlib.Path(folder) / "r20.safetensors"
            made = subprocess.run([sys.executable, ROOT / "weights_tools" / "convert.py", "--net", "resnet20_cifar",
                                   "--checkpoint", checkpoint, "--output", weights, "--verify-with", PROGRAM],
                                  capture_output=True, text=True)
            if "ModuleNotFoundError" in made.stderr:
                self.skipTest(f"the converter does not run here: {made.stderr.splitlines()[-1]}")
            self.assertEqual(made.returncode, 0, made.stderr)
            run = sluice("evaluate", "--net", "resnet20_cifar", "--weights", weights, "--data",
                         pathlib.Path(DATA) / "cifar10", "--json", "--threads", os.cpu_count())
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(json.loads(run.stdout)[0]["top1"], 91.73)  # as published


if __name__ == "__main__":
    if PROGRAM is None or not PROGRAM.exists():
        print(f"skipped: no sluice program ({PROGRAM or 'build/*/sluice'}); build it or set SLUICE_PROGRAM",
              file=sys.stderr)
        sys.exit(77)
    unittest.main()
