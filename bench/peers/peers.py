#!/usr/bin/env python3
"""Times sluice beside other runtimes, batch 1, float32: prints tables, draws a picture.

    peers.py --program sluice --interpreter PYTHON [--networks A,B] [--threads 1,2] [--runtimes X,Y] [--rounds N]

PYTHON is an interpreter in which the runtimes are installed. docs/performance.md says which packages, and how this
measures.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import document  # noqa: E402  (found through the path above)
import report  # noqa: E402
from runtimes import COMMON, RUNTIMES  # noqa: E402
from turns import Peer, Sluice, compare  # noqa: E402

NETWORKS = ("resnet18,resnet50,resnet152_cifar,resnet152_at32,resnet20_cifar_b,squeezenet1_1,googlenet,vgg16,alexnet,"
            "mobilenet_v2")
MARK = "<!-- ./run bench --peers -->"


def say(line):
    print(line, file=sys.stderr, flush=True)


def last_line(text):
    return (text.strip().splitlines() or ["no message"])[-1][:500]


def asked(interpreter, code, *arguments):
    """What code prints in the interpreter, from JSON. It finds our files."""
    run = subprocess.run([interpreter, "-B", "-c", f"import json, sys; sys.path.insert(0, {str(HERE)!r}); {code}", *arguments],
                         capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"bench --peers: {interpreter} cannot say what is installed in it: {last_line(run.stderr)}")
    return json.loads(run.stdout)


def installed(options):
    """Those of the wanted runtimes that the interpreter has all packages of; names what is missing."""
    wanted = {runtime: list(RUNTIMES[runtime].packages) for runtime in options.runtimes}
    missing = asked(options.interpreter, "import runtimes; print(json.dumps({k: runtimes.missing(v) for k, v in "
                    "json.loads(sys.argv[1]).items()}))", json.dumps(wanted | {"networks": COMMON}))
    for what, packages in missing.items():
        if packages:
            say(f"bench --peers: {what}: not installed: {', '.join(packages)}\n"
                f"    {options.interpreter} -m pip install {' '.join(packages)}")
    if missing["networks"]:
        sys.exit("bench --peers: without these no network can be made")
    found = [runtime for runtime in options.runtimes if not missing[runtime]]
    return found or sys.exit("bench --peers: none of the runtimes is installed")


def prepared(options, network, runtimes):
    """{runtime: why it cannot be timed with this network, or None}"""
    run = subprocess.run([options.interpreter, "-B", HERE / "models.py", options.folder, network, *runtimes],
                         capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"bench --peers: {network} cannot be made: {last_line(run.stderr)}")
    return json.loads(run.stdout)


def measure(options, runtimes):
    results = {}
    for threads in options.threads:
        rows = results.setdefault(str(threads), {})
        for network in options.networks:
            folder = options.folder / network
            unfit = {r: why for r, why in prepared(options, network, runtimes).items() if why}
            for runtime, why in unfit.items():
                say(f"{network}, {runtime}: {why}")
            contenders = {report.OURS: lambda: Sluice(options.program, network, folder, threads)}
            contenders |= {r: lambda r=r: Peer(options.interpreter, r, folder, threads) for r in runtimes if r not in unfit}
            rows[network] = compare(contenders, options.rounds, lambda line: say(f"{network}, {threads} threads, {line}"))
            rows[network] |= {r: {"refused": why} for r, why in unfit.items()}
            say(f"{network}, {threads} threads: " + ", ".join(
                f"{name} {r['least_ms']:.2f} ms" for name, r in rows[network].items() if "least_ms" in r))
            options.json.write_text(json.dumps(results, indent=1) + "\n")
    return results


def arguments():
    def words(text):
        return [word for word in text.split(",") if word]

    parser = argparse.ArgumentParser(prog="./run bench --peers", description=__doc__.split("\n")[0])
    parser.add_argument("--networks", type=words, default=words(NETWORKS), metavar="NAME,...", help=f"default: {NETWORKS}")
    parser.add_argument("--threads", type=lambda text: [int(word) for word in words(text)], default=[1, 2], metavar="T,...",
                        help="default: 1,2")
    parser.add_argument("--runtimes", type=words, default=list(RUNTIMES), metavar="NAME,...",
                        help=f"default: {','.join(RUNTIMES)}")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="turns of each; default: 7")
    parser.add_argument("--folder", type=pathlib.Path, default="peers", help="networks are kept there")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="all results; default: results.json in the folder")
    parser.add_argument("--again", action="store_true", help="time nothing, print and draw the results that are there")
    parser.add_argument("--figure", type=pathlib.Path, metavar="FILE", help="default: peers.png in the folder")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help=f"put the tables behind the file's mark {MARK}")
    parser.add_argument("--interpreter", metavar="PYTHON", help="has the runtimes; default: $SLUICE_PEERS_PYTHON")
    parser.add_argument("--program", metavar="PROGRAM", help="another sluice command than the one that ./run builds")
    options = parser.parse_args()
    unknown = [runtime for runtime in options.runtimes if runtime not in RUNTIMES]
    if unknown:
        parser.error(f"--runtimes: expected any of {', '.join(RUNTIMES)}; found '{unknown[0]}'")
    if options.rounds < 1 or not options.threads or min(options.threads) < 1:
        parser.error("--rounds, --threads: expected whole numbers from 1")
    if not options.again and not (options.interpreter and options.program):
        parser.error("--interpreter: name a Python in which the runtimes are installed, or set SLUICE_PEERS_PYTHON; "
                     "docs/performance.md lists their packages")
    for what, path in (("--interpreter", options.interpreter), ("--program", options.program)):
        if path and not shutil.which(path):
            parser.error(f"{what}: {path} is no program")
    options.folder.mkdir(parents=True, exist_ok=True)
    options.json = options.json or options.folder / "results.json"
    options.figure = options.figure or options.folder / "peers.png"
    return options


def main():
    options = arguments()
    results = json.loads(options.json.read_text()) if options.again else measure(options, installed(options))
    lines = "\n".join(report.markdown(results))
    print(lines)
    if options.write:
        document.put(options.write, MARK, lines)
    report.draw(results, options.figure)
    say(f"drawn: {options.figure}")
    refused = [network for rows in results.values() for network, row in rows.items() if "refused" in row[report.OURS]]
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
