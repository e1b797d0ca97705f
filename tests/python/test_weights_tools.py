#!/usr/bin/env python3
"""Tests of weights_tools/: generator, networks, folding, checkpoints, weight files and the converter.

    python3 tests/python/test_weights_tools.py

SLUICE_DATA names a folder that has checkpoints/ with real ones; without it the tests that read them are skipped.
"""
import contextlib
import copy
import io
import json
import lzma
import math
import os
import pathlib
import pickle
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

import numpy as np
import safetensors
import safetensors.numpy
import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "weights_tools"))

import convert  # noqa: E402  (found through the path above)
import make_golden  # noqa: E402
from sluice_weights import checkpoint, fold, format, generator, networks, resnet  # noqa: E402

GOLDEN = ROOT / "tests" / "golden"
DATA = os.environ.get("SLUICE_DATA")
torch.set_num_threads(2)


def setUpModule():
    if not DATA:
        print("SLUICE_DATA is not set: tests with real checkpoints are SKIPPED", file=sys.stderr)


class TemporaryFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Generator(unittest.TestCase):
    def test_pinned_values(self):
        with open(GOLDEN / "generator.json", encoding="utf-8") as file:
            pinned = json.load(file)
        self.assertEqual(pinned, make_golden.generator_cases())
        self.assertGreaterEqual(len(pinned), 12)

    def test_equals_the_definition_in_plain_integers(self):
        mask = 2**64 - 1

        def mix(z):
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
            z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
            return z ^ z >> 31

        for seed, name, index in [(0, "", 0), (1, "input", 5), (2**64 - 1, "fc.weight", 2**40), (9, "größe", 3)]:
            key = generator.fnv1a64(name) ^ mix(seed)
            expected = mix(key + (index + 1) * 0x9E3779B97F4A7C15 & mask) >> 40
            self.assertEqual(int(generator.bits(seed, name, index)[0]), expected)
            value = np.float32(0.5 + 0.25 * (expected / 2**23 - 1))
            self.assertEqual(generator.at(seed, name, index, 0.5, 0.25)[0], value)

    def test_fnv_of_published_vectors(self):
        self.assertEqual(generator.fnv1a64(""), 0xCBF29CE484222325)
        self.assertEqual(generator.fnv1a64("a"), 0xAF63DC4C8601EC8C)
        self.assertEqual(generator.fnv1a64("foobar"), 0x85944171F73967E8)

    def test_a_tensor_is_its_positions_in_order(self):
        whole = generator.values(3, "x", (4, 5, 6), 1.0, 0.5)
        self.assertEqual(whole.dtype, np.float32)
        self.assertEqual(whole[2, 3, 4], generator.at(3, "x", (2 * 5 + 3) * 6 + 4, 1.0, 0.5)[0])

    def test_images_have_mean_0_and_variance_1(self):
        image = generator.image(1, (3, 224, 224))
        self.assertEqual(image.shape, (3, 224, 224))
        self.assertAlmostEqual(float(image.mean()), 0, delta=0.02)
        self.assertAlmostEqual(float(image.var()), 1, delta=0.02)
        self.assertFalse(np.array_equal(image, generator.image(2, (3, 224, 224))))


