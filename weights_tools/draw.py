#!/usr/bin/env python3
"""Draws the shapes data set: 20,000 training and 4,000 test images in CIFAR-10's binary format, ten classes.

    python3 draw.py --output drawings

Files that are there already and are what they should be stay as they are.
"""
import argparse
import sys

from sluice_weights import drawings


def main(arguments=None):
    """The command. Returns 0, or 1 where a file cannot be written."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", required=True, metavar="DIR", help=f"gets {', '.join(drawings.FILES)}")
    options = parser.parse_args(arguments)
    try:
        drawn = drawings.make(options.output)
    except OSError as e:
        print(f"error: {e.filename}: {e.strerror}", file=sys.stderr)
        return 1
    print(f"{options.output}: {len(drawn)} files drawn, {len(drawings.FILES) - len(drawn)} were there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
