#!/usr/bin/env python3
"""Tests of weights_tools/: training with blocks skipped, statistics per setting, export and evaluation.

    python3 tests/python/test_train.py
"""
import contextlib
import copy
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "weights_tools"))

import evaluate  # noqa: E402  (found through the path above)
import recalibrate  # noqa: E402
import search  # noqa: E402
import train  # noqa: E402
from sluice_weights import (affine, cifar, fold, format, generator, networks, resnet, settings, training,  # noqa: E402
                            tuples)

MEAN, STD = training.Recipe("", 1).mean, training.Recipe("", 1).std
torch.set_num_threads(1)


def tiny(counts=(3, 3), seed=3):
    """A network that trains in milliseconds a step."""
    net = resnet.ResNet(resnet.basic, counts, 4, "cifar", 10, "pad", "linear").eval().requires_grad_(False)
    return networks.seed_parameters(net, seed)


def pictures(count, seed=5):
    """(images uint8 [count,3,32,32], labels int64 [count]): a class shows in the brightness of its colours."""
    labels = torch.from_numpy((generator.bits(seed, "labels", np.arange(count)) % 10).astype(np.int64))
    noise = generator.values(seed, "pictures", (count, 3, 32, 32), 100, 60)
    bright = np.stack([labels.numpy() * f % 10 * 10 for f in (1, 3, 7)], 1)[:, :, None, None]
    return torch.from_numpy(np.clip(noise + bright, 0, 255).astype(np.uint8)), labels


def recipe(**changes):
    return training.Recipe(**{"net": "tiny", "steps": 6, "batch": 8, "chunk": 4, "lr": 0.02} | changes)


class TemporaryFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def data_set(self, count=16):
        """A folder with CIFAR-10's file names, count pictures in each file."""
        folder = self.folder / "data"
        folder.mkdir()
        for i, name in enumerate(cifar.TRAINING + cifar.TEST):
            images, labels = pictures(count, i)
            records = np.concatenate([labels.numpy().astype(np.uint8)[:, None], images.numpy().reshape(count, -1)], 1)
            (folder / name).write_bytes(records.tobytes())
        return folder


class Data(TemporaryFolder):
    def test_files(self):
        folder = self.data_set(3)
        images, labels = cifar.read(folder, cifar.TRAINING)
        self.assertEqual((images.shape, images.dtype, labels.shape), ((15, 3, 32, 32), torch.uint8, (15,)))
        torch.testing.assert_close(images[3:6], pictures(3, 1)[0])
        (folder / cifar.TEST[0]).write_bytes(b"\0" * 100)
        with self.assertRaisesRegex(cifar.DataError, "no whole number of records"):
            cifar.read(folder, cifar.TEST)
        (folder / cifar.TEST[0]).unlink()
        with self.assertRaisesRegex(cifar.DataError, "nor test_batch.bin.xz exists"):
            cifar.read(folder, cifar.TEST)
        (folder / "test_batch.bin.xz").write_bytes(b"\xfd7zXZ\0")
        with self.assertRaisesRegex(cifar.DataError, "no intact .xz file"):
            cifar.read(folder, cifar.TEST)

    def test_an_epoch_sees_every_image_once(self):
        r = recipe()
        for epoch in range(2):
            seen = np.concatenate([training.indices(r, 24, 3 * epoch + i) for i in range(3)])
            self.assertEqual(sorted(seen), list(range(24)))
        self.assertNotEqual(list(training.indices(r, 24, 0)), list(training.indices(r, 24, 3)))
        self.assertNotEqual(list(training.indices(r, 24, 0)), list(training.indices(recipe(seed=2), 24, 0)))

    def test_crops_cover_the_padding_evenly(self):
        rows, columns, flips = training.crops(recipe(batch=9000, chunk=9000), 3)
        for offsets in (rows, columns):
            counts = np.bincount(offsets)
            self.assertEqual(len(counts), 2 * training.PAD + 1)
            self.assertTrue((np.abs(counts - 1000) < 150).all(), counts)
        self.assertTrue(4300 < flips.sum() < 4700)
        self.assertFalse((rows == columns).all())

    def test_augmentation_is_padding_cutting_and_mirroring(self):
        images, _ = pictures(5)
        rows, columns, flips = np.array([0, 4, 8, 3, 1]), np.array([4, 4, 0, 8, 7]), np.array([0, 1, 0, 1, 1], bool)
        got = training.augment(images, rows, columns, flips)
        for i in range(5):
            expected = F.pad(images[i], (4, 4, 4, 4))[:, rows[i]:rows[i] + 32, columns[i]:columns[i] + 32]
            self.assertTrue(torch.equal(got[i], expected.flip(2) if flips[i] else expected))