class Networks(unittest.TestCase):
    COUNTS = {"resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032, "resnet101": 44_549_160,
              "resnet152": 60_192_808, "resnet152_cifar": 58_156_618, "resnet152_at32": 58_164_298,
              "resnet20_cifar": 269_722, "resnet32_cifar": 464_154, "resnet44_cifar": 658_586,
              "resnet56_cifar": 853_018, "resnet110_cifar": 1_727_962}
    # option B adds two projections and their norms to option A
    COUNTS |= {f"{n}_b": c + 16 * 32 + 64 + 32 * 64 + 128 for n, c in list(COUNTS.items()) if n.endswith("_cifar")
               and n != "resnet152_cifar"}
    COUNTS |= {"resnext50_32x4d": 25_028_904, "wide_resnet50_2": 68_883_240, "alexnet": 61_100_840,
               "vgg11": 132_863_336, "vgg13": 133_047_848, "vgg16": 138_357_544, "vgg19": 143_667_240,
               "vgg11_bn": 132_868_840, "vgg13_bn": 133_053_736, "vgg16_bn": 138_365_992, "vgg19_bn": 143_678_248,
               "googlenet": 6_624_904, "squeezenet1_0": 1_248_424, "squeezenet1_1": 1_235_496,
               "squeezenet1_0_caffe": 1_248_424, "mobilenet_v1": 4_231_976, "mobilenet_v1_075": 2_585_560,
               "mobilenet_v2": 3_504_872, "mobilenet_v2_same": 3_504_872}
    TABLE1 = {(3, 8, 36, 3): 58_156_618, (3, 8, 33, 3): 54_805_066, (3, 7, 29, 3): 50_056_266,
              (3, 6, 26, 3): 46_424_650, (2, 4, 15, 2): 29_042_506, (1, 2, 9, 1): 17_246_282, (1, 1, 2, 1): 9_145_930}

    def test_parameter_counts(self):
        self.assertEqual(set(self.COUNTS), set(networks.NETWORKS))
        for name, count in self.COUNTS.items():
            self.assertEqual(networks.parameters(networks.build(name)), count, name)

    def test_parameters_kept_by_table_1(self):
        net = networks.build("resnet152_cifar")
        for keep, count in self.TABLE1.items():
            networks.set_mask(net, networks.keep_to_mask(net, keep))
            shut = sum(networks.parameters(b) for b in networks.blocks(net) if not b.gate)
            self.assertEqual(networks.parameters(net) - shut, count)

    def test_names_of_parameters(self):
        keys = networks.build("resnet50").state_dict()
        for name in ("conv1.weight", "bn1.running_var", "layer1.0.downsample.0.weight", "layer4.0.downsample.1.bias",
                     "layer3.5.bn3.weight", "fc.bias"):
            self.assertIn(name, keys)
        self.assertNotIn("layer1.1.downsample.0.weight", keys)
        keys = networks.build("resnet20_cifar_b").state_dict()
        projections = {k.split(".0.weight")[0] for k in keys if k.endswith("shortcut.0.weight")}
        self.assertEqual(projections, {"layer2.0.shortcut", "layer3.0.shortcut"})
        self.assertFalse([k for k in networks.build("resnet20_cifar").state_dict() if "shortcut" in k])

    def test_a_shut_block_is_a_network_without_it(self):
        for name in ("resnet20_cifar", "resnet20_cifar_b"):
            net = networks.seed_parameters(networks.build(name), 5)
            networks.set_mask(net, "011000")  # keeps blocks 0 and 2 of the first group, 0 and 1, 0
            kept = [(0, 2), (0, 1), (0,)]
            shortcut = "pad" if name == "resnet20_cifar" else "shortcut"
            short = resnet.ResNet(resnet.basic, (2, 2, 1), 16, "cifar", 10, shortcut, "linear").eval()
            for group, source, blocks in zip(short.groups, net.groups, kept):
                for block, i in zip(group, blocks):
                    block.load_state_dict(source[i].state_dict())
            for part in ("conv1", "bn1", "linear"):
                getattr(short, part).load_state_dict(getattr(net, part).state_dict())
            image = generator.image(1, (3, 32, 32))
            got, expected = networks.logits(net.double(), image), networks.logits(short.double(), image)
            np.testing.assert_array_equal(got, expected)
            networks.set_mask(net, "111111")
            self.assertGreater(np.abs(networks.logits(net, image) - expected).max(), 0.01)

    def test_masks(self):
        net = networks.build("resnet20_cifar")
        self.assertEqual(len(networks.gateable(net)), 6)
        self.assertEqual(networks.keep_to_mask(net, (3, 2, 1)), "111000")
        self.assertEqual(networks.proportional(net, 50), (2, 2, 2))
        for wrong in ("11111", "1111111", "11111x"):
            self.assertRaises(ValueError, networks.set_mask, net, wrong)
        for wrong in ((3, 3), (0, 3, 3), (4, 3, 3)):
            self.assertRaises(ValueError, networks.keep_to_mask, net, wrong)
        with self.assertRaises(ValueError):
            net.layer2[0].gate = False

    def test_option_a_shortcut(self):
        x = torch.arange(2 * 4 * 4.0).reshape(1, 2, 4, 4)
        y = resnet.PadShortcut(2, 4)(x)
        self.assertEqual(tuple(y.shape), (1, 4, 2, 2))
        self.assertEqual(y[0, 0].abs().sum() + y[0, 3].abs().sum(), 0)
        self.assertEqual(y[0, 1].tolist(), [[0, 2], [8, 10]])

    def test_seeded_parameters(self):
        net = networks.seed_parameters(networks.build("resnet20_cifar_b"), 1)
        self.assertAlmostEqual(float(net.layer2[0].bn2.weight.mean()), 0.25, delta=0.03)
        for norm in (net.bn1, net.layer2[0].bn1, net.layer2[0].shortcut[1]):
            self.assertAlmostEqual(float(norm.weight.mean()), 1, delta=0.15)
        limit = math.sqrt(6 / (16 * 9))
        self.assertLessEqual(float(net.layer1[0].conv1.weight.abs().max()), limit)
        self.assertGreater(float(net.layer1[0].conv1.weight.abs().max()), 0.99 * limit)
        expected = generator.values(1, "linear.weight", (10, 64), 0.0, math.sqrt(3 / 64))
        np.testing.assert_array_equal(net.linear.weight.detach().numpy(), expected)

    def test_golden_logits(self):
        for name in networks.NETWORKS:
            with safetensors.safe_open(str(GOLDEN / f"{name}.safetensors"), "np") as file:
                stored, metadata = {k: file.get_tensor(k) for k in file.keys()}, file.metadata()
            self.assertEqual((metadata["network"], metadata["seed"]), (name, str(make_golden.SEED)))
            self.assertEqual(set(json.loads(metadata["labels"])), set(stored))
            if name in ("resnet18", "resnet20_cifar", "resnet56_cifar_b", "squeezenet1_1", "mobilenet_v1_075",
                        "mobilenet_v2_same"):  # the others take too long here
                computed, _ = make_golden.golden(name)
                self.assertEqual(set(computed), set(stored))
                for case, value in stored.items():
                    # another BLAS may round the last bit of float32 differently
                    np.testing.assert_allclose(computed[case], value, rtol=1e-6, atol=1e-6, err_msg=f"{name} {case}")


