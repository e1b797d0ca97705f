"""Cost files in a folder, measured by `sluice profile` where they are not there yet: the same command goes on where it was
stopped."""
import argparse
import json
import pathlib
import subprocess
import sys

from .failure import FAILURE, USAGE, Failure
from .identity import ROOT

sys.path.insert(0, str(ROOT / "bench"))
import document  # noqa: E402  (found through the path above)


def file_of(folder, network, name, threads):
    return pathlib.Path(folder) / f"{network}_{name}x{threads}.json"


def add_options(parser, networks):
    """Those of every command that measures networks."""
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)  # ./run gives it
    parser.add_argument("--networks", default=networks, metavar="NAME,…", help="default: %(default)s")
    parser.add_argument("--threads", default="1,2", metavar="T,…", help="default: %(default)s")
    parser.add_argument("--folder", default=ROOT / "build/costs", type=pathlib.Path,
                        help="of the cost files (default: build/costs of the checkout)")
    parser.add_argument("--time", choices=("median", "least"), default="median", help="which of the measured times (default: median)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/planner.md")


def check_options(options):
    options.networks, options.threads = options.networks.split(","), options.threads.split(",")
    for count in options.threads:
        if not count.isdigit() or int(count) == 0:
            raise Failure(USAGE, f"--threads: expected numbers of 1 or more, found '{count}'")


def put(mark, costs, lines):
    """The table into the planner's document, under the machine that it is of."""
    cpus = sorted({c.machine["cpu"] for c in costs if c.machine["basis"] == "measured"})
    document.put(ROOT / "docs/planner.md", mark, "\n".join([*cpus, "", *lines]))


def complete(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))["complete"]
    except (OSError, ValueError, KeyError):
        return False


def measured(program, folder, network, primitives, threads):
    """The path of the network's costs. What is there of another machine or version is refused by the program."""
    path = file_of(folder, network, primitives, threads)
    print(f"{network}, {primitives}, threads: {threads}: {'is there' if complete(path) else 'measuring'}", file=sys.stderr, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([program, "profile", "--net", network, "--set", primitives, "--threads", str(threads), "--out", path],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failure(done.returncode if done.returncode > 0 else FAILURE, f"sluice profile: {done.stderr.strip()[-1000:]}")
    return path
