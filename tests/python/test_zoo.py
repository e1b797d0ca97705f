#!/usr/bin/env python3
"""Tests of the networks beside plain ResNets, against torchvision; of checkpoints from elsewhere; of their layers.

    python3 tests/python/test_zoo.py

SLUICE_DATA names a folder with checkpoints/, golden/ and imagenet_samples/; without it the tests that read them are
skipped.
"""
import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "weights_tools"))

import convert  # noqa: E402  (found through the path above)
from sluice_weights import checkpoint, fold, format, generator, layers, mobilenet, networks  # noqa: E402

DATA = os.environ.get("SLUICE_DATA")
SMALL = (3, 65, 74)
torch.set_num_threads(1)


def setUpModule():
    if not DATA:
        print("SLUICE_DATA is not set: tests with real checkpoints are SKIPPED", file=sys.stderr)


def filled(name):
    """The network in float64 with random values; sooner done than those of the generator."""
    torch.manual_seed(3)
    net = networks.build(name)
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.weight.uniform_(0.5, 1.0)
            m.running_var.uniform_(0.5, 1.5)
            m.running_mean.uniform_(-0.1, 0.1)
        elif isinstance(m, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_uniform_(m.weight, nonlinearity="relu")
        if getattr(m, "bias", None) is not None:
            m.bias.uniform_(-0.1, 0.1)
    return net.double()


def run(module, x):
    """What a module makes of one [C,H,W], as numpy."""
    with torch.no_grad():
        return module(torch.from_numpy(np.array(x))[None])[0].numpy()


class Twins(unittest.TestCase):
    def test_our_own_modules_compute_what_torchvisions_do(self):
        for name in ("resnet18", "resnext50_32x4d", "wide_resnet50_2", "mobilenet_v2"):
            net, other = filled(name), getattr(models, name)(weights=None).eval().double()
            self.assertEqual({k: v.shape for k, v in net.state_dict().items()},
                             {k: v.shape for k, v in other.state_dict().items()})
            other.load_state_dict(net.state_dict())
            image = generator.image(2, SMALL)
            expected = networks.logits(other, image)
            np.testing.assert_allclose(networks.logits(net, image), expected, rtol=0,
                                       atol=1e-12 * np.abs(expected).max())

    def test_caffes_squeezenet_pads_its_last_convolution(self):
        net, other = filled("squeezenet1_0_caffe"), models.squeezenet1_0(weights=None).eval().double()
        other.load_state_dict(net.state_dict())
        image, last = generator.image(2, SMALL), other.classifier[1]
        with torch.no_grad():
            x = other.features(torch.from_numpy(image).double()[None])
            y = F.conv2d(F.pad(x, (1, 1, 1, 1)), last.weight, last.bias)
        np.testing.assert_allclose(networks.logits(net, image), F.relu(y)[0].mean((1, 2)).numpy(), rtol=0, atol=1e-12)

    def test_same_padding_is_the_least_that_gives_every_stride_a_window(self):
        for size in range(1, 20):
            for window in (1, 2, 3, 5, 7):
                for stride in (1, 2, 3):
                    before, behind = mobilenet.SameConv2d._padding(size, window, stride)
                    outputs = len(range(0, size, stride))
                    least = next(t for t in range(99) if len(range(0, size + t - window + 1, stride)) >= outputs)
                    self.assertEqual((before + behind, behind - before), (least, least % 2))
                    convolution = mobilenet.SameConv2d(1, 1, window, stride)
                    self.assertEqual(convolution(torch.zeros(1, 1, size, 9)).shape[2], outputs)

    def test_same_padding_starts_at_the_first_pixel_of_an_even_map(self):
        net, padded = networks.build("mobilenet_v2"), networks.build("mobilenet_v2_same")
        self.assertEqual(list(net.state_dict()), list(padded.state_dict()))
        x = torch.rand(1, 3, 8, 10)
        with torch.no_grad():
            expected = F.conv2d(F.pad(x, (0, 1, 0, 1)), padded.features[0][0].weight, stride=2)
            self.assertTrue(torch.equal(padded.features[0][0](x), expected))
        strides = {n: m.stride for n, m in networks.layers(net).items() if isinstance(m, nn.Conv2d)}
        self.assertEqual({n: m.stride for n, m in networks.layers(padded).items() if isinstance(m, nn.Conv2d)}, strides)

    def test_mobilenet_v1(self):
        """Against the table of its paper: strides and channels, and the maps that follow from them."""
        for name, width in (("mobilenet_v1", 1), ("mobilenet_v1_075", 0.75)):
            found = layers.outputs(filled(name), generator.image(1, (3, 224, 224)))
            shapes = {"conv1": (32, 112), "conv_pw_1": (64, 112), "conv_dw_2": (64, 56), "conv_pw_3": (128, 56),
                      "conv_pw_5": (256, 28), "conv_dw_6": (256, 14), "conv_pw_11": (512, 14), "conv_dw_12": (512, 7),
                      "conv_pw_13": (1024, 7), "avgpool": (1024, 1)}
            self.assertEqual({n: found[n].shape for n in shapes},
                             {n: (K * width, P, P) for n, (K, P) in shapes.items()})
            self.assertEqual(len(found), 1 + 27 + 2)

    def test_seeded_norms(self):
        for name in ("googlenet", "mobilenet_v1", "mobilenet_v2", "resnet20_cifar"):
            built = {m.eps for m in networks.build(name).modules() if isinstance(m, nn.BatchNorm2d)}
            self.assertEqual(built, {1e-3 if name in ("googlenet", "mobilenet_v1") else 1e-5})
            net = networks.seed_parameters(networks.build(name), 3)
            norms = {n: m for n, m in net.named_modules() if isinstance(m, nn.BatchNorm2d)}
            self.assertEqual({m.eps for m in norms.values()}, {1e-5})
            small = {n for n, m in norms.items() if float(m.weight.max()) < 0.5}
            if name == "mobilenet_v2":
                self.assertEqual(small, {f"features.{i}.conv.3" for i in (3, 5, 6, 8, 9, 10, 12, 13, 15, 16)})
            else:
                self.assertEqual(small, {n for n in norms if n.endswith(".bn2")})

    def test_without_torchvision(self):
        code = ("import sys; sys.modules['torchvision'] = None\n"
                f"sys.path.insert(0, {str(ROOT / 'weights_tools')!r})\n"
                "import convert\nfrom sluice_weights import networks\n"
                "for name in ('resnext50_32x4d', 'mobilenet_v1'): networks.build(name)\n"
                "sys.exit(convert.main(['--net', 'vgg11', '--checkpoint', 'c.pth', '--output', 'x.safetensors']))")
        with tempfile.TemporaryDirectory() as folder:
            torch.save({"x": torch.zeros(1)}, pathlib.Path(folder) / "c.pth")
            ended = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertRegex(ended.stderr, "^error: vgg11 is one of torchvision's networks.* python3-torchvision .*\n$")


class Gates(unittest.TestCase):
    COUNTS = (1, 2, 3, 4, 3, 3, 1)

    def test_groups(self):
        for name in ("mobilenet_v2", "mobilenet_v2_same"):
            net = networks.build(name)
            self.assertEqual((net.counts, tuple(map(len, net.groups))), (self.COUNTS, self.COUNTS))
            self.assertEqual([b for group in net.groups for b in group], networks.blocks(net))
            self.assertEqual([[b.first for b in group] for group in net.groups],
                             [[True] + [False] * (n - 1) for n in self.COUNTS])
            self.assertEqual(len(networks.gateable(net)), 10)
            with self.assertRaises(ValueError):
                net.features[2].gate = False
        for name in ("alexnet", "mobilenet_v1", "squeezenet1_1"):
            net = networks.build(name)
            self.assertEqual((net.counts, net.groups, networks.blocks(net), net.classes), ((), [], [], 1000))
            networks.set_mask(net, networks.keep_to_mask(net, networks.proportional(net, 50)))

    def test_a_network_with_shut_blocks_is_a_shorter_one(self):
        net, keep, image = filled("mobilenet_v2"), (1, 1, 2, 3, 2, 3, 1), generator.image(5, SMALL)
        rows = zip((1, 6, 6, 6, 6, 6, 6), (16, 24, 32, 64, 96, 160, 320), keep, (1, 2, 2, 2, 1, 2, 1))
        short = models.MobileNetV2(inverted_residual_setting=[list(row) for row in rows]).eval().double()
        chosen = [block for group, k in zip(net.groups, keep) for block in list(group)[:k]]
        for ours, theirs in zip((net.features[0], *chosen, net.features[18], net.classifier),
                                (*short.features, short.classifier)):
            theirs.load_state_dict(ours.state_dict())
        whole = networks.logits(net, image)
        networks.set_mask(net, networks.keep_to_mask(net, keep))
        expected = networks.logits(short, image)
        np.testing.assert_allclose(networks.logits(net, image), expected, rtol=0, atol=1e-12)
        self.assertGreater(np.abs(whole - expected).max(), 0.01)


class Checkpoints(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fitted(self, name, state, **adaptations):
        """(the network with a state, {unused: remark})."""
        net = networks.build(name)
        tensors, _, unused = checkpoint.fit(state, net, "it does not fit", **adaptations)
        return checkpoint.load(net, tensors), unused

    def refusal(self, name, state, **adaptations):
        with self.assertRaises(checkpoint.CheckpointError) as caught:
            self.fitted(name, state, **adaptations)
        return str(caught.exception)

    def assert_same(self, net, state):
        found = net.state_dict()
        for key, value in state.items():
            self.assertTrue(torch.equal(found[key], value.double()), key)

    def commentary(self, name, state, *options):
        """(exit code, stdout, stderr) of convert.py."""
        torch.save(state, self.folder / "c.pth")
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = convert.main(["--net", name, "--checkpoint", str(self.folder / "c.pth"), "--output",
                                     str(self.folder / "w.safetensors"), *options])
            except SystemExit as e:
                code = e.code
        return code, out.getvalue(), err.getvalue()

    def test_names_of_caffe_and_keras(self):
        for name, change in (("squeezenet1_1", lambda k: k.replace(".squeeze.", ".squeeze1x1.")),
                             ("mobilenet_v1_075", lambda k: (k.replace("bn", "conv", 1).replace(".", "_bn.")
                                                             if k.startswith("bn") else k))):
            state = networks.seed_parameters(networks.build(name), 6).state_dict()
            renamed = {change(k): v for k, v in state.items()}
            self.assertNotEqual(set(renamed), set(state))
            self.assert_same(self.fitted(name, renamed)[0], state)
        self.assertIn("conv_dw_13_bn.running_var", renamed)

    def folded(self, name):
        pairs = fold.fold(networks.seed_parameters(networks.build(name), 6))
        return pairs, {f"{n}.{kind}": torch.from_numpy(t) for n, pair in pairs.items()
                       for kind, t in zip(("weight", "bias"), pair)}

    def test_folded_norms(self):
        # epsilons 1e-5 and 1e-3
        for name in ("mobilenet_v2_same", "googlenet", "mobilenet_v1_075", "resnet20_cifar_b"):
            pairs, state = self.folded(name)
            net, unused = self.fitted(name, state)
            self.assertEqual(unused, {})
            for layer, (weight, bias) in fold.fold(net).items():
                np.testing.assert_array_equal(weight, pairs[layer][0], layer)
                np.testing.assert_array_equal(bias, pairs[layer][1], layer)
        code, out, err = self.commentary("resnet20_cifar_b", state)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("layer1.0.conv1.weight + layer1.0.conv1.bias (bias of a folded batch norm)  ", out)

    def test_half_a_folded_norm_is_none(self):
        _, state = self.folded("resnet20_cifar_b")
        message = self.refusal("resnet20_cifar_b", {**state, "layer1.0.bn2.weight": torch.ones(16)})
        for part in ("(3 missing, 1 left over)", "missing: layer1.0.bn2.running_var [16]",
                     "left over: layer1.0.conv2.bias [16]"):
            self.assertIn(part, message)
        whole = networks.build("resnet20_cifar_b").state_dict()
        self.assertIn("(1 left over)", self.refusal("resnet20_cifar_b", {**whole, "bn1.x": torch.ones(1)}))
        self.assertIn("left over: conv1.bias [16]",
                      self.refusal("resnet20_cifar_b", {**whole, "conv1.bias": torch.ones(16)}))
        message = self.refusal("resnet20_cifar_b", {k: v for k, v in state.items() if k != "layer2.1.conv1.bias"})
        self.assertIn("(4 missing)", message)
        message = self.refusal("resnet20_cifar_b", {**state, "conv1.bias": torch.ones(17)})
        self.assertIn("wrong shape: conv1.bias (as bn1.bias) is [17], expected [16]", message)
        # VGG's convolutions have biases beside their norms: there, a bias says nothing
        plain = {f"{n}.{k}": torch.zeros(()) for n in ("features.0", "features.4") for k in ("weight", "bias")}
        self.assertIn("missing: features.1.running_mean [64]", self.refusal("vgg11_bn", plain))

    def test_blue_first(self):
        net = filled("squeezenet1_1")
        swapped, _ = self.fitted("squeezenet1_1", net.state_dict(), bgr=True)
        image = generator.image(7, SMALL)
        expected = networks.logits(net, image[::-1].copy())
        np.testing.assert_allclose(networks.logits(swapped, image), expected, rtol=0, atol=1e-12 * expected.max())
        self.assertGreater(np.abs(networks.logits(swapped, image) - networks.logits(net, image)).max(), 0.01)
        code, out, _ = self.commentary("squeezenet1_1", net.state_dict(), "--bgr", "--normalisation", "caffe")
        self.assertEqual(code, 0)
        self.assertIn("features.0.weight, .bias, its input channels swapped\n", out)
        _, metadata = format.read(self.folder / "w.safetensors")
        mean, std = (np.array(metadata[k].split(), float) for k in ("mean", "std"))
        np.testing.assert_allclose((np.array([[0.] * 3, [255.] * 3]) / 255 - mean) / std,
                                   [[-123, -117, -104], [132, 138, 151]], rtol=1e-12)

    def test_classes_that_are_left_out(self):
        state = networks.seed_parameters(networks.build("mobilenet_v1_075"), 6).state_dict()
        more = state | {k: torch.cat([torch.full_like(state[k][:1], 9), state[k]]) for k in ("fc.weight", "fc.bias")}
        self.assert_same(self.fitted("mobilenet_v1_075", more, skip_classes=1)[0], state)
        code, out, err = self.commentary("mobilenet_v1_075", more)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("wrong shape: fc.weight is [1001, 768], expected [1000, 768] (--skip-classes 1 leaves out", err)
        code, out, err = self.commentary("mobilenet_v1_075", more, "--skip-classes", "1")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("fc.weight, .bias, without the first 1\n", out)
        self.assertIn("fc.bias without the first 1 is [999], expected [1000]",
                      self.refusal("mobilenet_v1_075", state, skip_classes=1))
        for wrong in ("-1", "x", "1.5"):
            self.assertEqual(self.commentary("mobilenet_v1_075", more, "--skip-classes", wrong)[0], 2)

    def test_auxiliary_heads(self):
        state = models.googlenet(weights=None, init_weights=False).state_dict()
        heads = {k for k in state if k.startswith("aux") and "num_batches" not in k}
        net, unused = self.fitted("googlenet", {f"module.{k}": v for k, v in state.items()})
        self.assertEqual(unused, {f"module.{k}": "auxiliary head, not used" for k in heads})
        self.assertGreater(len(heads), 10)
        code, out, err = self.commentary("googlenet", state)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"aux2\.fc2\.weight +\[1000, 1024\] +auxiliary head, not used\n")
        self.assertIn("left over: aux1.x [1]", self.refusal("resnet20_cifar", {"aux1.x": torch.zeros(1)}))


class Layers(unittest.TestCase):
    """Names and chain ends of layers.outputs(), by modules run one after the other."""

    def outputs(self, name, shape=SMALL, mask=None):
        net = filled(name)
        if mask is not None:
            networks.set_mask(net, mask)
        image = generator.image(4, shape)
        found = layers.outputs(net, image)
        np.testing.assert_array_equal(list(found.values())[-1].ravel(), networks.logits(net, image))
        self.assertLessEqual(set(networks.layers(net)) if mask is None else set(), set(found))
        self.assertFalse([m for m in net.modules() if m._forward_hooks or m._forward_pre_hooks])
        twin = layers.outputs(fold.folded_twin(net, fold.fold(net)).double(), image)
        self.assertEqual(list(twin), list(found))
        for layer, values in found.items():
            self.assertLess(np.abs(twin[layer] - values).max(), 1e-5 * np.abs(values).max(), layer)
        return net, found

    def assert_equal(self, got, expected):
        np.testing.assert_array_equal(got, expected.reshape(got.shape))

    def test_sequences(self):
        for name, ends, others in (
                ("alexnet", {2: 3, 3: 5, 12: 13}, ["classifier.1", "classifier.4", "classifier.6"]),
                ("vgg11_bn", {0: 3, 3: 4, 4: 7, 25: 28, 28: 29}, ["classifier.0", "classifier.3", "classifier.6"]),
                ("squeezenet1_0", {0: 2, 2: 3, 3: 4, 12: 13}, ["classifier.1", "classifier.3"])):
            net, found = self.outputs(name)
            for layer, end in ends.items():
                self.assert_equal(found[f"features.{layer}"], run(net.features[:end], found["input"]))
            self.assertEqual(list(found)[-len(others):], others)
        net, found = self.outputs("squeezenet1_0")
        x = torch.from_numpy(found["features.3.squeeze"])[None]
        self.assertGreaterEqual(float(x.min()), 0)
        self.assert_equal(found["features.3"][64:], F.relu(net.features[3].expand3x3(x))[0].numpy())
        self.assert_equal(found["features.3.expand1x1"], found["features.3"][:64])
        self.assert_equal(found["classifier.1"], np.maximum(run(net.classifier[1], found["features.12"]), 0))

    def test_an_average_that_changes_nothing_is_no_layer(self):
        self.assertNotIn("avgpool", self.outputs("alexnet", (3, 224, 224))[1])
        net, found = self.outputs("alexnet", (3, 97, 131))
        self.assertEqual((found["features.12"].shape, found["avgpool"].shape), ((256, 2, 3), (256, 6, 6)))
        self.assert_equal(found["avgpool"], run(net.avgpool, found["features.12"]))
        self.assert_equal(found["classifier.1"], np.maximum(run(net.classifier[1], found["avgpool"].ravel()), 0))

    def test_googlenet(self):
        net, found = self.outputs("googlenet")
        unit = net.inception4b
        self.assert_equal(found["conv1.conv"], run(net.conv1, found["input"]))
        self.assert_equal(found["maxpool1"], run(net.maxpool1, found["conv1.conv"]))
        self.assert_equal(found["inception4b.branch2.0.conv"], run(unit.branch2[0], found["inception4a"]))
        self.assert_equal(found["inception4b.branch4.0"], run(unit.branch4[0], found["inception4a"]))
        self.assert_equal(found["inception4b"], run(unit, found["inception4a"]))
        self.assert_equal(found["avgpool"], run(net.avgpool, found["inception5b"]))
        names = list(found)
        at = names.index("inception4b.branch1.conv")
        parts = ("branch1.conv", "branch2.0.conv", "branch2.1.conv", "branch3.0.conv", "branch3.1.conv", "branch4.0",
                 "branch4.1.conv")
        self.assertEqual(names[at:at + 8], [*(f"inception4b.{p}" for p in parts), "inception4b"])

    def test_mobilenets(self):
        net, found = self.outputs("mobilenet_v1_075")
        self.assert_equal(found["conv_dw_2"], run(net[9:12], found["conv_pw_1"]))  # three modules each
        self.assertEqual(list(found)[-3:], ["conv_pw_13", "avgpool", "fc"])
        self.assertEqual(float(max(v.max() for k, v in found.items() if k.startswith("conv"))), 6)
        net, found = self.outputs("mobilenet_v2_same", mask="0111111111")
        self.assertFalse([k for k in found if k.startswith("features.3.")])
        self.assert_equal(found["features.4.conv.0.0"], run(net.features[4].conv[0], found["features.2.conv.2"]))
        self.assert_equal(found["features.5.conv.2"], run(net.features[5], found["features.4.conv.2"]))
        self.assert_equal(found["features.1.conv.1"], run(net.features[1], found["features.0.0"]))
        np.testing.assert_allclose(found["avgpool"].ravel(), found["features.18.0"].mean((1, 2)), rtol=1e-12)
        self.assertEqual(list(found)[-2:], ["avgpool", "classifier.1"])

    def test_resnext(self):
        net, found = self.outputs("resnext50_32x4d")
        block, x = net.layer2[1], torch.from_numpy(found["layer2.1.conv1"])[None]
        with torch.no_grad():
            self.assert_equal(found["layer2.1.conv2"], F.relu(block.bn2(block.conv2(x)))[0].numpy())
        self.assert_equal(found["layer2.1.conv3"], run(block, found["layer2.0.conv3"]))
        self.assertEqual(len(found), 1 + 54 + 2)


@unittest.skipUnless(DATA, "SLUICE_DATA is not set")
class RealCheckpoints(unittest.TestCase):
    def test_what_caffe_computed(self):
        data = pathlib.Path(DATA) / "golden" / "squeezenet1_0_caffe"
        stored, _ = checkpoint.read(pathlib.Path(DATA) / "checkpoints" / "squeezenet1_0_caffe.pth")
        net = networks.build("squeezenet1_0_caffe")
        checkpoint.load(net, checkpoint.fit(stored, net, "", bgr=True)[0])
        found = layers.outputs(net, np.load(data / "data.npy")[::-1].copy())  # Caffe's image has blue first
        for layer, file in (("features.12", "fire9_concat"), ("classifier.1", "conv10")):
            expected = np.load(data / f"{file}.npy")
            self.assertLess(np.abs(found[layer] - expected).max(), 1e-5 * expected.max(), layer)


if __name__ == "__main__":
    unittest.main()
