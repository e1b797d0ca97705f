#!/usr/bin/env python3
"""Tests of sluice run: budgets, clocks below --root that are set and put back, signals, what is refused.

    python3 tests/python/test_run.py

SLUICE_PROGRAM names the program (default: the newest build/*/sluice); without one nothing is tested and the exit code
is 77. The weights are those of the repository, the images are noise: this is about choices, not about answers.
"""
import json
import os
import pathlib
import pty
import signal
import subprocess
import tempfile
import time
import unittest

import numpy as np

from test_cli import PROGRAM, ROOT, sluice  # exits with 77 without a program

WEIGHTS, PROFILE = ROOT / "weights/resnet56_cifar_pls.safetensors", ROOT / "weights/resnet56_cifar_pls.profile.json"
POLICY = "sys/devices/system/cpu/cpufreq/policy0/"
CLOCKS = {"scaling_driver": "tegra194", "scaling_governor": "schedutil", "scaling_min_freq": 268800,
          "scaling_max_freq": 1510400, "scaling_cur_freq": 1510400, "cpuinfo_min_freq": 268800,
          "cpuinfo_max_freq": 1510400, "scaling_available_frequencies": "268800 499200 729600 1036800 1510400",
          "affected_cpus": "0 1"}


class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        records = np.random.default_rng(1).integers(0, 256, (40, 3073), np.uint8)
        records[:, 0] %= 10
        self.data = self.root / "images.bin"
        self.data.write_bytes(records.tobytes())

    def board(self):
        for name, value in CLOCKS.items():
            file = self.root / POLICY / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{value}\n")
        (self.root / "run").mkdir()

    def clocks(self):
        return {name: (self.root / POLICY / name).read_text().strip() for name in CLOCKS}

    def arguments(self, *more, deadline=1e6, frames=20, calibrate=20, profile=PROFILE):
        return ["run", "--net", "resnet56_cifar", "--weights", WEIGHTS, "--data", self.data, "--profile", profile,
                "--calibrate", calibrate, "--deadline-ms", deadline, "--frames", frames, "--root", self.root, *more]

    def answer(self, *more, **options):
        run = sluice(*self.arguments(*more, "--json", **options))
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def refused(self, code, *more, said, **options):
        run = sluice(*self.arguments(*more, **options))
        self.assertEqual((run.returncode, run.stdout), (code, ""), run.stderr)
        self.assertIn(said, run.stderr)

    def test_the_fewest_layers_that_are_accurate_enough(self):
        known = {tuple(r["keep"]): r["top1"] / 100 for r in json.loads(PROFILE.read_text())["measured"]}
        for least in (0.85, 0.92, 0.93):
            answer = self.answer("--min-accuracy", least)
            used = [level for level in answer["levels"] if level["frames"]]
            # By the times that this very run measured: on a busy machine fewer layers may come out slower.
            accurate = [level for level in answer["levels"] if level["accuracy"] >= least]
            self.assertEqual(used, [min(accurate, key=lambda level: level["ms"])], least)
            self.assertEqual({tuple(l["kept"]) for l in answer["levels"]}, {k for k in known if len(set(k)) == 1})
            for level in answer["levels"]:
                self.assertEqual(level["accuracy"], known[tuple(level["kept"])])
            self.assertEqual((used[0]["frames"], answer["late"], answer["frames"]), (20, 0, 20))
        self.assertIsNone(answer["energy"]["frame_J"])
        self.assertEqual(answer["energy"]["reason"], "this machine has no energy meter")
        self.assertGreater(answer["modelled"]["frame_relative"], 0)
        self.assertGreater(answer["policy_ns"], 0)

    def test_the_whole_network_and_the_log(self):
        log = self.root / "log.jsonl"
        answer = self.answer("--whole", "--log", log, "--images-per-frame", 3)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual([line["kept"] for line in lines], [[9, 9, 9]] * 20)
        self.assertEqual([line["frame"] for line in lines], list(range(20)))
        self.assertEqual(sum(line["right"] for line in lines) / 60, answer["accuracy"])
        self.assertEqual([line["late"] for line in lines], [False] * 20)
        late = self.answer("--whole", deadline=1e-6)
        self.assertEqual((late["late"], late["late_percent"]), (20, 100))

    def test_a_line_of_status_on_a_terminal_and_only_there(self):
        ours, theirs = pty.openpty()
        run = subprocess.run([str(a) for a in (PROGRAM, *self.arguments(frames=3))], stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        said = os.read(ours, 1 << 16).decode()
        os.close(ours)
        self.assertEqual(run.returncode, 0, said)
        self.assertRegex(said, r"\rframe 0: keeps \d,\d,\d, \d+\.\d+ of 1000000\.00 ms, 0 late, \d+\.\d % right")
        run = sluice(*self.arguments(frames=3))
        self.assertNotIn("frame 0", run.stderr)
        self.assertIn("accuracy is not monotone: ratio 0.4 has 0.9125, and 0.3 with fewer layers 0.913", run.stderr)
        self.assertIn("0 of 3 frames late", run.stdout)

    def test_clocks_are_looked_at_only(self):
        self.board()
        before = self.clocks()
        answer = self.answer()
        self.assertEqual(answer["clock"], {"set": False, "reason": "clocks are only looked at without --set-clocks",
                                           "complaint": None})
        self.assertEqual(self.clocks(), before)

    def test_a_clock_is_chosen_set_and_put_back(self):
        self.board()
        log = self.root / "log.jsonl"
        for objective, mhz in (("edp", 499.2), ("energy", 268.8), ("latency", 1510.4)):
            answer = self.answer("--set-clocks", "--objective", objective, "--log", log)
            self.assertEqual({json.loads(line)["clock_mhz"] for line in log.read_text().splitlines()}, {mhz}, objective)
            self.assertTrue(answer["clock"]["set"])
            self.assertEqual(self.clocks(), {name: str(value) for name, value in CLOCKS.items()})
            self.assertEqual(list((self.root / "run").iterdir()), [])

    def test_a_clock_that_does_not_follow(self):
        self.board()
        answer = self.answer("--set-clocks", frames=60)
        self.assertIn("policy0: set to 499.2 MHz, but it runs at 1510.4 MHz", answer["clock"]["complaint"])

    def test_a_clock_that_cannot_be_held(self):
        self.board()
        (self.root / "run").rmdir()
        answer = self.answer("--set-clocks")
        self.assertEqual((answer["clock"]["set"], answer["clock"]["reason"]),
                         (False, "/run/sluice-clock.policy0: there is no such file"))
        (self.root / "run").mkdir()
        (self.root / POLICY / "scaling_available_frequencies").write_text("x\n")
        self.assertIn("expected frequencies above 0, found 'x'", self.answer("--set-clocks")["clock"]["reason"])

    def started(self, *more):
        command = [str(a) for a in (PROGRAM, *self.arguments("--set-clocks", "--json", *more, frames=10**9))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        for line in process.stderr:
            if line.startswith("measured"):
                break
        while self.clocks()["scaling_max_freq"] != "499200":
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        return process

    def test_signals_end_the_loop_and_put_the_clock_back(self):
        self.board()
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.started()
            process.send_signal(number)
            said = json.loads(process.stdout.read())
            self.assertEqual((process.wait(), said["stopped"]), (0, True))
            self.assertEqual(self.clocks(), {name: str(value) for name, value in CLOCKS.items()})

    def test_a_signal_while_the_levels_are_measured(self):
        self.board()
        self.data.write_bytes(self.data.read_bytes() * 50)
        process = subprocess.Popen([str(a) for a in (PROGRAM, *self.arguments("--set-clocks", calibrate=1900))],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        while self.clocks()["scaling_min_freq"] != "1510400":
            self.assertIsNone(process.poll())
            time.sleep(0.001)
        process.send_signal(signal.SIGHUP)
        said = process.stderr.read()
        self.assertEqual(process.wait(), 1, said)
        self.assertIn("stopped before the first frame", said)
        self.assertEqual(self.clocks(), {name: str(value) for name, value in CLOCKS.items()})

    def test_a_clock_that_can_no_longer_be_set(self):
        self.board()
        self.data.write_bytes(self.data.read_bytes() * 10)
        process = subprocess.Popen([str(a) for a in (PROGRAM, *self.arguments("--set-clocks", "--json", calibrate=300))],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        while self.clocks()["scaling_min_freq"] != "1510400":
            self.assertIsNone(process.poll())
            time.sleep(0.001)
        (self.root / POLICY / "scaling_min_freq").rename(self.root / "gone")
        answer = json.loads(process.stdout.read())
        self.assertEqual((process.wait(), answer["frames"], answer["clock"]["set"]), (0, 20, False))
        self.assertEqual(answer["clock"]["reason"], f"/{POLICY}scaling_min_freq: there is no such file")
        # What could not be put back is kept for the doctor.
        self.assertTrue((self.root / "run/sluice-clock.policy0").exists())

    def test_what_a_kill_leaves_the_doctor_mends(self):
        self.board()
        process = self.started()
        process.kill()
        process.wait()
        self.assertEqual(self.clocks()["scaling_max_freq"], "499200")
        self.assertIn("one was killed; `sluice doctor --restore-clocks` puts the clock back",
                      self.answer("--set-clocks")["clock"]["reason"])
        run = sluice("doctor", "--root", self.root, "--restore-clocks")
        self.assertEqual((run.returncode, run.stdout), (0, "policy0 is as it was\n"))
        self.assertEqual(self.clocks(), {name: str(value) for name, value in CLOCKS.items()})
        self.assertTrue(self.answer("--set-clocks")["clock"]["set"])

    def test_a_meter(self):
        zone = self.root / "sys/class/powercap/intel-rapl:0"
        zone.mkdir(parents=True)
        (zone / "name").write_text("package-0\n")
        (zone / "energy_uj").write_text("many\n")
        self.assertEqual(self.answer()["energy"],
                         {"meter": "rapl package-0", "frame_J": None,
                          "reason": "/sys/class/powercap/intel-rapl:0/energy_uj: expected a whole number, found 'many'"})
        (zone / "energy_uj").write_text("1000\n")
        (zone / "max_energy_range_uj").write_text("262143328850\n")
        energy = self.answer("--meter", "rapl")["energy"]
        self.assertEqual((energy["meter"], energy["frame_J"]), ("rapl package-0", None))
        self.assertIn("has not moved", energy["reason"])
        self.assertEqual(self.answer("--meter", "other")["energy"]["reason"], "no energy meter is called 'other'")

    def test_a_meter_that_runs(self):
        zone = self.root / "sys/class/powercap/intel-rapl:0"
        zone.mkdir(parents=True)
        for name, value in (("name", "package-0"), ("energy_uj", 0), ("max_energy_range_uj", 262143328850)):
            (zone / name).write_text(f"{value}\n")
        command = [str(a) for a in (PROGRAM, *self.arguments("--json", frames=10**9))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        for line in process.stderr:
            if line.startswith("measured"):
                break
        time.sleep(0.3)
        for joules in range(1, 11):  # a joule every 50 ms, at once for whoever reads
            (zone / "part").write_text(f"{joules}000000\n")
            (zone / "part").rename(zone / "energy_uj")
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        said = json.loads(process.stdout.read())
        process.wait()
        # What was counted before its first reading is not its own.
        self.assertGreater(said["energy"]["frame_J"], 0, said["energy"])
        self.assertLess(said["energy"]["frame_J"] * said["frames"], 10.001)

    def test_infeasible(self):
        self.refused(5, "--min-accuracy", 0.99, said="asked for an accuracy of at least 0.99, the best level has 0.9355")
        self.refused(5, deadline=1e-6, said="asked for a frame within 1e-09 s, the fastest admissible one takes")
        self.refused(5, "--max-energy", 1e-9, said="asked for a frame with at most 1e-09 J")

    def test_refused(self):
        self.refused(2, deadline=0, said="--deadline-ms: expected milliseconds above 0, found 0")
        self.refused(2, deadline=-3, said="found -3")
        self.refused(2, deadline="nan", said="found nan")
        self.refused(2, "--min-accuracy", 85, said="--min-accuracy: expected a share from 0 to 1, found 85")
        self.refused(2, "--max-energy", 0, said="--max-energy: expected joules above 0, found 0")
        self.refused(2, "--objective", "speed", said="expected edp, energy, latency or accuracy, found 'speed'")
        self.refused(2, "--model", "orin", said="The presets are orin-gpu, orin-cpu-cubic")
        self.refused(2, frames=0, said="--frames")
        self.refused(2, calibrate=40, said="no more images than the 40 that there are")
        self.refused(3, profile=self.root / "none.json", said="no such file")
        for text, said in (("{", "found something else"), ('{"network": "resnet20_cifar"}', "resnet20_cifar"),
                           ('{"network": "resnet56_cifar", "measured": [], "predicted": []}', "it has no tuple")):
            (self.root / "p.json").write_text(text)
            self.refused(4, profile=self.root / "p.json", said=said)


if __name__ == "__main__":
    unittest.main()
