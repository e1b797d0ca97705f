#!/usr/bin/env python3
"""A deadline that the whole network keeps on an idle machine, misses beside a disturbing load, and the policy keeps.

    ./run deadline [--data DIR] [--frames N] [--min-accuracy SHARE] [--json]

The load is a busy process on every CPU. A frame is 64 crops of a picture, here test images of CIFAR-10, through
ResNet-56 with weights/resnet56_cifar_pls: long beside the turns that a scheduler gives. The deadline is 1.25 times the
whole network's median on the idle machine unless one is given. Exit code 1 if a policy misses more than a tenth of the
frames, or the whole network less than half.
"""
import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NETWORK, WEIGHTS = "resnet56_cifar", ROOT / "weights/resnet56_cifar_pls.safetensors"
PROFILE = ROOT / "weights/resnet56_cifar_pls.profile.json"
CASES = (("whole network, idle machine", False, ["--whole"]), ("whole network, with load", True, ["--whole"]),
         ("policy: least EDP, with load", True, ["--objective", "edp"]),
         ("policy: most accuracy, with load", True, ["--objective", "accuracy"]))


@contextlib.contextmanager
def load(wanted):
    """A process on every CPU that does nothing but compute."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: sum(range(100000))"])
            for _ in (os.sched_getaffinity(0) if wanted else ())]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def frames(options, deadline_ms, disturbed, arguments):
    command = [options.program, "run", "--net", NETWORK, "--weights", WEIGHTS, "--data", options.data + "/cifar10",
               "--profile", PROFILE, "--deadline-ms", deadline_ms, "--min-accuracy", options.min_accuracy, "--frames",
               options.frames, "--images-per-frame", options.images, "--json", *arguments]
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:  # the load begins when the levels are measured
        if line.startswith("measured"):
            break
        print(line, end="", file=sys.stderr)
    with load(disturbed):
        said, complaint = process.communicate()
    if process.returncode != 0:
        sys.exit(f"deadline: sluice run ended with {process.returncode}: {complaint}")
    return json.loads(said)


def main():
    parser = argparse.ArgumentParser(prog="./run deadline", description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("SLUICE_DATA"), help="folder with cifar10/ (SLUICE_DATA)")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--images", type=int, default=64, help="in a frame (default 64)")
    parser.add_argument("--min-accuracy", type=float, default=0.85)
    parser.add_argument("--deadline-ms", type=float)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)  # sluice
    options = parser.parse_args()
    if not options.data or not pathlib.Path(options.data, "cifar10").is_dir():
        sys.exit("deadline: expected a folder with cifar10/ as --data or SLUICE_DATA")
    deadline = options.deadline_ms or 1.25 * frames(options, 1000, False, ["--whole"])["median_ms"]
    results = [{"case": name, "load": disturbed, **frames(options, deadline, disturbed, arguments)}
               for name, disturbed, arguments in CASES]
    if options.json:
        print(json.dumps({"schema_version": 1, "deadline_ms": deadline, "cases": results}, indent=1))
    else:
        print(f"deadline {deadline:.1f} ms, {options.frames} frames of {options.images} images, load on "
              f"{len(os.sched_getaffinity(0))} CPUs")
        for r in results:
            print(f"{r['case']:<34} late {r['late_percent']:6.2f} %  median {r['median_ms']:7.2f} ms  "
                  f"99 % below {r['p99_ms']:7.2f} ms  {100 * r['accuracy']:.2f} % right")
    whole, policies = results[1], results[2:]
    return 0 if whole["late_percent"] > 50 and all(p["late_percent"] <= 10 for p in policies) else 1


if __name__ == "__main__":
    sys.exit(main())