class Fold(unittest.TestCase):
    @staticmethod
    def pair(bias):
        net = nn.Sequential(nn.Conv2d(3, 5, 3, bias=bias), nn.BatchNorm2d(5)).eval()
        return networks.seed_parameters(net, 3).double()

    def test_one_pair_in_float64(self):
        for bias in (False, True):
            net = self.pair(bias)
            weight, shift = fold.fold_pair(*net)
            x = torch.from_numpy(generator.values(1, "x", (2, 3, 7, 8), 0.0, 1.0)).double()
            with torch.no_grad():
                got = nn.functional.conv2d(x, torch.from_numpy(weight), torch.from_numpy(shift))
                np.testing.assert_allclose(got.numpy(), net(x).numpy(), rtol=0, atol=1e-14)

    def test_whole_networks(self):
        for name in ("resnet18", "resnet20_cifar_b", "resnet56_cifar"):
            net = networks.seed_parameters(networks.build(name), 2).double()
            before = copy.deepcopy(net.state_dict())
            twin = fold.folded_twin(net, fold.fold(net))
            self.assertFalse([m for m in twin.modules() if isinstance(m, nn.BatchNorm2d)])
            for mask in ("1" * len(networks.gateable(net)), "01" * (len(networks.gateable(net)) // 2)):
                networks.set_mask(net, mask)
                networks.set_mask(twin, mask)
                image = generator.image(4, networks.NETWORKS[name][1])
                expected = networks.logits(net, image)
                # float64 arithmetic on weights rounded to float32 once: only that rounding remains
                got = networks.logits(twin.double(), image)
                self.assertLess(np.abs(got - expected).max() / np.abs(expected).max(), 1e-6)
                twin.float()
            for key, value in net.state_dict().items():
                self.assertTrue(torch.equal(value, before[key]), key)

    def test_pairs(self):
        pairs = fold.pairs(networks.build("resnet50"))
        self.assertEqual(len(pairs), 53)
        self.assertEqual(pairs["conv1"], "bn1")
        self.assertEqual(pairs["layer4.2.conv3"], "layer4.2.bn3")
        self.assertEqual(pairs["layer2.0.downsample.0"], "layer2.0.downsample.1")

    def test_norms_without_convolution_are_named(self):
        net = networks.build("resnet20_cifar_b")
        net.layer1[1].bn7 = nn.BatchNorm2d(16)
        self.assertRaisesRegex(fold.FoldError, r"layer1\.1\.bn7 has no convolution", fold.fold, net)
        for wrong in (nn.Sequential(nn.BatchNorm2d(3)),
                      nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(), nn.BatchNorm2d(3))):
            self.assertRaisesRegex(fold.FoldError, "no convolution", fold.fold, wrong)
        self.assertRaisesRegex(fold.FoldError, "1 has 4 channels, convolution 0 has 3", fold.fold,
                               nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(4)))

    def test_impossible_numbers_are_named(self):
        for value in (-1.0, -1e-5):  # the square root of a negative number, a division by zero
            net = self.pair(False)
            net[1].running_var[3] = value
            net[1].eps = 1e-5
            self.assertRaisesRegex(fold.FoldError, r"^0 with 1 does not fold .*channel 3 of 5", fold.fold, net)
        net = self.pair(False)
        net[0].weight.data *= 1e39
        self.assertRaisesRegex(fold.FoldError, "finite", fold.fold, net)


