#!/usr/bin/env python3
"""Tests of sluice profile-accuracy: what is measured against NumPy and PyTorch, the greedy path against brute force,
the predictor against a second implementation, and what becomes of files that are already there.

    python3 tests/python/test_profile.py

SLUICE_PROGRAM and SLUICE_DATA are those of test_cli.py.
"""
import fractions
import itertools
import json
import math
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from test_cli import DATA, MEAN, PROGRAM, ROOT, STD, WithFiles, metadata, np, safetensors, sluice

FULL, GRID = (3, 3, 3), list(itertools.product((1, 2, 3), repeat=3))
FORMS = {"linear": (1, False), "quadratic": (2, False), "cubic": (3, False), "quadratic with levels": (2, True)}
RIDGES = (0.01, 0.1, 1, 10)


def shift(group, block):
    """What a block of the made-up network adds to the three colours."""
    angle = 2.1 * (3 * group + block)
    return np.float32([0.2 * math.cos(angle), 0.15 * math.sin(angle), 0.12 * math.cos(2 * angle)])


def right(planes, labels, keep, scale=1):
    """Which images the made-up network classifies right. scale: of the first convolution."""
    x = (planes.astype(np.float32) / np.float32(255) - np.float32(MEAN)[:, None, None]) / np.float32(STD)[:, None, None]
    x = np.maximum(x[:, :, ::4, ::4] * np.float32(scale), 0)
    for group, blocks in enumerate(keep):
        for block in range(blocks):
            x = np.maximum(x + shift(group, block)[:, None, None], 0)
    logits = np.tile(np.arange(10) / 100, (len(x), 1))
    logits[:, :3] += x.mean((2, 3), dtype=np.float64) * [1, 1.1, 1.2]
    first, second = np.sort(logits, 1)[:, :-3:-1].T
    assert (first - second > 1e-5).all(), "a near-tie: rounding may decide otherwise"
    return logits.argmax(1) == labels


def features(form, keep):
    degree, levels = FORMS[form]
    x = [1 - k / 3 for k in keep]
    products = [math.prod(c) for d in range(1, degree + 1) for c in itertools.combinations_with_replacement(x, d)]
    return [1] + products + ([float(k < level) for k in keep for level in (2, 3)] if levels else [])


def fit(form, ridge, samples, images):
    """A function keep -> per cent from (keep, share right) by weighted ridge regression, solved as least squares."""
    c = 0.1
    x = np.array([features(form, keep)[1:] for keep, _ in samples])
    q = np.clip([(p - c) / (1 - c) for _, p in samples], math.sqrt(c / (1 - c) / images), 1 - 0.5 / images)
    w = q * (1 - q) / (q * (1 - q)).mean()
    middle = np.average(x, 0, w)
    spread = np.sqrt(np.average((x - middle) ** 2, 0, w))
    spread[spread < 1e-9] = 1
    root = np.sqrt(w)
    columns = np.c_[np.ones(len(x)), (x - middle) / spread]
    penalty = np.eye(columns.shape[1])[1:] * math.sqrt(ridge)
    b = np.linalg.lstsq(np.r_[columns * root[:, None], penalty],
                        np.r_[root * np.log(q / (1 - q)), np.zeros(len(penalty))], rcond=None)[0]

    def predict(keep):
        log_odds = b[0] + (np.array(features(form, keep)[1:]) - middle) / spread @ b[1:]
        return 100 * (c + (1 - c) / (1 + math.exp(-log_odds)))

    return predict


def errors(samples, held, make):
    """Of samples[i] for i in held, which are folds in turn, by predictors made without the fold."""
    folds = min(5, len(held))
    for fold in range(folds):
        out = set(held[fold::folds])
        predict = make([s for i, s in enumerate(samples) if i not in out])
        yield from (abs(predict(samples[i][0]) - 100 * samples[i][1]) for i in sorted(out))


def choose(samples, images):
    held = [i for i, s in enumerate(samples) if s[2]]
    held = held if len(held) >= 5 else range(len(samples))
    pairs = lambda rest: [s[:2] for s in rest]
    return min(((form, ridge) for form in FORMS for ridge in RIDGES), key=lambda f: np.mean(
        list(errors(samples, held, lambda rest: fit(*f, pairs(rest), images)))))


