#!/usr/bin/env python3
"""A network that does not fit together stops the compiler with a sentence that names the layer: compose/*.cpp, each with
the sentence in its first line. Those that say "fits" must compile."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = pathlib.Path(__file__).resolve().parent / "compose"


def sentences(output):
    """What the compiler said, with clang 14's lists of characters joined: <'f', 'c', ':'> reads fc: there."""
    def join(found):
        characters = re.findall(r"'(\\?.)'", found.group())
        return "".join(c[-1] for c in characters)
    return re.sub(r"(?:'\\?.', ){3,}'\\?.'", join, output)


def check(source, cxx):
    """What is wrong, or None."""
    text = source.read_text(encoding="utf-8")
    expected = text.splitlines()[0].removeprefix("// ")
    run = subprocess.run([cxx, "-std=c++20", "-DSLUICE_SCALAR", f"-I{ROOT / 'include'}", f"-I{ROOT / 'kernels'}",
                          "-fsyntax-only", source], capture_output=True, text=True)
    if expected == "fits":
        return run.stderr if run.returncode != 0 else None
    if run.returncode == 0:
        return "it compiles"
    said = sentences(run.stderr)
    if expected not in said:
        return f"'{expected}' is not in what the compiler said:\n{said}"
    lines = said.splitlines()
    errors = [i for i, line in enumerate(lines) if "error:" in line]
    where = next(i for i, line in enumerate(lines) if expected in line)
    print(f"{cxx} {source.name}: {len(lines)} lines, {len(errors)} errors, the sentence in line {where + 1}")
    return None


def main():
    assert sentences("wrong<'f', 'c', ':', ' ', '\\'', 'x'>") == "wrong<fc: 'x>"
    sources = sorted(FOLDER.glob("*.cpp"))
    wrong = 0
    for cxx in ("g++", "clang++"):
        for source in sources:
            fault = check(source, cxx)
            if fault:
                wrong += 1
                print(f"GATE: {cxx} {source.name}: {fault}")
    print(f"{len(sources)} compositions, {wrong} wrong")
    return 1 if wrong or len(sources) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