class Evil:
    """Unpickled by a careless reader, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class Checkpoint(TemporaryFolder):
    NET = "resnet20_cifar_b"

    def setUp(self):
        super().setUp()
        self.net = networks.seed_parameters(networks.build(self.NET), 8)
        self.state = self.net.state_dict()

    def fitted(self, content, name="c.pth", **options):
        """Saves content, reads it and fits it to the network."""
        torch.save(content, self.folder / name, **options)
        return self.fitted_file(name)

    def fitted_file(self, name, allow_unused=False):
        stored, digest = checkpoint.read(self.folder / name)
        self.assertRegex(digest, "^[0-9a-f]{64}$")
        return checkpoint.fit(stored, self.net, "it does not fit", allow_unused)[0]

    def assert_same(self, tensors):
        expected = {k: v for k, v in self.state.items() if not k.endswith("num_batches_tracked")}
        self.assertEqual(list(tensors), list(expected))
        for k, v in expected.items():
            self.assertEqual(tensors[k].dtype, torch.float64)
            self.assertTrue(torch.equal(tensors[k].float(), v), k)

    def renamed(self, **replacements):
        result = {}
        for k, v in self.state.items():
            for old, new in replacements.items():
                k = k.replace(old, new)
            result[k] = v
        return result

    def test_nesting(self):
        for wrapped in (self.state, {"state_dict": self.state}, {"model": self.state, "epoch": 3},
                        {"state_dict": {"model": self.state}}, {"net": self.state, "acc": 91.5},
                        {"state_dict": self.state, "best_prec1": 91.73, "optimizer": {"param_groups": [{"lr": 0.1}]}}):
            self.assert_same(self.fitted(wrapped))
            self.assert_same(self.fitted(wrapped, _use_new_zipfile_serialization=False))

    def test_prefixes_and_counters(self):
        for prefix in ("module.", "model.", "module.model.", "_orig_mod."):
            self.assert_same(self.fitted({prefix + k: v for k, v in self.state.items()}))
        self.assert_same(self.fitted({k: v for k, v in self.state.items() if "num_batches" not in k}))

    def test_aliases(self):
        self.assert_same(self.fitted(self.renamed(linear="fc")))
        self.assert_same(self.fitted(self.renamed(linear="fc", shortcut="downsample")))

    def test_sequential_numbering(self):
        heads = {"conv1": "0", "bn1": "1", "linear": "14"}  # 3 to 11 are blocks, 12 pools, 13 flattens

        def number(key):
            parts = key.split(".")
            if parts[0] in heads:
                return ".".join([heads[parts[0]], *parts[1:]])
            return ".".join([str(3 + (int(parts[0][-1]) - 1) * 3 + int(parts[1])), *parts[2:]])

        self.assert_same(self.fitted({number(k): v for k, v in self.state.items()}))

    def test_containers(self):
        arrays = {k: v.numpy() for k, v in self.state.items()}
        safetensors.numpy.save_file(arrays, str(self.folder / "c.safetensors"))
        self.assert_same(self.fitted_file("c.safetensors"))
        (self.folder / "safetensors.bin").write_bytes((self.folder / "c.safetensors").read_bytes())
        self.assert_same(self.fitted_file("safetensors.bin"))
        torch.save(self.state, self.folder / "c.pth")
        for name in ("c.pth", "c.safetensors"):
            packed = lzma.compress((self.folder / name).read_bytes(), preset=0)
            (self.folder / f"{name}.xz").write_bytes(packed)
            self.assert_same(self.fitted_file(f"{name}.xz"))

    def test_other_floats(self):
        half = {k: v.half() for k, v in self.state.items()}
        tensors = self.fitted(half)
        self.assertTrue(torch.equal(tensors["conv1.weight"], half["conv1.weight"].double()))
        self.assert_same(self.fitted({k: v.double() for k, v in self.state.items()}))

    def test_everything_that_is_wrong_is_named(self):
        state = dict(self.state)
        del state["layer1.0.conv1.weight"]
        state["layer1.2.bn2.bias"] = torch.zeros(17)
        state["extra.weight"] = torch.zeros(2, 3)
        state["epoch"] = 7
        state["bn1.weight"] = torch.ones(16, dtype=torch.int64)
        state["bn1.bias"] = torch.zeros(16, dtype=torch.complex64)
        state["linear.bias"] = torch.full((10,), math.nan)
        state["conv1.weight"] = state["conv1.weight"].clone()
        state["conv1.weight"][0, 0, 0, 0] = math.inf
        state["layer2.0.bn1.weight"] = [1.0] * 32
        state["module.layer3.0.bn1.weight"] = state["layer3.0.bn1.weight"]
        with self.assertRaises(checkpoint.CheckpointError) as caught:
            self.fitted(state)
        message = str(caught.exception)
        for part in ("it does not fit (1 twice, 1 missing, 2 left over,",
                     "missing: layer1.0.conv1.weight [16, 16, 3, 3]",
                     "wrong shape: layer1.2.bn2.bias is [17], expected [16]", "left over: extra.weight [2, 3]",
                     "left over: epoch (int, no tensor)", "wrong type: bn1.weight is [16] int64, expected float [16]",
                     "wrong type: bn1.bias is [16] complex64", "linear.bias has 10 of 10 values that are NaN",
                     "conv1.weight has 1 of 432 values", "layer2.0.bn1.weight is (list, no tensor)",
                     "twice: layer3.0.bn1.weight and module.layer3.0.bn1.weight"):
            self.assertIn(part, message)

    def test_unused_tensors(self):
        stored = dict(self.state) | {"extra": torch.zeros(2, dtype=torch.int32)}
        torch.save(stored, self.folder / "c.pth")
        self.assertRaisesRegex(checkpoint.CheckpointError, r"left over: extra \[2\] int32", self.fitted_file, "c.pth")
        self.assert_same(self.fitted_file("c.pth", allow_unused=True))
        with self.assertRaises(checkpoint.CheckpointError):  # what is missing stays an error
            checkpoint.fit({"extra": torch.zeros(2)}, self.net, "", allow_unused=True)

    def test_another_network(self):
        other = networks.build("resnet18").state_dict()
        with self.assertRaises(checkpoint.CheckpointError) as caught:
            self.fitted(other)
        message = str(caught.exception)
        self.assertIn("missing: layer1.2.conv1.weight [16, 16, 3, 3]", message)
        self.assertIn("left over: layer4.1.bn2.bias [512]", message)
        self.assertIn("wrong shape: conv1.weight is [64, 3, 7, 7], expected [16, 3, 3, 3]", message)
        self.assertIn("wrong shape: fc.weight (as linear.weight) is [1000, 512], expected [10, 64]", message)

    def assert_unreadable(self, data, pattern, name="c.pth"):
        (self.folder / name).write_bytes(data)
        with self.assertRaisesRegex(checkpoint.CheckpointError, pattern) as caught:
            checkpoint.read(self.folder / name)
        self.assertNotIn("\n", str(caught.exception))

    def test_files_that_are_no_checkpoint(self):
        self.assert_unreadable(b"", "is empty")
        self.assert_unreadable(b"weights\n", "neither")
        self.assert_unreadable(bytes(range(256)) * 40, "neither")
        self.assert_unreadable(b"\x80\x02garbage", "truncated or no PyTorch")
        self.assert_unreadable(b"{}", "safetensors", "c.safetensors")
        self.assert_unreadable(struct.pack("<Q", 2) + b"{}", "holds no tensors", "c.safetensors")
        self.assert_unreadable(struct.pack("<Q", 1 << 40) + b"{}", "safetensors", "c.safetensors")
        self.assert_unreadable(b"\xfd7zXZ\0 not really", "no intact .xz")
        self.assert_unreadable(lzma.compress(bytes(100000))[:-20], "no intact .xz")
        with self.assertRaisesRegex(checkpoint.CheckpointError, "is a directory"):
            checkpoint.read(self.folder)
        with self.assertRaises(FileNotFoundError):
            checkpoint.read(self.folder / "absent")

    def test_truncated_files(self):
        for options in ({}, {"_use_new_zipfile_serialization": False}):
            torch.save(self.state, self.folder / "whole", **options)
            data = (self.folder / "whole").read_bytes()
            for cut in (1, 2, 9, 30, 100, len(data) // 3, len(data) // 2, len(data) - 1000, len(data) - 1):
                self.assert_unreadable(data[:cut], "truncated or no PyTorch|neither")
        data = safetensors.numpy.save({k: v.numpy() for k, v in self.state.items()})
        for cut in (1, 7, 8, 9, 100, len(data) - 1):
            self.assert_unreadable(data[:cut], "safetensors", "c.safetensors")

    def test_other_contents(self):
        for content, pattern in ((torch.zeros(3), "holds a Tensor"), ([1, 2], "holds a list"), ({}, "no tensors"),
                                 ({"epoch": 3}, "no tensors"), ({"state_dict": {}}, "no tensors")):
            torch.save(content, self.folder / "c.pth")
            with self.assertRaisesRegex(checkpoint.CheckpointError, pattern):
                checkpoint.read(self.folder / "c.pth")

    def test_no_code_runs(self):
        witness = self.folder / "witness"
        # PyTorch 1.13 refuses floats: they lead through the second attempt
        contents = ({"a": Evil(witness)}, {"a": 1.5, "b": Evil(witness)}, Evil(witness), self.net,
                    {"state_dict": self.state, "best": 1.5, "args": pathlib.PurePosixPath("x")})
        for content in contents:
            for options in ({}, {"_use_new_zipfile_serialization": False}):
                torch.save(content, self.folder / "c.pth", **options)
                self.assert_unreadable((self.folder / "c.pth").read_bytes(), "holds more than tensors|truncated or no")
        self.assert_unreadable(pickle.dumps(Evil(witness), protocol=2), "truncated or no|more than tensors")
        self.assert_unreadable(pickle.dumps([0.5, Evil(witness)], protocol=4), "truncated or no|more than tensors")
        self.assertFalse(witness.exists())
        torch.save({"a": 1.5, "b": Evil(witness)}, self.folder / "c.pth")
        with self.assertRaisesRegex(checkpoint.CheckpointError, r"holds more than tensors \((posix|os)\.system\)"):
            checkpoint.read(self.folder / "c.pth")

    def test_torchscript_is_refused(self):
        with zipfile.ZipFile(self.folder / "c.pt", "w") as archive:  # what torch.jit.save writes beside data.pkl
            archive.writestr("c/data.pkl", b"\x80\x02}.")
            archive.writestr("c/constants.pkl", b"\x80\x02).")
        self.assert_unreadable((self.folder / "c.pt").read_bytes(), "TorchScript")


class Format(TemporaryFolder):
    def setUp(self):
        super().setUp()
        self.tensors = {"conv1.weight": np.ones((4, 3, 3, 3), np.float32), "conv1.bias": np.zeros(4, np.float32),
                        "fc.weight": np.ones((2, 4), np.float32), "fc.bias": np.zeros(2, np.float32)}
        self.metadata = {"format": "sluice", "format_version": "1", "network": "x", "classes": "2", "gates": "3",
                         "input": "3x8x8", "mean": "0 0 0", "std": "1 1 1"}
        self.path = self.folder / "w.safetensors"

    def test_round_trip_with_settings(self):
        scale, bias = np.arange(4, dtype=np.float32), np.full(4, 0.5, np.float32)
        format.add_setting(self.tensors, self.metadata, "50", "101", {"conv1": scale}, {"conv1": bias})
        format.add_setting(self.tensors, self.metadata, "plain", "000", {}, {})
        format.write(self.path, self.tensors, self.metadata)
        tensors, metadata = format.read(self.path)
        self.assertEqual(format.settings(metadata), {"50": "101", "plain": "000"})
        np.testing.assert_array_equal(tensors["settings.50.conv1.scale"], scale)
        np.testing.assert_array_equal(tensors["settings.50.conv1.bias"], bias)
        self.assertEqual(metadata, self.metadata)
        self.assertEqual(sorted(format.layers(tensors)), ["conv1", "fc"])
        self.assertEqual((set(tensors), list(self.folder.iterdir())), (set(self.tensors), [self.path]))

    def test_wrong_settings(self):
        good = {"conv1": np.ones(4, np.float32)}
        format.add_setting(self.tensors, self.metadata, "50", "101", good, good)
        tensors, metadata = dict(self.tensors), dict(self.metadata)
        for pattern, *arguments in (
                ("exists", "50", "101", good, good), ("letters", "a.b", "101", good, good),
                ("letters", "", "101", good, good), ("3 characters", "a", "10", good, good),
                ("3 characters", "a", "10x", good, good), ("different layers: conv1", "a", "101", good, {}),
                ("no convolution", "a", "101", {"fc": good["conv1"]}, {"fc": good["conv1"]}),
                ("no convolution", "a", "101", {"no": good["conv1"]}, {"no": good["conv1"]}),
                (r"conv1.scale is \[3\]", "a", "101", {"conv1": np.ones(3, np.float32)}, good),
                ("float64", "a", "101", good, {"conv1": np.ones(4)}),
                ("NaN", "a", "101", good, {"conv1": np.full(4, np.nan, np.float32)})):
            self.assertRaisesRegex(format.FormatError, pattern, format.add_setting, tensors, metadata, *arguments)
        self.assertEqual((set(tensors), metadata), (set(self.tensors), self.metadata))

    def test_equal_input_gives_equal_bytes(self):
        # safetensors itself orders the metadata at random
        files = {format.serialise(self.tensors, dict(self.metadata)) for _ in range(8)}
        self.assertEqual(len(files), 1)
        data, = files
        self.assertEqual(struct.unpack("<Q", data[:8])[0] % 8, 0)
        np.testing.assert_array_equal(safetensors.numpy.load(data)["conv1.weight"], self.tensors["conv1.weight"])

    def test_a_failure_leaves_what_was_there(self):
        self.path.write_bytes(b"old")

        def refuse(path):
            self.assertEqual(pathlib.Path(path).parent, self.folder)  # complete, but not yet under its name
            format.read(path)
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            format.write(self.path, self.tensors, self.metadata, refuse)
        for change in ({"fc.bias": np.zeros(3, np.float32)}, {"fc.bias": np.zeros(2)},
                       {"fc.bias": np.full(2, np.inf, np.float32)}):
            self.assertRaises(format.FormatError, format.write, self.path, self.tensors | change, self.metadata)
        self.assertRaises(format.FormatError, format.write, self.path, self.tensors, {"format": "sluice"})
        self.assertEqual((self.path.read_bytes(), list(self.folder.iterdir())), (b"old", [self.path]))

    def test_places_that_cannot_be_written(self):
        os.mkfifo(self.folder / "pipe")
        for path, pattern in ((self.folder, "is a directory"), (self.folder / "no" / "w", "does not exist"),
                              (self.folder / "pipe", "no regular file")):
            self.assertRaisesRegex(format.FormatError, pattern, format.check_output, path)

    def test_permissions_follow_the_umask(self):
        old = os.umask(0o027)
        try:
            format.write(self.path, self.tensors, self.metadata)
        finally:
            os.umask(old)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o640)

    def test_other_files_are_refused(self):
        for data in (b"", b"garbage", safetensors.numpy.save(self.tensors),
                     safetensors.numpy.save(self.tensors, {"format": "sluice", "format_version": "9"})):
            self.path.write_bytes(data)
            self.assertRaises(format.FormatError, format.read, self.path)


class Convert(TemporaryFolder):
    NET = "resnet20_cifar"

    def setUp(self):
        super().setUp()
        self.net = networks.seed_parameters(networks.build(self.NET), 6)
        self.checkpoint, self.output = self.folder / "c.pth", self.folder / "w.safetensors"
        torch.save({"state_dict": self.net.state_dict()}, self.checkpoint)

    def run_main(self, *arguments, net=NET):
        """(exit code, stdout, stderr) of the command."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = convert.main(["--net", net, "--checkpoint", str(self.checkpoint), "--output", str(self.output),
                                     *arguments])
            except SystemExit as e:
                code = e.code
        return code, out.getvalue(), err.getvalue()

    def assert_nothing_left(self):
        self.assertEqual([p.name for p in self.folder.iterdir() if p.suffix == ".safetensors"], [])

    def test_round_trip(self):
        code, out, err = self.run_main("--seed", "77")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"layer3\.2\.conv2\.weight \+ layer3\.2\.bn2\.\* +\[64, 64, 3, 3\]")
        self.assertRegex(out, r"verified: largest difference \S+ \(\S+ of the largest logit\)")
        tensors, metadata = format.read(self.output)
        self.assertEqual(len(tensors), 2 * 20 + 1)
        self.assertEqual({t.dtype for t in tensors.values()}, {np.dtype(np.float32)})
        self.assertEqual({k: metadata[k] for k in ("network", "classes", "gates", "input", "selftest_seed")},
                         {"network": self.NET, "classes": "10", "gates": "6", "input": "3x32x32",
                          "selftest_seed": "77"})
        self.assertEqual((metadata["mean"], metadata["std"]), ("0.485 0.456 0.406", "0.229 0.224 0.225"))
        self.assertRegex(metadata["source"], "^c.pth sha256:[0-9a-f]{64}$")
        self.assertNotIn(str(self.folder), json.dumps(metadata))

        expected = networks.logits(self.net.double(), generator.image(77, (3, 32, 32)))
        np.testing.assert_array_equal(tensors["selftest.logits"], expected.astype(np.float32))
        pairs = {n: (tensors[f"{n}.weight"], tensors[f"{n}.bias"]) for n in format.layers(tensors)}
        twin = fold.folded_twin(self.net, pairs)
        got = networks.logits(twin, generator.image(77, (3, 32, 32)), torch.float32)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)

    def test_equal_input_gives_equal_files(self):
        self.run_main()
        first = self.output.read_bytes()
        self.run_main()
        self.assertEqual(first, self.output.read_bytes())

    def test_json_and_quiet(self):
        code, out, err = self.run_main("--json")
        report = json.loads(out)
        self.assertEqual((code, err, report["network"], report["layers"]), (0, "", self.NET, 20))
        self.assertLess(report["largest_difference"], 1e-4 * report["largest_logit"])
        self.assertEqual(report["bytes"], self.output.stat().st_size)
        self.assertEqual(self.run_main("--quiet"), (0, "", ""))
        self.checkpoint.write_bytes(b"")
        code, out, err = self.run_main("--json")
        self.assertEqual((code, json.loads(out)["error"]), (1, f"{self.checkpoint} is empty"))

    def test_normalisation(self):
        def stored():
            metadata = format.read(self.output)[1]
            return metadata["mean"], metadata["std"]

        self.run_main("--normalisation", "none")
        self.assertEqual(stored(), ("0 0 0", "1 1 1"))
        self.run_main("--mean", "0.1,0.2,0.3", "--std", "1,2,3")
        self.assertEqual(stored(), ("0.1 0.2 0.3", "1 2 3"))

    def test_wrong_usage(self):
        for arguments in (["--mean", "1,2,3"], ["--mean", "1,2", "--std", "1,1,1"],
                          ["--mean", "1,2,3", "--std", "1,1,0"], ["--mean", "0,0,nan", "--std", "1,1,1"],
                          ["--seed", "-1"], ["--seed", str(2**64)],
                          ["--normalisation", "none", "--mean", "0,0,0", "--std", "1,1,1"], ["--normalisation", "x"],
                          ["--verify-with", "/no/such/program"], ["--bogus"]):
            code, out, err = self.run_main(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertIn("error:", err)
        self.assertEqual(self.run_main(net="lenet")[0], 2)
        self.assert_nothing_left()

    def test_the_command_itself(self):
        command = [sys.executable, str(ROOT / "weights_tools" / "convert.py")]
        self.assertEqual(subprocess.run([*command, "--net", "x"], capture_output=True).returncode, 2)
        arguments = ["--net", self.NET, "--checkpoint", str(self.checkpoint), "--output", str(self.output)]
        run = subprocess.run([*command, *arguments], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.checkpoint.write_bytes(b"rubbish")
        run = subprocess.run([*command, *arguments], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertEqual(run.stderr.count("\n"), 1)
        self.assertNotIn("Traceback", run.stderr)

    def test_failures(self):
        self.assertEqual(self.run_main(net="resnet32_cifar")[0], 1)
        self.assertEqual(self.run_main("--output", str(self.folder))[0], 1)
        self.assertEqual(self.run_main("--output", str(self.folder / "no" / "w"))[0], 1)
        code, _, err = self.run_main("--output", str(self.checkpoint))
        self.assertEqual((code, err), (1, f"error: {self.checkpoint} is the checkpoint itself\n"))
        code, _, err = self.run_main("--checkpoint", str(self.folder / "absent"))
        self.assertEqual((code, err), (1, f"error: {self.folder / 'absent'}: No such file or directory\n"))
        self.assert_nothing_left()
        self.run_main()
        code, _, err = self.run_main("--checkpoint", str(self.output), "--output", str(self.folder / "x"))
        self.assertEqual(code, 1)
        self.assertIn("is a sluice weight file already", err)

    def test_a_wrong_fold_is_found(self):
        right = fold.fold_pair
        fold.fold_pair = lambda c, n: (right(c, n)[0] * 1.001, right(c, n)[1])
        self.addCleanup(setattr, fold, "fold_pair", right)
        code, _, err = self.run_main()
        self.assertEqual(code, 1)
        self.assertIn("the folded network differs by", err)
        self.assert_nothing_left()

    def engine(self, body):
        program = self.folder / "engine"
        program.write_text(f"#!{sys.executable}\nimport sys, json\n{body}\n")
        program.chmod(0o755)
        return str(program)

    def test_verification_by_the_engine(self):
        program = self.engine(
            "verb, a, net, b, weights, c = sys.argv[1:]\n"
            f"assert (verb, a, net, b, c) == ('verify', '--net', '{self.NET}', '--weights', '--json')\n"
            "assert open(weights, 'rb').read(9)[8:] == b'{'\n"
            "print(json.dumps({'largest_difference': 2e-6, 'largest_logit': 4.0}))")
        code, out, _ = self.run_main("--verify-with", program)
        self.assertEqual(code, 0)
        self.assertIn("verified by the engine: largest difference 2e-06 (5e-07 of the largest logit)", out)
        self.assertEqual(json.loads(self.run_main("--verify-with", program, "--json")[1])["engine"]["largest_logit"], 4)

    def test_a_failed_verification_keeps_no_file(self):
        for body, pattern in (("sys.exit('layer2 differs')", "exit code 1: layer2 differs"),
                              ("print('hello')", "gave no report: hello"), ("print('[1]')", "gave no report"),
                              ("print('{\"largest_difference\": NaN, \"largest_logit\": 1}')", "difference of nan")):
            code, _, err = self.run_main("--verify-with", self.engine(body))
            self.assertEqual(code, 1)
            self.assertIn(pattern, err)
            self.assert_nothing_left()


@unittest.skipUnless(DATA, "SLUICE_DATA is not set")
class RealCheckpoints(TemporaryFolder):
    def convert(self, name, file):
        output = self.folder / f"{name}.safetensors"
        source = pathlib.Path(DATA) / "checkpoints" / file
        report = convert.convert(name, source, output, *convert.NORMALISATIONS["imagenet"])
        self.assertLess(report["largest_difference"], 1e-5 * report["largest_logit"])
        self.assertEqual(report["unused"], [])
        self.assertEqual(format.read(output)[1]["network"], name)
        output.unlink()

    def test_cifar(self):
        for depth, tag in ((20, "12fca82f"), (32, "d509ac18"), (44, "014dd654"), (56, "4bfd9763")):
            self.convert(f"resnet{depth}_cifar", f"akamaster_resnet{depth}-{tag}.th")

    def test_imagenet(self):
        for depth in (18, 50):
            self.convert(f"resnet{depth}", f"resnet{depth}_imagenet_vq_CC-BY-NC.pth.xz")

    def test_other_networks_are_refused(self):
        for file in ("mlperf_tiny_resnet8_cifar10.pth", "squeezenet1_0_caffe.pth", "mobilenet_v1_0.75_224_keras.pth",
                     "mobilenet_v2_1.0_224_int8deq.pth"):
            for name in ("resnet20_cifar", "resnet18"):
                pattern = rf"does not fit {name} \(\d+ missing, \d+ left"
                with self.assertRaisesRegex(checkpoint.CheckpointError, pattern):
                    self.convert(name, file)


if __name__ == "__main__":
    unittest.main()