class Tuples(unittest.TestCase):
    def test_ladder(self):
        self.assertEqual(training.ladder(tiny((9, 9, 9))), [(k, k, k) for k in range(1, 10)])
        self.assertEqual(training.ladder(tiny((9, 9, 9)), 30), [(k, k, k) for k in range(3, 10)])
        self.assertEqual(training.ladder(tiny((2, 4))), [(1, 1), (1, 2), (2, 3), (2, 4)])

    def test_sandwich(self):
        net, r = tiny((9, 9, 9)), recipe(smallest=30)
        steps = [training.draw(net, r, step) for step in range(1400)]
        self.assertTrue(all(s[0] == (9, 9, 9) and s[2] == (3, 3, 3) and len(s) == 3 for s in steps))
        counts = np.bincount([s[1][0] for s in steps], minlength=10)
        self.assertEqual(list(counts[[0, 3, 9]]), [0, 0, 0])  # those have their own places
        self.assertTrue((np.abs(counts[[1, 2, 4, 5, 6, 7, 8]] - 200) < 60).all(), counts)
        self.assertEqual(steps[:50], [training.draw(net, r, step) for step in range(50)])
        self.assertNotEqual(steps[:50], [training.draw(net, recipe(seed=2), step) for step in range(50)])
        self.assertEqual(min(training.draw(net, recipe(floor=50), s)[1] for s in range(200)), (5, 5, 5))

    def test_the_other_rules(self):
        net = tiny((9, 9, 9))
        drawn = [training.draw(net, recipe(rule="tail"), step) for step in range(300)]
        self.assertTrue(all(len(d) == 1 for d in drawn))
        self.assertEqual({d[0] for d in drawn}, {(k, k, k) for k in range(1, 10)})
        self.assertEqual(training.draw(net, recipe(rule="full"), 7), [(9, 9, 9)])
        with self.assertRaisesRegex(training.TrainingError, "rule 'other'"):
            recipe(rule="other")

    def test_shared_prefixes_change_nothing(self):
        net, x = tiny((3, 2)).double(), torch.randn(4, 3, 32, 32, dtype=torch.float64)
        keeps = [(3, 2), (2, 1), (1, 2), (3, 1), (1, 1)]
        for keep, got in zip(keeps, training.forward(net, keeps, x)):
            with settings.masked(net, keep):
                torch.testing.assert_close(got, net(x), rtol=1e-12, atol=1e-12)


