"""The contenders, each a process of its own on cores of its own, and the turns that they take."""
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-3  # of the largest logit; a wrong network is off by far more, float32 by less
PAUSE_S = 0.2     # before each turn: threads that spin after their last frame go to sleep


class Refused(RuntimeError):
    """A contender that is not timed, and why."""


def pinned(command, threads):
    """The command on as many cores as it may use threads; the last ones, since systems favour the first."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < threads:
        raise Refused(f"{threads} threads need as many cores, this process may use {len(cores)}")
    return ["taskset", "--cpu-list", ",".join(map(str, cores[-threads:])), *map(str, command)]


def environment(threads):
    return os.environ | {"OMP_NUM_THREADS": str(threads)}


class Peer:
    """A runtime in worker.py."""

    def __init__(self, interpreter, runtime, folder, threads):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            pinned([interpreter, "-B", HERE / "worker.py", runtime, folder, threads], threads), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environment(threads))
        self.least_ms, self.median_ms, self.frames, self.peak_mib = float("inf"), [], 0, 0.0
        try:
            self.facts = self.answer()
            if not self.facts["difference"] <= TOLERANCE:
                raise Refused(f"its logits differ from PyTorch's by {self.facts['difference']:.2g} of the largest, "
                              f"expected at most {TOLERANCE:g}")
        except Refused:
            self.close()
            raise

    def answer(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.process.wait()
        self.log.seek(0)
        last = (self.log.read().strip().splitlines() or ["no message"])[-1]
        raise Refused(f"ended with {self.process.returncode}: {last[:300]}")

    def turn(self):
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; answer() says how
        said = self.answer()
        self.least_ms = min(self.least_ms, *said["ms"])
        self.median_ms.append(statistics.median(said["ms"]))
        self.frames += len(said["ms"])
        self.peak_mib = said["peak_mib"]

    def close(self):
        try:
            self.process.stdin.close()  # the end of all turns
        except BrokenPipeError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


class Sluice:
    """The sluice command, started anew for each turn; it verifies before it times."""

    def __init__(self, program, name, folder, threads):
        files = ["--net", name, "--weights", folder / "weights.safetensors"]
        self.command = pinned([program, "bench", *files, "--threads", threads, "--json"], threads)
        self.least_ms, self.median_ms, self.frames, self.peak_mib = float("inf"), [], 0, 0.0
        # From the logits that PyTorch left in the file.
        self.facts = {"difference": self.run(pinned([program, "verify", *files, "--json"], threads))["relative"]}

    def run(self, command):
        process = subprocess.run(command, capture_output=True, text=True)
        if process.returncode != 0:
            raise Refused(f"ended with {process.returncode}: {process.stderr.strip()[-300:]}")
        return json.loads(process.stdout)

    def turn(self):
        said = self.run(self.command)
        self.facts["machine"], row = said["machine"], said["results"][0]
        self.peak_mib = max(self.peak_mib, said["peak_resident_bytes"] / 2**20)
        self.least_ms = min(self.least_ms, row["least_ms"])
        self.median_ms.append(row["median_ms"])
        self.frames += row["frames"]

    def close(self):
        pass


def compare(contenders, rounds, say):
    """{name: result} of contenders {name: a function that makes one}, in turns. Who fails is told and left out."""
    results, running = {}, {}

    def attempt(name, action):
        try:
            return action()
        except Refused as why:
            say(f"{name}: not timed: {why}")
            results[name] = {"refused": str(why)}
            if name in running:
                running.pop(name).close()

    for name, make in contenders.items():
        contender = attempt(name, make)
        if contender:
            running[name] = contender
    try:
        for _ in range(rounds):
            for name, contender in list(running.items()):
                time.sleep(PAUSE_S)
                attempt(name, contender.turn)
    finally:
        for contender in running.values():
            contender.close()
    for name, c in running.items():
        results[name] = {"least_ms": c.least_ms, "median_ms": statistics.median(c.median_ms), "frames": c.frames,
                         "peak_mib": c.peak_mib, **c.facts}
    return results
