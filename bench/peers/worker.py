"""One runtime with one network: worker.py RUNTIME FOLDER THREADS.

Loads, runs the image once and says how far the logits are from PyTorch's, as a line of JSON. Then each line on stdin is
a turn: one frame untimed, then frames for BURST_S and BURST of them at least; the answer is a line with their
milliseconds and the process's peak resident memory.
"""
import json
import os
import pathlib
import sys
import time

import numpy as np
from runtimes import RUNTIMES, version

BURST, BURST_S = 4, 0.1


def peak_mib():
    """Linux's high-water mark of the memory that this program has had resident; an ru_maxrss would count its parent's."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def turn(run):
    run()
    ms, start = [], time.perf_counter()
    while len(ms) < BURST or time.perf_counter() - start < BURST_S:
        begin = time.perf_counter()
        run()
        ms.append(1e3 * (time.perf_counter() - begin))
    return ms


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print

    def answer(**what):
        print(json.dumps(what), file=answers, flush=True)

    runtime, folder, threads = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    image, expected = np.load(folder / "image.npy"), np.load(folder / "logits.npy")
    bare = peak_mib()
    run = RUNTIMES[runtime].load(folder, threads, image)
    logits = np.asarray(run(), dtype=np.float64).reshape(expected.shape)
    difference = float(np.abs(logits - expected).max() / np.abs(expected).max())
    answer(version=version(runtime), difference=difference, python_mib=bare)
    for _ in sys.stdin:
        answer(ms=turn(run), peak_mib=peak_mib())


if __name__ == "__main__":
    main()
