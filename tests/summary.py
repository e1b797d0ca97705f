#!/usr/bin/env python3
"""Adds up the results of a run: summary.py FOLDER

FOLDER has ctest's JUnit files, <build>.xml, and one file per other step, <step>.step, that says passed, failed or
skipped. Names what failed and gives the reason for what was skipped; the last line is the sum.
"""
import pathlib
import sys
import xml.etree.ElementTree as xml


def collect(folder):
    """(name, passed | failed | skipped, what it printed) of everything."""
    for path in sorted(folder.glob("*.step")):
        yield path.stem, path.read_text().strip(), ""
    for path in sorted(folder.glob("*.xml")):
        for case in xml.parse(path).getroot().iter("testcase"):
            # ctest reports a test that did not run for want of its program as "notrun", like one that was skipped.
            skipped = case.find("skipped")
            by_choice = skipped is not None and "SKIP_RETURN_CODE" in skipped.get("message", "")
            status = "passed" if case.get("status") == "run" else "skipped" if by_choice else "failed"
            yield f"{path.stem}/{case.get('name')}", status, case.findtext("system-out") or ""


def main():
    results = list(collect(pathlib.Path(sys.argv[1])))
    count = {status: sum(r[1] == status for r in results) for status in ("passed", "failed", "skipped")}
    print()
    for name, status, output in results:
        if status == "skipped":
            reasons = [line.strip() for line in output.splitlines() if "SKIPPED" in line]
            print(f"SKIPPED {name}: {'; '.join(reasons) or 'see above'}")
    for name, status, _ in results:
        if status not in ("passed", "skipped"):
            print(f"FAILED  {name}")
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 0 if count["failed"] == 0 and count["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
