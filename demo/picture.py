"""Draws the rows of measure.py: accuracy against time, a line for each way of skipping."""
import matplotlib

matplotlib.use("Agg")  # a file, no window
import matplotlib.pyplot as plt  # noqa: E402  (after the choice above)

from measure import OTHER, PROPORTIONAL  # noqa: E402

_LEGEND = {PROPORTIONAL: "every group keeps this share of its blocks", OTHER: "other blocks"}
# Where labels stand beside their points, by line: near the whole network lines lie close together.
_ASIDE = ((6, -12), (-7, 4), (4, -8), (4, 4))


def draw(path, rows, title, subtitle, samples):
    """Writes a PNG.

    rows      as measure.rows() gives them
    subtitle  what was measured, and on which machine
    samples   some images, {name: uint8 [H,W,3]}; they stand above the lines
    """
    figure = plt.figure(figsize=(9, 7), layout="constrained")
    figure.suptitle(title, fontsize=14)
    grid = figure.add_gridspec(2, max(1, len(samples)), height_ratios=(1, 6))
    for column, (name, image) in enumerate(samples.items()):
        axes = figure.add_subplot(grid[0, column])
        axes.imshow(image)
        axes.set_title(name, fontsize=9)
        axes.axis("off")
    axes = figure.add_subplot(grid[1, :])
    axes.set_title(subtitle, fontsize=9)
    _lines(axes, rows)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _lines(axes, rows):
    whole = max(rows, key=lambda r: r["macs"])
    for i, series in enumerate(dict.fromkeys(r["series"] for r in rows)):
        points = [r for r in rows if r["series"] == series]
        main, colour = series == PROPORTIONAL, f"C{i}"
        # The line of a group begins at the whole network, too.
        line = points if series in _LEGEND else [whole, *points]
        axes.plot([r["ms"] for r in line], [r["top1"] for r in line], color=colour, zorder=3 if main else 2,
                  linewidth=2.5 if main else 1.3, linestyle="none" if series == OTHER else "-",
                  marker="o" if main else ".", label=_LEGEND.get(series, f"{series} alone keeps so many"))
        for r in points:
            axes.annotate(r["label"], (r["ms"], r["top1"]), xytext=_ASIDE[min(i, 3)],
                          textcoords="offset points", fontsize=9 if main else 7, color=colour)
    axes.set(xlabel="milliseconds per frame", ylabel="top-1 accuracy, %", xlim=(0, 1.1 * max(r["ms"] for r in rows)))
    axes.margins(y=0.07)
    axes.grid(alpha=0.3)
    axes.legend()