class Training(TemporaryFolder):
    def test_learning_rate(self):
        r = recipe(steps=1000, lr=0.5, warm_up=0.2)
        rates = [r.learning_rate(step) for step in range(1000)]
        self.assertEqual(rates.index(max(rates)), 200 if rates[200] > rates[199] else 199)
        self.assertAlmostEqual(max(rates), 0.5, 4)
        self.assertAlmostEqual(rates[0], 0.02, 3)
        self.assertLess(rates[-1], 1e-4)
        self.assertEqual(rates[:200], sorted(rates[:200]))
        self.assertEqual(rates[200:], sorted(rates[200:], reverse=True))
        self.assertGreater(recipe(warm_up=0.0).learning_rate(0), 0.01)

    def test_one_step_is_that_of_torch(self):
        images, labels = pictures(16)
        r = recipe(steps=3, weight_decay=0.01)
        trainer = training.Trainer(r, tiny(), images, labels)
        # the same by PyTorch's optimiser, each tuple on its own, by masks
        net = tiny().train().requires_grad_(True)
        optimiser = torch.optim.SGD(net.parameters(), lr=1, momentum=r.momentum, weight_decay=0.01, nesterov=True)
        for step in range(3):
            chosen, (rows, columns, flips) = training.indices(r, 16, step), training.crops(r, step)
            optimiser.param_groups[0]["lr"] = r.learning_rate(step)
            optimiser.zero_grad()
            for half in (slice(0, 4), slice(4, 8)):
                x = training.normalise(training.augment(images[chosen[half]], rows[half], columns[half], flips[half]),
                                       r.mean, r.std)
                y, outputs = labels[chosen[half]], []
                for keep in training.draw(net, r, step):
                    with settings.masked(net, keep):
                        outputs.append(net(x))
                soft = outputs[0].detach().softmax(1)
                total = F.cross_entropy(outputs[0], y, label_smoothing=0.05) / 2
                for o in outputs[1:]:
                    total = total + F.cross_entropy(o, y, label_smoothing=0.05) / 4
                    total = total - (soft * o.log_softmax(1)).sum(1).mean() / 4
                total.backward()
            optimiser.step()
            trainer.advance()
        for got, expected in zip(trainer.net.parameters(), net.parameters()):
            torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-5)

    def test_it_learns(self):
        images, labels = pictures(320)
        r = recipe(steps=60, batch=32, chunk=32, lr=0.1)
        trainer = training.Trainer(r, tiny(), images, labels)
        losses = [trainer.advance()["loss"] for _ in range(60)]
        self.assertLess(np.mean(losses[-6:]), 0.75 * np.mean(losses[:6]))

    def test_a_resumed_run_ends_with_equal_weights(self):
        images, labels = pictures(24)
        for rule in ("sandwich", "tail"):
            r = recipe(rule=rule, steps=7)
            whole = training.Trainer(r, tiny(), images, labels)
            for _ in range(7):
                whole.advance()
            for cut in range(7):
                first = training.Trainer(r, tiny(), images, labels)
                for _ in range(cut):
                    first.advance()
                first.save(self.folder / "state.pth")
                first.advance()  # a step after the last state, lost when the run is killed
                second = training.Trainer(r, tiny(seed=99), images, labels)
                second.resume(self.folder / "state.pth")
                for _ in range(7 - cut):
                    second.advance()
                self.assertTrue(torch.equal(whole.values, second.values), (rule, cut))
                self.assertTrue(torch.equal(whole.momenta, second.momenta))

    def test_another_recipe_is_refused(self):
        images, labels = pictures(8)
        training.Trainer(recipe(), tiny(), images, labels).save(self.folder / "state.pth")
        other = training.Trainer(recipe(lr=0.5, seed=4), tiny(), images, labels)
        with self.assertRaisesRegex(training.TrainingError, r"seed 1 there, 4 here; lr 0.02 there, 0.5 here"):
            other.resume(self.folder / "state.pth")

    def test_another_schedule_only_if_asked_for(self):
        images, labels = pictures(8)
        first = training.Trainer(recipe(steps=9), tiny(), images, labels)
        for _ in range(3):
            first.advance()
        first.save(self.folder / "state.pth")
        shorter = training.Trainer(recipe(steps=5), tiny(), images, labels)
        with self.assertRaisesRegex(training.TrainingError, "steps 9 there, 5 here"):
            shorter.resume(self.folder / "state.pth")
        shorter.resume(self.folder / "state.pth", reschedule=True)
        self.assertEqual(shorter.advance()["lr"], recipe(steps=5).learning_rate(3))
        other = training.Trainer(recipe(steps=5, lr=1.0), tiny(), images, labels)
        with self.assertRaisesRegex(training.TrainingError, "lr 0.02 there, 1.0 here"):
            other.resume(self.folder / "state.pth", reschedule=True)

    def test_what_cannot_be(self):
        images, labels = pictures(8)
        with self.assertRaisesRegex(training.TrainingError, "8 images are fewer than a batch of 16"):
            training.Trainer(recipe(batch=16), tiny(), images, labels)
        with self.assertRaisesRegex(training.TrainingError, "no whole number of chunks of 3"):
            recipe(chunk=3)
        trainer = training.Trainer(recipe(), tiny(), images, labels)
        trainer.values.fill_(float("nan"))
        with self.assertRaisesRegex(training.TrainingError, "the loss of step 1 is nan"):
            trainer.advance()

    def test_a_signal_saves_and_the_log_has_no_step_twice(self):
        images, labels = pictures(16)
        r, advance = recipe(steps=8), training.Trainer.advance

        def interrupted(trainer):
            line = advance(trainer)
            if trainer.step == 3:
                signal.raise_signal(signal.SIGTERM)  # takes effect in the next step
            return line

        with mock.patch.object(training.Trainer, "advance", interrupted):
            self.assertEqual(train.train(r, tiny(), images, labels, self.folder, log_every=1), 4)
        self.assertEqual(signal.getsignal(signal.SIGTERM), signal.SIG_DFL)
        with open(self.folder / train.LOG, "a") as log:
            log.write('{"step": 5}\n')  # logged by a run that was killed before it saved that step
        self.assertEqual(train.train(r, tiny(seed=9), images, labels, self.folder, log_every=1), 8)
        lines = [json.loads(line) for line in (self.folder / train.LOG).read_text().splitlines()]
        self.assertEqual([line["step"] for line in lines], list(range(1, 9)))
        self.assertEqual(set(lines[4]), {"step", "lr", "loss", "keep", "images/s", "time"})
        whole = training.Trainer(r, tiny(), images, labels)
        for _ in range(8):
            whole.advance()
        stored = torch.load(self.folder / train.STATE)["state_dict"]
        for name, value in whole.net.named_parameters():
            self.assertTrue(torch.equal(stored[name], value), name)
        with self.assertRaisesRegex(training.TrainingError, "nothing to go on from"):
            train.train(r, tiny(), images, labels, self.folder / "elsewhere", resume=True)


