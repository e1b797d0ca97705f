#!/usr/bin/env python3
"""What the project's files must not name: folders of one machine, and the hosts of package registries."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Written in pieces, so that this file passes.
FOLDERS = re.compile(r"(?<![\w.~$}])/(?:" + "|".join(["home", "root", "work", "farm", "Users"]) + r")(?:/|\b(?=[\s\"')]|$))")
HOSTS = re.compile(r"\b(?:" + "|".join(name + r"\." + end for name, end in [
    ("pypi", "org"), ("pythonhosted", "org"), ("debian", "org"), ("ubuntu", "com"), ("anaconda", "org"), ("npmjs", "org"),
    ("crates", "io"), ("conan", "io"), ("vcpkg", "io"), ("docker", "io")]) + r")\b")


def faults(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in (FOLDERS, HOSTS):
            found = pattern.search(line)
            if found:
                yield f"{path}:{number}: names {found.group()}"


def files():
    """Those of the repository and those that would be added next; without one, all but builds."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             capture_output=True)
    if listing.returncode == 0:
        return [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [p for p in ROOT.rglob("*") if p.is_file() and p.relative_to(ROOT).parts[0] not in ("build", "data", ".git")]


def main():
    for bad in ("see /" + "root/x", "at '/" + "home/me'", "from https://pypi" + ".org/simple", "/" + "work"):
        assert list(faults("self", bad)), bad
    for good in ("include/sluice/root/x", "a home for it", "net" + "work/x", "build/work/x", "../work/x"):
        assert not list(faults("self", good)), good
    found, read = [], 0
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue  # not text, or deleted
        read += 1
        found += faults(path.relative_to(ROOT).as_posix(), text)
    for line in found:
        print(f"GATE: {line}")
    print(f"{read} text files, {len(found)} faults")
    return 1 if found or read < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