def samples_of(rows):
    return [(tuple(r["keep"]), r["right"] / 60, "random" in r["sources"]) for r in rows]


class WithProfile(WithFiles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for layer in [n[:-5] for n in cls.tensors if n.endswith("conv2.bias")]:  # layer2.1.conv2
            group, block = int(layer[5]) - 1, int(layer[7])
            at = (0, 8, 24)[group]
            cls.tensors[f"{layer}.bias"][at:at + 3] = shift(group, block)
        cls.tensors["linear.weight"][range(3), range(24, 27)] = (1, 1.1, 1.2)
        cls.weights = cls.write("shifted.safetensors", safetensors(cls.tensors, metadata()))
        # Colours that are nearly alike, so that every shift decides about some images.
        rng = np.random.default_rng(2)
        cls.planes = rng.integers(60, 256, (60, 3, 32, 32), np.uint8)
        cls.planes = (cls.planes * rng.uniform(0.8, 1, (60, 3, 1, 1))).astype(np.uint8)
        cls.labels = rng.integers(0, 3, 60).astype(np.uint8)
        for label in range(3):  # the full network is right about most of them
            cls.labels[:40][right(cls.planes[:40], label, FULL)] = label
        records = (bytes([l]) + p.tobytes() for l, p in zip(cls.labels, cls.planes))
        cls.data = cls.write("nearly.bin", b"".join(records))
        cls.right = {k: int(right(cls.planes, cls.labels, k).sum()) for k in GRID}

    def setUp(self):
        self.out = self.folder / f"{self.id()}.json"

    def run_profile(self, *arguments, weights=None, data=None, net="resnet20_cifar", out=None):
        return sluice("profile-accuracy", "--net", net, "--weights", weights or self.weights, "--data",
                      data or self.data, "--out", out or self.out, *arguments)

    def profile(self, *arguments, **files):
        run = self.run_profile(*arguments, **files)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.said = run
        return json.loads((files.get("out") or self.out).read_text())


class Measured(WithProfile):
    def test_what_is_measured_and_why(self):
        self.assertGreater(len(set(self.right.values())), 8)  # else little is tested
        p = self.profile("--random", 5)
        self.assertEqual((p["schema_version"], p["complete"], p["network"]), (1, True, "resnet20_cifar"))
        self.assertEqual((p["weights"]["file"], p["data"]["images"]), ("shifted.safetensors", 60))
        self.assertEqual((p["grid"], p["left_out"], p["default_statistics"]), (27, 0, False))
        rows = {tuple(r["keep"]): r for r in p["measured"]}
        self.assertEqual(len(rows), len(p["measured"]))
        for keep, r in rows.items():
            self.assertEqual((r["right"], r["images"], r["setting"]), (self.right[keep], 60, False), keep)
            self.assertAlmostEqual(r["top1"], 100 * r["right"] / 60)
        evaluated = self.answers(*(f"--tuple={','.join(map(str, keep))}" for keep in rows))
        for e, (keep, r) in zip(evaluated, rows.items(), strict=True):
            self.assertEqual([e[k] for k in ("kept", "mask", "macs", "parameters", "top1")],
                             [list(keep), r["mask"], r["macs"], r["parameters"], r["top1"]])

        sources = {}
        for keep, r in rows.items():
            for source in r["sources"]:
                sources.setdefault(source.split()[0], {}).setdefault(keep, source)
        self.assertEqual(sources["pls"], {(3, 3, 3): "pls 100 %", (2, 2, 2): "pls 66 %", (1, 1, 1): "pls 33 %"})
        self.assertEqual(sources["group"], {tuple(k if i == g else 3 for i in range(3)): f"group {g}"
                                            for g in range(3) for k in (1, 2)})
        self.assertEqual(set(sources["greedy"].values()), {f"greedy {i}" for i in range(7)})
        self.assertEqual(len(sources["random"]), 5)
        self.assertFalse(set(sources["random"]) & {k for s in ("pls", "group", "greedy") for k in sources[s]})

    def test_greedy_path(self):
        p = self.profile("--random", 0)
        path = [tuple(s["keep"]) for s in p["greedy"]]
        macs = {tuple(r["keep"]): r["macs"] for r in p["measured"]}
        expected = [FULL]
        while expected[-1] != (1, 1, 1):
            now = expected[-1]
            nexts = [now[:g] + (now[g] - 1,) + now[g + 1:] for g in range(3) if now[g] > 1]
            loss = lambda t: fractions.Fraction(self.right[now] - self.right[t], macs[now] - macs[t])
            expected.append(min(nexts, key=lambda t: (loss(t), macs[t])))
        self.assertEqual(path, expected)
        for s in p["greedy"]:
            self.assertAlmostEqual(s["top1"], 100 * self.right[tuple(s["keep"])] / 60)
            self.assertEqual(s["macs"], macs[tuple(s["keep"])])
        for source, keep in (("greedy 1", path[1]), ("greedy 6", (1, 1, 1)), ("pls 66 %", (2, 2, 2))):
            words = next(l for l in self.said.stdout.splitlines() if l.startswith(source)).split()
            self.assertEqual(words[2 + ("%" in source)], ",".join(map(str, keep)))
            self.assertEqual(words[-1], f"{100 * self.right[keep] / 60:.2f}")

    def test_threads_and_limit_change_no_row(self):
        one, many = self.profile("--threads", 1), self.profile("--threads", 7, out=self.folder / "many.json")
        self.assertEqual(one, many)
        some = self.profile("--limit", 20, out=self.folder / "some.json")
        for r in some["measured"]:
            self.assertEqual(r["right"], right(self.planes, self.labels, r["keep"])[:20].sum())
        self.assertEqual(some["data"]["images"], 20)
        self.assertEqual(self.profile("--limit", 100, out=self.folder / "all.json"), one)
        self.assertIn("60 images", self.said.stderr)

    def test_random_goes_on_where_it_ended(self):
        def tuples(p):
            return [r["keep"] for r in p["measured"] if "random" in r["sources"]]

        few, more = self.profile("--random", 2), self.profile("--random", 4, out=self.folder / "more.json")
        self.assertEqual(tuples(more)[:2], tuples(few))
        self.assertEqual(self.profile("--random", 4), more)  # in the file of the first
        other = self.profile("--random", 4, "--seed", 2, out=self.folder / "other.json")
        self.assertNotEqual(tuples(other), tuples(more))
        every = self.profile("--random", 1000, out=self.folder / "every.json")
        self.assertEqual((len(every["measured"]), every["predicted"]), (27, []))


class Predicted(WithProfile):
    def test_the_rest_of_the_grid(self):
        p = self.profile("--random", 6)
        rows = p["measured"] + p["predicted"]
        self.assertEqual(sorted(tuple(r["keep"]) for r in rows), GRID)
        self.assertGreater(len(p["predicted"]), 3)
        samples = samples_of(p["measured"])
        form, ridge = choose(samples, 60)
        self.assertEqual((p["predictor"]["form"], p["predictor"]["ridge"]), (form, ridge))
        predict = fit(form, ridge, [s[:2] for s in samples], 60)
        for r in p["predicted"]:
            self.assertAlmostEqual(r["top1"], predict(r["keep"]), places=6)
            # What the document says about the coefficients.
            self.assertEqual(len(p["predictor"]["features"]), len(p["predictor"]["coefficients"]))
            value = {"1": 1}
            for g, k in enumerate(r["keep"]):
                value.update({f"x{g}": 1 - k / 3, f"k{g}<2": k < 2, f"k{g}<3": k < 3})
            log_odds = sum(c * math.prod(value[f] for f in name.split("*"))
                           for name, c in zip(p["predictor"]["features"], p["predictor"]["coefficients"]))
            self.assertAlmostEqual(r["top1"], 10 + 90 / (1 + math.exp(-log_odds)), places=6)

    def test_the_stated_error(self):
        p = self.profile("--random", 9)
        samples = samples_of(p["measured"])
        held = [i for i, s in enumerate(samples) if s[2]]
        expected = list(errors(samples, held, lambda rest: fit(*choose(rest, 60), [s[:2] for s in rest], 60)))
        stated = p["predictor"]["held_out"]
        self.assertEqual(stated["tuples"], len(held))
        self.assertAlmostEqual(stated["mean_absolute_error"], np.mean(expected), places=6)
        self.assertAlmostEqual(stated["largest_absolute_error"], max(expected), places=6)
        self.assertIn(f"mean {np.mean(expected):.2f}, largest {max(expected):.2f} percentage points", self.said.stdout)

    def test_without_random_tuples_the_error_is_unknown(self):
        p = self.profile("--random", 0)
        self.assertEqual(p["predictor"]["held_out"],
                         {"tuples": 0, "mean_absolute_error": None, "largest_absolute_error": None})
        self.assertIn("error is unknown", self.said.stdout)
        self.assertEqual(len(p["measured"]) + len(p["predicted"]), 27)


class Settings(WithProfile):
    """Two tuples have statistics of their own, with which the first convolution counts for more."""
    OWN, SCALE = {"small": ((1, 1, 1), "000000"), "odd": ((2, 3, 1), "101100")}, 1.5

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tensors = dict(cls.tensors)
        for setting, layer in itertools.product(cls.OWN, [n[:-7] for n in cls.tensors if n.endswith("weight")]):
            if layer != "linear":
                bias = cls.tensors[f"{layer}.bias"]
                tensors[f"settings.{setting}.{layer}.scale"] = np.full(bias.shape, cls.SCALE if layer == "conv1" else 1)
                tensors[f"settings.{setting}.{layer}.bias"] = bias
        settings = " ".join(f"{name}={mask}" for name, (_, mask) in cls.OWN.items())
        cls.plain, cls.weights = cls.weights, cls.write("own", safetensors(tensors, metadata(settings=settings)))
        for keep, _ in cls.OWN.values():
            cls.right[keep] = int(right(cls.planes, cls.labels, keep, cls.SCALE).sum())

    def test_only_tuples_with_a_setting(self):
        p = self.profile()
        self.assertEqual({(tuple(r["keep"]), r["setting"], r["right"]) for r in p["measured"]},
                         {(FULL, False, self.right[FULL]), *((k, True, self.right[k]) for k, _ in self.OWN.values())})
        self.assertEqual([r["sources"] for r in p["measured"] if r["setting"]], [["pls 33 %"], ["random"]])
        self.assertEqual((p["grid"], p["left_out"], p["predicted"]), (27, 24, []))
        self.assertEqual([s["keep"] for s in p["greedy"]], [list(FULL)])
        self.assertEqual(p["weights"]["settings"], 2)
        self.assertIn("24 of 27 tuples are left out", self.said.stderr)

    def test_default_statistics(self):
        p = self.profile("--default-statistics", "--random", 100)
        self.assertEqual({(tuple(r["keep"]), r["setting"], r["right"]) for r in p["measured"]},
                         {(k, k in ((1, 1, 1), (2, 3, 1)), self.right[k]) for k in GRID})
        self.assertEqual((p["left_out"], p["default_statistics"], self.said.stderr), (0, True, ""))

    def test_tuples_with_a_setting_are_no_samples_for_those_without(self):
        p = self.profile("--default-statistics", "--random", 5)
        self.assertTrue(any(r["setting"] for r in p["measured"]))
        samples = samples_of(r for r in p["measured"] if not r["setting"])
        predict = fit(*choose(samples, 60), [s[:2] for s in samples], 60)
        self.assertGreater(len(p["predicted"]), 2)
        for r in p["predicted"]:
            self.assertFalse(r["setting"])
            self.assertAlmostEqual(r["top1"], predict(r["keep"]), places=6)
        self.assertEqual(p["predictor"]["held_out"]["tuples"], sum(s[2] for s in samples))

    def test_the_other_way_is_another_profile(self):
        self.profile()
        self.refused(2, self.run_profile("--default-statistics"), "--default-statistics: false there, true now")
        # It means nothing where there is no setting.
        plain = {"weights": self.plain, "out": self.folder / "plain.json"}
        self.assertEqual(self.profile(**plain), self.profile("--default-statistics", **plain))


class Files(WithProfile):
    def with_rows(self, count):
        """What a run leaves that was stopped after so many tuples."""
        p, subject = json.loads(self.whole), ("network", "weights", "data", "default_statistics")
        return json.dumps({"schema_version": 1, "complete": False, **{key: p[key] for key in subject},
                           "measured": p["measured"][:count]})

    def setUp(self):
        super().setUp()
        self.profile("--random", 5)
        self.whole = self.out.read_text()

    def test_a_stopped_run_goes_on(self):
        rows = len(json.loads(self.whole)["measured"])
        for count in (0, 1, 7, rows - 1, rows):
            self.out.write_text(self.with_rows(count))
            self.profile("--random", 5)
            self.assertEqual(self.out.read_text(), self.whole, count)

    def test_known_rows_are_not_measured_again(self):
        p = json.loads(self.whole)
        for r in p["measured"]:  # what no run would find
            r["right"], r["top1"] = 30, 50.0
        self.out.write_text(json.dumps(p))
        again = self.profile("--random", 5)["measured"][:len(p["measured"])]
        self.assertEqual([(r["keep"], r["right"]) for r in again], [(r["keep"], 30) for r in p["measured"]])
        self.profile("--random", 5, "--fresh")
        self.assertEqual(self.out.read_text(), self.whole)

    def test_interrupted(self):
        data = self.write("long.bin", self.data.read_bytes() * 10)
        out = self.folder / "interrupted.json"
        command = [PROGRAM, "profile-accuracy", "--net", "resnet20_cifar", "--weights", self.weights, "--data", data,
                   "--out", out, "--threads", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while not (out.exists() and json.loads(out.read_text())["measured"]) and process.poll() is None:
                time.sleep(0.001)
            process.send_signal(signal.SIGINT)
        self.assertEqual(process.returncode, -signal.SIGINT)
        left = json.loads(out.read_text())
        self.assertFalse(left["complete"])
        self.assertGreater(len(left["measured"]), 0)
        resumed = self.profile(data=data, out=out)
        for before, after in zip(left["measured"], resumed["measured"]):
            self.assertEqual((before["keep"], before["right"]), (after["keep"], after["right"]))
        self.assertEqual(resumed, self.profile(data=data, out=self.folder / "straight.json"))

    def test_measurements_of_something_else_are_refused(self):
        def other(difference, *arguments, **files):
            self.refused(2, self.run_profile(*arguments, **files), self.out.name, difference, "--fresh", "another file")
            self.assertEqual(self.out.read_text(), self.whole)

        other("--limit: 60 there, 50 now", "--limit", 50)
        records = bytearray(self.data.read_bytes())
        records[5000] ^= 1
        other("--data: \"fnv1a64:", data=self.write("other.bin", records))
        tensors = {**self.tensors, "linear.bias": self.tensors["linear.bias"] + 1}
        weights = self.write("other.safetensors", safetensors(tensors, metadata()))
        other("--weights: \"fnv1a64:", weights=weights)
        self.out.write_text(self.whole.replace("resnet20_cifar", "resnet32_cifar"))
        self.refused(2, self.run_profile(), "--net: \"resnet32_cifar\" there, \"resnet20_cifar\" now")
        self.profile("--fresh", weights=weights)
        # The names of files are no difference.
        copy = self.write("copy.safetensors", weights.read_bytes())
        self.assertEqual(self.profile(weights=copy)["weights"]["file"], "copy.safetensors")

    def test_damaged_files(self):
        p = json.loads(self.whole)

        def damaged(text, *said):
            self.out.write_text(text)
            self.refused(4, self.run_profile("--random", 5), self.out.name, *said)
            self.assertEqual(self.out.read_text(), text)

        def with_row(**changes):
            return json.dumps({**p, "measured": [*p["measured"][:-1], {**p["measured"][-1], **changes}]})

        for text in ("", "{", self.whole[:-3], self.whole + "x", "\xff"):
            damaged(text, "no JSON from byte")
        for text in ("[]", "7", "null", "{}", '{"schema_version":1}'):
            damaged(text, "no accuracy profile")
        damaged(json.dumps({**p, "schema_version": 2}), "schema_version 1, found 2")
        for key in ("network", "weights", "data", "default_statistics", "measured"):
            damaged(json.dumps({k: v for k, v in p.items() if k != key}), "no accuracy profile", key)
        last = p["measured"][-1]
        for changes in ({"right": last["right"] + 1}, {"right": 61, "top1": 100 * 61 / 60}, {"right": 3.5},
                        {"right": -1, "top1": -100 / 60}, {"keep": [3, 3, 3]}, {"keep": [2, 2]}, {"keep": [0, 1, 1]},
                        {"keep": [1, 1, 1.0]}, {"keep": [2**32 + 1, 1, 1]}, {"keep": 3}, {"mask": "111111"},
                        {"macs": 1}, {"sources": []}, {"images": 61}, {"setting": True}, {"more": 1}):
            damaged(with_row(**changes), "row", "contradicts itself")
        for changes in ({"sources": 1}, {"sources": [1]}):
            damaged(with_row(**changes), "no accuracy profile")
        damaged(json.dumps({**p, "measured": [*p["measured"], last]}), "contradicts itself")
        self.assertEqual(self.profile("--random", 5, "--fresh"), p)

    def test_paths_that_cannot_be_written(self):
        self.refused(1, self.run_profile(out=self.folder / "none" / "x.json"), "--out", "cannot write")
        for arguments in ([], ["--fresh"]):
            self.refused(1, self.run_profile(*arguments, out=self.folder), "--out", "not a regular file")
            self.refused(1, self.run_profile(*arguments, out="/dev/null"), "--out", "not a regular file")
        self.assertEqual(list(self.folder.glob("*.part")), [])

    def test_bad_options(self):
        self.refused(2, sluice("profile-accuracy"), "required")
        for option, value in (("--limit", 0), ("--limit", "x"), ("--threads", 0), ("--threads", 257), ("--random", -1),
                              ("--random", "x"), ("--seed", -1), ("--seed", "x")):
            self.refused(2, self.run_profile(f"{option}={value}"), option)
        self.refused(2, self.run_profile(net="resnet18"), "3x224x224")
        self.refused(2, self.run_profile(net="nope"), "no network 'nope'")
        self.refused(3, self.run_profile(weights=self.folder / "none"), "no such file")
        self.refused(3, self.run_profile(data=self.folder / "none"), "no such file")
        self.refused(4, self.run_profile(net="resnet32_cifar"), "'resnet20_cifar'")
        self.assertEqual(self.out.read_text(), self.whole)


@unittest.skipUnless(DATA, "SLUICE_DATA is not set: no real checkpoint is profiled")
class RealWeights(unittest.TestCase):
    def test_resnet20_against_pytorch(self):
        tools = ROOT / "weights_tools"
        with tempfile.TemporaryDirectory() as folder:
            weights, out = pathlib.Path(folder) / "r20.safetensors", pathlib.Path(folder) / "accuracy.json"
            made = subprocess.run([sys.executable, tools / "convert.py", "--net", "resnet20_cifar", "--checkpoint",
                                   pathlib.Path(DATA) / "checkpoints" / "akamaster_resnet20-12fca82f.th", "--output",
                                   weights], capture_output=True, text=True)
            if "ModuleNotFoundError" in made.stderr:
                self.skipTest(f"the converter does not run here: {made.stderr.splitlines()[-1]}")
            self.assertEqual(made.returncode, 0, made.stderr)
            run = sluice("profile-accuracy", "--net", "resnet20_cifar", "--weights", weights, "--data",
                         pathlib.Path(DATA) / "cifar10", "--limit", 200, "--random", 6, "--out", out)
            self.assertEqual(run.returncode, 0, run.stderr)
            measured = json.loads(out.read_text())["measured"]
            sys.path.insert(0, str(tools))
            import evaluate
            from sluice_weights import cifar
            images, labels = cifar.read(pathlib.Path(DATA) / "cifar10", cifar.TEST)
            rows = evaluate.evaluate(weights, images[:200], labels[:200], (), [r["keep"] for r in measured])
        self.assertGreater(len(measured), 15)
        for ours, theirs in zip(measured, rows):
            self.assertAlmostEqual(ours["right"], theirs["right"], delta=1, msg=ours["keep"])  # a near-tie at most


if __name__ == "__main__":
    if PROGRAM is None or not PROGRAM.exists():
        print(f"skipped: no sluice program ({PROGRAM or 'build/*/sluice'}); build it or set SLUICE_PROGRAM",
              file=sys.stderr)
        sys.exit(77)
    unittest.main()