class Command(TemporaryFolder):
    def command(self, output, *more):
        return [sys.executable, str(ROOT / "weights_tools" / "train.py"), "--net", "resnet20_cifar", "--data",
                str(self.folder / "data"), "--scratch", "--output", str(self.folder / output), "--steps", "2",
                "--batch", "8", "--chunk", "4", *more]

    def parameters(self, output):
        state = torch.load(self.folder / output / train.STATE)
        return torch.cat([v.flatten() for k, v in state["state_dict"].items() if v.is_floating_point()])

    def test_two_processes_do_what_one_does(self):
        if not torch.distributed.is_available():
            self.skipTest("this PyTorch has no torch.distributed")
        self.data_set()
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        runs = [subprocess.Popen(self.command(name) + ["--processes", n], env=environment)
                for name, n in (("alone", "1"), ("pair", "2"))]
        self.assertEqual([p.wait(timeout=300) for p in runs], [0, 0])
        # two chunks: a sum of two has only one order, so even the rounding is the same
        torch.testing.assert_close(self.parameters("pair"), self.parameters("alone"), rtol=1e-6, atol=1e-7)
        start = torch.cat([v.flatten() for v in training.start("resnet20_cifar").state_dict().values()
                           if v.is_floating_point()])
        self.assertGreater((self.parameters("alone") - start).abs().max(), 1e-3)

    def test_processes_stop_together(self):
        if not torch.distributed.is_available():
            self.skipTest("this PyTorch has no torch.distributed")
        self.data_set()
        command = self.command("pair") + ["--processes", "2", "--steps", "100000", "--log-every", "1"]
        run = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})
        log = self.folder / "pair" / train.LOG
        while run.poll() is None and not (log.exists() and log.read_text().count("\n") > 1):
            time.sleep(0.1)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(timeout=100), 0)
        state = torch.load(self.folder / "pair" / train.STATE)
        self.assertEqual(state["step"], json.loads(log.read_text().splitlines()[-1])["step"])
        # one that fails takes the others with it
        (self.folder / "pair" / train.STATE).write_bytes(b"damaged")
        failed = subprocess.run(command, capture_output=True, text=True, timeout=100)
        self.assertEqual(failed.returncode, 1)
        self.assertRegex(failed.stderr, "error: .*state.pth is no state that train.py wrote")

    def test_wrong_usage(self):
        self.data_set(2)
        for expected, more in ((2, ["--steps", "1", "--epochs", "1"]), (2, ["--lr", "nan"]), (2, ["--seed", "-1"]),
                               (2, ["--rule", "none"]), (2, ["--warm-up", "1"]), (1, ["--batch", "200"]),
                               (1, ["--chunk", "5"]), (1, ["--resume"]), (1, ["--smallest", "0"]),
                               (1, ["--data", str(self.folder / "none")])):
            with contextlib.redirect_stderr(io.StringIO()) as errors:
                try:
                    code = train.main(self.command("wrong", *more)[2:])
                except SystemExit as e:
                    code = e.code
            self.assertEqual(code, expected, more)
            self.assertIn("error: ", errors.getvalue())


