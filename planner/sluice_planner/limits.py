"""What a plan may take at most, as the user gives it: workspace=8MiB, peak=, total=, a slowdown, an error."""
import re
from dataclasses import dataclass
from fractions import Fraction

from .failure import USAGE, Failure

UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
MEMORIES = ("workspace", "peak", "total")


@dataclass(frozen=True)
class Limits:
    """None: no limit. Bytes, and nanoseconds."""
    workspace: int = None
    peak: int = None
    total: int = None
    time: int = None

    def allow(self, taken):
        """Whether an Evaluation is within them."""
        return all(most is None or value <= most for most, value in (
            (self.workspace, taken.workspace_bytes), (self.peak, taken.peak_bytes), (self.total, taken.total_bytes),
            (self.time, taken.time_ns)))


def budget(text):
    """('workspace', 8388608) for 'workspace=8MiB'."""
    kind, _, amount = text.partition("=")
    if kind not in MEMORIES:
        raise Failure(USAGE, f"--memory: expected {'=, '.join(MEMORIES)}= and bytes, such as workspace=8MiB, found '{text}'")
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", amount)
    if not found or found[2] not in UNITS:
        raise Failure(USAGE, f"--memory: expected a number and one of {', '.join(UNITS)} behind {kind}=, found '{amount}'")
    return kind, int(Fraction(found[1]) * UNITS[found[2]])


def ratio(option, text, least):
    """An exact Fraction of a decimal number."""
    if not re.fullmatch(r"\d+(\.\d+)?", text) or Fraction(text) < least:
        raise Failure(USAGE, f"{option}: expected a decimal number of {least} or more, found '{text}'")
    return Fraction(text)


def bytes_text(count):
    """8388608 as '8 MiB', with the exact number where that says less."""
    for unit, size in reversed(UNITS.items()):
        if count >= size:
            exact = count % size == 0
            return f"{count // size} {unit}" if exact else f"{count / size:.2f} {unit} ({count} B)"
    return "0 B"
