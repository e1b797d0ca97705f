#!/usr/bin/env python3
"""Tests of `./run compare`: the engine and PyTorch layer by layer, and faults that it must find.

    python3 tests/python/test_compare.py

SLUICE_PROGRAM names the sluice program (default: the newest build/*/sluice); without one nothing is tested and the exit
code is 77. SLUICE_DATA names a folder with checkpoints/: then a real one is compared too.
"""
import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "weights_tools"))

import compare  # noqa: E402  (found through the path above)
import convert  # noqa: E402
import recalibrate  # noqa: E402
from sluice_weights import difference, format, generator, layers, networks, settings  # noqa: E402

DATA = os.environ.get("SLUICE_DATA")
NET = "resnet20_cifar"
torch.set_num_threads(1)


def find_program():
    if os.environ.get("SLUICE_PROGRAM"):
        return pathlib.Path(os.environ["SLUICE_PROGRAM"]).resolve()
    built = sorted(ROOT.glob("build/*/sluice"), key=lambda p: p.stat().st_mtime)
    return built[-1] if built else None


PROGRAM = find_program()


def setUpModule():
    if not DATA:
        print("SLUICE_DATA is not set: the test with a real checkpoint is SKIPPED", file=sys.stderr)


class WithFiles(unittest.TestCase):
    """A seeded checkpoint and its weight file."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.checkpoint, cls.weights = cls.saved(NET), cls.folder / "w.safetensors"
        convert.convert(NET, cls.checkpoint, cls.weights, *convert.NORMALISATIONS["none"])

    @classmethod
    def saved(cls, name):
        """The path of a checkpoint of the network with seeded parameters."""
        path = cls.folder / f"{name}.pth"
        torch.save(networks.seed_parameters(networks.build(name), 4).state_dict(), path)
        return path

    def changed(self, change):
        """The path of the weight file after change(tensors)."""
        tensors, metadata = format.read(self.weights)
        tensors = {k: v.copy() for k, v in tensors.items()}
        change(tensors)
        path = self.folder / "changed.safetensors"
        format.write(path, tensors, metadata)
        return path

    def command(self, *arguments, net=NET, program=PROGRAM):
        """(exit code, stdout, stderr)"""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = compare.main(["--program", str(program), "--net", net, *map(str, arguments)])
            except SystemExit as e:
                code = e.code
        return code, out.getvalue(), err.getvalue()

    def report(self, *arguments, code=0, **options):
        found, out, err = self.command("--json", *arguments, **options)
        self.assertEqual((found, err), (code, ""), out)
        return json.loads(out)


class Agreement(WithFiles):
    def test_every_kind_of_network(self):
        """Both shortcuts without and with projection, the pooled stem, bottlenecks with gaps between their pixels."""
        for name in (NET, "resnet20_cifar_b", "resnet18", "resnet50"):
            source = self.checkpoint if name == NET else self.saved(name)
            report = self.report("--checkpoint", source, "--seed", 5, net=name)
            listed = json.loads(subprocess.run([PROGRAM, "nets", "--net", name, "--layers", "--json"],
                                               capture_output=True, check=True).stdout)[0]["layers"]
            self.assertEqual([(r["layer"], r["shape"]) for r in report["layers"]],
                             [(l["name"], l["output"]) for l in listed])
            self.assertIsNone(report["first"])
            self.assertLess(max(r["relative"] for r in report["layers"]), 1e-5)
            self.assertGreater(max(r["relative"] for r in report["layers"]), 0)  # float32 is not float64

    def test_pytorch_yields_what_the_network_computes(self):
        net = networks.seed_parameters(networks.build("resnet20_cifar_b"), 4).double()
        networks.set_mask(net, "011011")
        image = generator.image(3, (3, 32, 32))
        found = layers.outputs(net, image)
        np.testing.assert_array_equal(found["linear"].ravel(), networks.logits(net, image))
        np.testing.assert_allclose(found["avgpool"].ravel(), found["layer3.2.conv2"].mean((1, 2)), rtol=1e-14)
        with torch.no_grad():  # one block by hand
            block, x = net.layer2[0], torch.from_numpy(found["layer1.2.conv2"])[None]
            y = block.bn2(block.conv2(torch.relu(block.bn1(block.conv1(x)))))
            y = torch.relu(y + block.shortcut[1](block.shortcut[0](x)))
        np.testing.assert_array_equal(found["layer2.0.conv2"], y[0].numpy())
        self.assertNotIn("layer1.1.conv2", found)
        self.assertFalse([m for m in net.modules() if m._forward_hooks or m._forward_pre_hooks])

    def test_masks(self):
        for arguments, mask in ((["--mask", "101001"], "101001"), (["--keep", "0.5"], "101010"),
                                (["--tuple", "1,3,2"], "001110"), (["--groups", "1:1"], "110011")):
            report = self.report("--checkpoint", self.checkpoint, *arguments)
            self.assertEqual((report["mask"], report["first"]), (mask, None))
            blocks = [f"layer{g}.{i}." for g in (1, 2, 3) for i in (1, 2)]
            for block, bit in zip(blocks, mask):
                self.assertEqual(any(r["layer"].startswith(block) for r in report["layers"]), bit == "1", block)

    def test_weights_alone_and_an_image(self):
        image = self.folder / "image.npy"
        np.save(image, generator.values(8, "x", (3, 32, 32), 0.5, 2))
        for arguments in ([], ["--image", image]):
            self.assertIsNone(self.report("--weights", self.weights, *arguments)["first"])
        code, out, err = self.command("--checkpoint", self.checkpoint)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"layer3\.2\.conv2 +64x8x8 +\d\.\de-\d\d +\[\d+, \d, \d\]\n")
        self.assertIn("all agree within 0.0001", out)

    @unittest.skipUnless(DATA, "SLUICE_DATA is not set")
    def test_a_real_checkpoint(self):
        source = pathlib.Path(DATA) / "checkpoints" / "akamaster_resnet20-12fca82f.th"
        self.assertIsNone(self.report("--checkpoint", source, "--keep", "0.5")["first"])


class Statistics(WithFiles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        images = torch.from_numpy((generator.bits(1, "images", np.arange(500 * 3072)) >> np.uint64(16))
                                  .astype(np.uint8).reshape(500, 3, 32, 32))
        cls.recalibrated = {}
        for keep_full in (True, False):
            cls.recalibrated[keep_full] = path = cls.folder / f"recalibrated_{keep_full}.safetensors"
            recalibrate.recalibrate(NET, cls.checkpoint, path, images, *convert.NORMALISATIONS["imagenet"], (30,),
                                    keep_full=keep_full)
        net = networks.build(NET)
        net.load_state_dict(torch.load(cls.checkpoint))
        cls.statistics = settings.calibrate(net, [(1, 1, 1)], images, *convert.NORMALISATIONS["imagenet"])[1, 1, 1]
        cls.net = settings.install(net.double(), cls.statistics)
        networks.set_mask(cls.net, "000000")

    def test_the_setting_of_the_mask_is_taken(self):
        whole = self.report("--checkpoint", self.checkpoint, "--weights", self.recalibrated[True])
        self.assertEqual((whole["setting"], whole["first"]), (None, None))
        small = self.report("--checkpoint", self.checkpoint, "--weights", self.recalibrated[True], "--tuple", "1,1,1")
        self.assertEqual((small["setting"], small["first"]), ("30", None))
        alone = self.report("--weights", self.recalibrated[False], "--tuple", "1,1,1")
        self.assertEqual((alone["setting"], alone["first"]), ("30", None))
        self.assertIn("statistics of setting '30'", self.command("--weights", self.recalibrated[False], "--keep",
                                                                 "0.1")[1])

    def test_adopted_norms_are_those_of_the_statistics(self):
        tensors, _ = format.read(self.recalibrated[True])
        net = networks.build(NET).double()
        net.load_state_dict(torch.load(self.checkpoint))
        networks.set_mask(net, "000000")
        image = generator.image(1, (3, 32, 32))
        before = networks.logits(net, image)
        after, expected = networks.logits(settings.adopt(net, tensors, "30"), image), networks.logits(self.net, image)
        np.testing.assert_allclose(after, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
        self.assertGreater(np.abs(before - expected).max(), 0.01 * np.abs(expected).max())

    def test_a_mask_without_a_setting(self):
        arguments = ["--weights", self.recalibrated[True], "--tuple", "2,1,1"]
        code, out, err = self.command(*arguments)
        self.assertEqual((code, out), (2, ""))
        self.assertIn("none for this mask", err)
        self.assertIsNone(self.report(*arguments, "--default-statistics")["setting"])

    def test_other_statistics_than_the_checkpoints_are_found(self):
        report = self.report("--checkpoint", self.checkpoint, "--weights", self.recalibrated[False], code=6)
        self.assertEqual(report["first"], "conv1")
        self.assertIn("conv1.weight of the weight file is not the checkpoint's", report["meaning"][0])


class Faults(WithFiles):
    def fault(self, change, *arguments):
        return self.report("--checkpoint", self.checkpoint, "--weights", self.changed(change), *arguments, code=6)

    def test_one_changed_number_is_found(self):
        for tensor, at, layer in (("conv1.weight", (2, 1, 1, 1), "conv1"), ("layer1.2.conv2.bias", (9,), "layer1.2.conv2"),
                                  ("layer2.1.conv1.weight", (3, 0, 1, 1), "layer2.1.conv1"),
                                  ("linear.weight", (7, 5), "linear")):
            def change(tensors):
                tensors[tensor][at] += 0.5

            report = self.fault(change)
            self.assertEqual(report["first"], layer)
            row, = [r for r in report["layers"] if r["layer"] == layer]
            self.assertEqual((row["agrees"], row["at"][0]), (False, at[0]))
            before = report["layers"][:report["layers"].index(row)]
            self.assertTrue(before and all(r["agrees"] for r in before))
            self.assertIn(f"{tensor} of the weight file is not the checkpoint's: the largest difference is 0.5, at "
                          f"{list(at)}", report["meaning"][0])
            self.assertRegex(report["meaning"][1], rf"^1 of \d+ channels differ \(c = {at[0]}\)")
            self.assertIn("the reference primitive differs from PyTorch too", report["meaning"][-1])

    def test_a_change_in_a_skipped_block_does_not_matter(self):
        def change(tensors):
            tensors["layer2.1.conv1.weight"] *= 2

        path = self.changed(change)
        for mask, code in (("110111", 0), ("111111", 6)):
            self.report("--checkpoint", self.checkpoint, "--weights", path, "--mask", mask, code=code)

    def test_text(self):
        def change(tensors):
            tensors["layer3.0.conv2.bias"][5] += 1

        code, out, err = self.command("--checkpoint", self.checkpoint, "--weights", self.changed(change))
        self.assertEqual((code, err), (6, ""))
        self.assertRegex(out, r"layer3\.0\.conv2 +64x8x8 +\S+ +\[5, \d, \d\] +<- the first\n")
        self.assertIn("the first that differs by more than 0.0001 is layer3.0.conv2\n", out)
        self.assertIn("  layer3.0.conv2.bias of the weight file", out)

    def miscomputing(self, body):
        """A program that spoils what sluice dumps, unless the reference primitive computed it."""
        program = self.folder / "program"
        program.write_text(f"#!{sys.executable}\nimport subprocess, sys\nimport safetensors.numpy as s\n"
                           f"subprocess.run([{str(PROGRAM)!r}, *sys.argv[1:]], check=True)\n"
                           "if '--reference' in sys.argv: sys.exit()\n"
                           "path = sys.argv[sys.argv.index('--output') + 1]\n"
                           f"t = s.load_file(path)\n{body}\ns.save_file(t, path, {{'mask': '111111'}})\n")
        program.chmod(0o755)
        return program

    def test_a_kernel_that_miscomputes(self):
        for body, first, said in (
                ("t['layer2.0.conv1'][:, 0] += 1; t['layer3.1.conv1'] += 1", "layer2.0.conv1", "only pixels on the border"),
                ("t['layer2.2.conv2'][4:6] += 1", "layer2.2.conv2", "2 of 32 channels differ (c = 4, 5)"),
                ("t['layer1.0.conv1'][3, 2, 1] = float('nan')", "layer1.0.conv1", "1 of 16384 numbers"),
                ("t['conv1'] += 1", "conv1", "the reference primitive agrees with PyTorch"),
                ("t['input'] *= 2", "input", "not given the same image"),
                ("del t['avgpool']", "avgpool", "PyTorch only"), ("t['more'] = t['conv1']", "more", "the engine only"),
                ("t['avgpool'] = t['avgpool'][:9]", "avgpool", "[9, 1, 1], PyTorch's [64, 1, 1]")):
            report = self.report("--checkpoint", self.checkpoint, program=self.miscomputing(body), code=6)
            self.assertEqual(report["first"], first)
            self.assertIn(said, " ".join(report["meaning"]), body)
        nothing = difference.difference("x", np.zeros((1, 1, 1)), np.zeros((1, 1, 1)))
        self.assertTrue(nothing.agrees(1e-4))
        self.assertFalse(difference.difference("x", np.ones((1, 1, 1)), np.zeros((1, 1, 1))).agrees(1e-4))

    def test_the_tolerance(self):
        def change(tensors):
            tensors["linear.bias"][2] += 0.02

        path = self.changed(change)
        self.report("--checkpoint", self.checkpoint, "--weights", path, code=6)
        self.report("--checkpoint", self.checkpoint, "--weights", path, "--tolerance", "0.5")


class Refusals(WithFiles):
    def test_wrong_usage(self):
        good = ["--checkpoint", self.checkpoint]
        for arguments, said in (([], "--checkpoint"), ([*good, "--seed", "-1"], "--seed"),
                                ([*good, "--tolerance", "0"], "--tolerance"), ([*good, "--tolerance", "nan"], "--tolerance"),
                                ([*good, "--keep", "1", "--mask", "111111"], "--mask"), ([*good, "--mask", "111"], "--mask"),
                                ([*good, "--keep=-0.5"], "--keep"), ([*good, "--keep", "1,0.5"], "one mask"),
                                ([*good, "--seed", "1", "--image", "x"], "--image")):
            code, out, err = self.command(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertIn(said, err)
        code, _, err = self.command(*good, program="/no/such/program")
        self.assertEqual(code, 2)
        self.assertIn("'/no/such/program' does not start", err)

    def test_files(self):
        absent = self.folder / "absent"
        for arguments, code in ((["--checkpoint", absent], 1), (["--weights", absent], 3),
                                (["--weights", self.checkpoint], 4), (["--weights", self.weights, "--image", absent], 3)):
            found, out, err = self.command(*arguments)
            self.assertEqual((found, out), (code, ""), err)
            self.assertIn(str(arguments[-1]), err)
            self.assertEqual(err.count("\n"), 1)


if __name__ == "__main__":
    if PROGRAM is None or not PROGRAM.exists():
        print(f"skipped: no sluice program ({PROGRAM or 'build/*/sluice'}); build it or set SLUICE_PROGRAM",
              file=sys.stderr)
        sys.exit(77)
    unittest.main()