class Settings(TemporaryFolder):
    def test_statistics_are_those_of_the_convolutions(self):
        net, (images, _) = tiny((3, 2)), pictures(2 * settings.BATCH)
        before = copy.deepcopy(net.state_dict())
        found = settings.calibrate(net, [(2, 1), (1, 2)], images, MEAN, STD)[2, 1]
        self.assertEqual(set(found), {"bn1"} | {f"layer{g}.{b}.bn{i}" for g, b in ((1, 0), (1, 1), (2, 0))
                                                for i in (1, 2)})
        for name, value in net.state_dict().items():
            self.assertTrue(torch.equal(value, before[name]), name)
        self.assertFalse(any(m.training for m in net.modules()))
        self.assertTrue(all(b.gate for b in networks.blocks(net)))

        def norm(x, module, name, seen):
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
            seen.setdefault(name, []).append((mean, var * x[:, 0].numel() / (x[:, 0].numel() - 1)))
            return (x - mean[:, None, None]) / (var[:, None, None] + module.eps).sqrt() * module.weight[:, None, None] \
                + module.bias[:, None, None]

        seen, net = {}, net.double()
        for i in range(0, len(images), settings.BATCH):  # by hand, block after block
            x = training.normalise(images[i:i + settings.BATCH], MEAN, STD).double()
            x = norm(net.conv1(x), net.bn1, "bn1", seen).relu()
            for g, b in ((1, 0), (1, 1), (2, 0)):
                block = net.groups[g - 1][b]
                y = norm(block.conv1(x), block.bn1, f"layer{g}.{b}.bn1", seen).relu()
                y = norm(block.conv2(y), block.bn2, f"layer{g}.{b}.bn2", seen)
                x = (y + (block.shortcut(x) if block.shortcut_name else x)).relu()
        for name, (mean, variance) in found.items():
            for got, expected in zip((mean, variance), zip(*seen[name])):
                np.testing.assert_allclose(got, torch.stack(expected).mean(0).numpy(), rtol=1e-4, atol=1e-5)

    def test_settings_reproduce_the_recalibrated_network(self):
        name, (images, _) = "resnet20_cifar", pictures(60)
        net = networks.seed_parameters(networks.build(name), 4)
        net.layer1[0].bn1.weight[1] = 0.0  # a channel that its norm switches off
        net.layer2[0].bn2.weight[2] = -0.5
        source = self.folder / "source.pth"
        torch.save(net.state_dict(), source)
        image = generator.image(8, (3, 32, 32))
        for storage, tolerance in (("f32", 1e-5), ("f16", 1e-2)):
            output = self.folder / f"{storage}.safetensors"
            recalibrate.recalibrate(name, source, output, images, MEAN, STD, (100, 90, 50, 34, 30, 10), [(3, 2, 1)],
                                    storage)
            tensors, metadata = format.read(output)
            self.assertEqual(format.settings(metadata), {"50": "101010", "30": "000000", "3-2-1": "111000"})
            self.assertEqual({str(tensors[f"{n}.weight"].dtype) for n in format.layers(tensors)},
                             {{"f32": "float32", "f16": "float16"}[storage]})
            for setting, keep in ((None, (3, 3, 3)), ("50", (2, 2, 2)), ("30", (1, 1, 1)), ("3-2-1", (3, 2, 1))):
                expected = copy.deepcopy(net)
                settings.install(expected, settings.calibrate(net, [keep], images, MEAN, STD)[keep])
                networks.set_mask(expected, networks.keep_to_mask(net, keep))
                expected = networks.logits(expected.double(), image)
                got = networks.logits(settings.network(tensors, metadata, setting), image, torch.float32)
                self.assertLess(np.abs(got - expected).max() / np.abs(expected).max(), tolerance, (storage, setting))
            # the engine computes acc * scale + bias: of the weights as they are stored
            image_1 = generator.image(1, (3, 32, 32))
            stored = networks.logits(settings.network(tensors, metadata), image_1, torch.float32)
            np.testing.assert_allclose(stored, tensors["selftest.logits"], atol=1e-5 * np.abs(stored).max())
        self.assertLess(os.path.getsize(output), 0.7 * os.path.getsize(self.folder / "f32.safetensors"))
        self.assertRegex(metadata["source"], r"^source\.pth sha256:[0-9a-f]{64}$")

    def test_skipped_layers_have_no_scale(self):
        net = tiny((2, 2)).double()
        scale, bias = settings.epilogue(net, settings.calibrate(tiny((2, 2)), [(1, 2)], pictures(20)[0], MEAN, STD)[1, 2])
        self.assertEqual(set(scale), set(bias))
        self.assertEqual(set(fold.pairs(net)) - set(scale), {"layer1.1.conv1", "layer1.1.conv2"})

    def test_only_weights_may_be_half(self):
        net = networks.seed_parameters(networks.build("resnet20_cifar"), 1)
        torch.save(net.state_dict(), self.folder / "source.pth")
        recalibrate.recalibrate("resnet20_cifar", self.folder / "source.pth", self.folder / "w.safetensors",
                                pictures(8)[0], MEAN, STD, (100,))
        tensors, metadata = format.read(self.folder / "w.safetensors")
        for name in ("conv1.bias", "selftest.logits"):
            changed = tensors | {name: tensors[name].astype(np.float16)}
            with self.assertRaisesRegex(format.FormatError, f"{name} is float16, expected float32"):
                format.write(self.folder / "new.safetensors", changed, metadata)
        changed = tensors | {"conv1.weight": tensors["conv1.weight"].astype(np.float64)}
        with self.assertRaisesRegex(format.FormatError, "conv1.weight is float64, expected float32 or float16"):
            format.write(self.folder / "new.safetensors", changed, metadata)


class Repairs(TemporaryFolder):
    def test_learnt_factors_reach_the_weight_file(self):
        name, (images, labels) = "resnet20_cifar", pictures(300)
        net = networks.seed_parameters(networks.build(name), 4)
        source, output = self.folder / "source.pth", self.folder / "w.safetensors"
        torch.save(net.state_dict(), source)
        x = training.normalise(images[:50], MEAN, STD)
        for kind in affine.KINDS[1:]:
            learnt = {}

            def learn(net, keep):
                learnt[keep] = affine.learn(net, keep, kind, images, labels, MEAN, STD, 2)
                return learnt[keep]

            recalibrate.recalibrate(name, source, output, images, MEAN, STD, (100, 50), learn=learn)
            (keep, factors), = learnt.items()
            self.assertEqual(keep, (2, 2, 2))
            self.assertEqual(len(factors), {"block": 6, "channel": 13}[kind])
            self.assertTrue(all((scale != 1).any() for scale, _ in factors.values()))
            self.assertEqual(any((shift != 0).any() for _, shift in factors.values()), kind == "channel")
            expected = copy.deepcopy(net)
            with affine.adjusted(expected, factors), settings.masked(expected, keep):
                settings.install(expected, settings.calibrate(expected, [keep], images, MEAN, STD)[keep])
                expected = expected(x)
            got = settings.network(*format.read(output), "50")(x)
            self.assertLess(float((got - expected).abs().max() / expected.abs().max()), 1e-5)

    def test_learning_lowers_the_loss_and_leaves_the_network(self):
        (images, labels), net = pictures(512), tiny((3, 3))
        before = copy.deepcopy(net.state_dict())
        settings.install(net, settings.calibrate(net, [(3, 3)], images, MEAN, STD)[3, 3])
        installed = copy.deepcopy(net.state_dict())

        def cross_entropy(factors):
            with affine.adjusted(net, factors), settings.masked(net, (1, 2)):
                twin = settings.install(copy.deepcopy(net), settings.calibrate(net, [(1, 2)], images, MEAN, STD)[1, 2])
                networks.set_mask(twin, networks.keep_to_mask(net, (1, 2)))
                return float(F.cross_entropy(twin(training.normalise(images, MEAN, STD)), labels))

        plain = cross_entropy({})
        block, channel = (cross_entropy(affine.learn(net, (1, 2), kind, images, labels, MEAN, STD, 12))
                          for kind in affine.KINDS[1:])
        self.assertLess(block, plain)
        self.assertLess(channel, block)
        self.assertEqual(affine.learn(net, (1, 2), "none", images, labels, MEAN, STD, 12), {})
        for name, value in net.state_dict().items():
            self.assertTrue(torch.equal(value, installed[name]), name)
        self.assertFalse(all(torch.equal(v, before[k]) for k, v in installed.items()))
        self.assertFalse(any(m.training for m in net.modules()))

    def test_counts_are_those_of_one_tuple_at_a_time(self):
        (images, labels), net = pictures(300), tiny((2, 3))
        keeps = tuples.every(net)
        self.assertEqual(keeps, [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)])
        statistics = settings.calibrate(net, keeps, images, MEAN, STD)
        together = tuples.right(net, statistics, images, labels, MEAN, STD)
        plain = tuples.right(net, dict.fromkeys(keeps), images, labels, MEAN, STD)
        for keep in keeps:
            with settings.masked(net, keep):
                self.assertEqual(plain[keep], settings.right(net, images, labels, MEAN, STD))
            alone = settings.install(copy.deepcopy(net), settings.calibrate(net, [keep], images, MEAN, STD)[keep])
            networks.set_mask(alone, networks.keep_to_mask(net, keep))
            self.assertEqual(together[keep], settings.right(alone, images, labels, MEAN, STD))
        self.assertGreater(len(set(together.values()) | set(plain.values())), 2)  # equal counts would prove nothing

    def test_macs(self):
        net = networks.build("resnet56_cifar")
        self.assertEqual(tuples.macs(net, (9, 9, 9), (3, 32, 32)), 125_485_696)
        # a block of group 1: two 3x3 convolutions of 16 channels on 32x32 pixels
        self.assertEqual(tuples.macs(net, (7, 9, 9), (3, 32, 32)), 125_485_696 - 2 * 2 * 1024 * 16 * 16 * 9)

    def test_choices(self):
        cost = {k: 10 * k[0] + 7 * k[1] for k in ((1, 1), (1, 2), (2, 1), (2, 2))}
        counts = {(2, 2): 100, (1, 2): 90, (2, 1): 94, (1, 1): 80}
        self.assertEqual(tuples.greedy(counts, cost), [(2, 2), (2, 1), (1, 1)])  # 6/7 a unit, not 10/10
        self.assertEqual(tuples.greedy(counts | {(1, 2): 98}, cost), [(2, 2), (1, 2), (1, 1)])
        self.assertEqual([tuples.best(counts, cost, b) for b in (34, 33, 27, 26, 17)],
                         [(2, 2), (2, 1), (2, 1), (1, 2), (1, 1)])
        self.assertEqual(tuples.best({(1, 2): 5, (2, 1): 5}, cost, 50), (1, 2))  # 24, not 27

    def test_search(self):
        data, output = self.data_set(60), self.folder / "search.json"
        torch.save(training.start("resnet20_cifar", seed=2).state_dict(), self.folder / "w.pth")
        usual = ["--net", "resnet20_cifar", "--checkpoint", str(self.folder / "w.pth"), "--data", str(data),
                 "--output", str(output), "--images", "100", "--selection", "100"]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(search.main(usual), 0)
        report = json.loads(output.read_text())
        self.assertEqual(len(report["tuples"]), 27)
        counts = {tuple(t["keep"]): t["right"] for t in report["tuples"]}
        for row in report["rows"]:
            for how in ("greedy", "exhaustive"):
                self.assertLessEqual(row[how]["macs"], row["macs"])
            self.assertEqual(counts[tuple(row["exhaustive"]["keep"])],
                             max(t["right"] for t in report["tuples"] if t["macs"] <= row["macs"]))
        self.assertEqual([row["proportional"]["keep"] for row in report["rows"]], [[3] * 3, [2] * 3, [1] * 3])
        self.assertEqual([row["percent"] for row in report["rows"]], [100, 60, 30])
        self.assertIn("| 60 % |", said.getvalue())
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            self.assertEqual(search.main(usual[:-1] + ["201"]), 1)
            self.assertRaises(SystemExit, search.main, usual[:-1] + ["0"])
        self.assertIn("are more than the 300 of", errors.getvalue())


class Commands(TemporaryFolder):
    def test_from_a_state_to_the_table(self):
        data, output = self.data_set(50), self.folder / "weights.safetensors"
        images, labels = cifar.read(data, cifar.TRAINING)
        train.train(training.Recipe("resnet20_cifar", 1, batch=8, chunk=8), training.start("resnet20_cifar"), images,
                    labels, self.folder)
        arguments = ["--net", "resnet20_cifar", "--checkpoint", str(self.folder / train.STATE), "--data", str(data),
                     "--output", str(output), "--ratios", "100,50,10", "--keep", "3,1,2", "--images", "250"]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(recalibrate.main(arguments), 0)
        rows = json.loads((self.folder / "weights.accuracy.json").read_text())
        self.assertEqual([(r["label"], r["keep"], r["setting"]) for r in rows],
                         [("100 %", [3, 3, 3], None), ("50 %", [2, 2, 2], "50"), ("10 %", [1, 1, 1], "10"),
                          ("3,1,2", [3, 1, 2], "3-1-2")])
        tensors, metadata = format.read(output)
        test_images, test_labels = cifar.read(data, cifar.TEST)
        for row in rows:
            got = settings.network(tensors, metadata, row["setting"])(training.normalise(test_images, MEAN, STD))
            self.assertEqual(row["right"], int((got.argmax(1) == test_labels).sum()))
            self.assertEqual((row["images"], row["top1"]), (50, 2 * row["right"]))
        table = (self.folder / "weights.accuracy.md").read_text()
        self.assertIn("| 50 % | 2,2,2 | 50 |", table)
        self.assertIn(table.splitlines()[-1], said.getvalue())

        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(evaluate.main(["--weights", str(output), "--data", str(data), "--ratios", "80,40"]), 0)
        self.assertIn("| 40 % | 2,2,2 | 50 |", said.getvalue())  # the same blocks under another name
        self.assertIn("| 80 % | 3,3,3 | default |", said.getvalue())

    def test_failures(self):
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            self.assertEqual(evaluate.main(["--weights", str(self.folder / "no"), "--data", str(self.folder)]), 1)
            data = self.data_set(50)
            usual = ["--net", "resnet20_cifar", "--checkpoint", str(self.folder / "no"), "--data", str(data),
                     "--output", str(self.folder / "out.safetensors")]
            self.assertEqual(recalibrate.main(usual), 1)
            torch.save(training.start("resnet20_cifar").state_dict(), self.folder / "no")
            self.assertEqual(recalibrate.main(usual + ["--keep", "4,1,1"]), 1)
            for wrong in (["--ratios", "0"], ["--ratios", "x"], ["--images", "3"], ["--storage", "f8"]):
                self.assertRaises(SystemExit, recalibrate.main, usual + wrong)
        self.assertRegex(errors.getvalue(), r"keep tuple \(4, 1, 1\): expected 1..n")
        self.assertFalse((self.folder / "out.safetensors").exists())


if __name__ == "__main__":
    unittest.main()
