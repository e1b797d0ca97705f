"""Figures 3 to 6 of Chan et al. as ./run reproduce knows them, a .png each."""
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the choice of a backend without a display)

import claims  # noqa: E402

PRESET_OF_FIGURE_5 = "orin-cpu-cubic"


def panels(count):
    figure, axes = plt.subplots(1, count, figsize=(5 * count, 4), layout="constrained")
    return figure, axes


def label(axis, x, y, title):
    axis.set(xlabel=x, ylabel=y, title=title)
    axis.grid(alpha=0.3)


def figure3(accuracy, profile, times):
    figure, (a, b, c) = panels(3)
    if accuracy.rows:
        for subset in range(len(accuracy.rows[100]["subsets"])):
            images = accuracy.rows[100]["subsets"][subset]["images"]
            a.plot([r["parameters"] / 1e6 for r in accuracy.rows.values()],
                   [r["subsets"][subset]["top1"] for r in accuracy.rows.values()], "o-", label=f"{images} images")
        a.legend()
    label(a, "million parameters", "accuracy / %", "3a: accuracy, by number of images")
    for name, curve in profile.curves.items():
        b.plot([m / 1e6 for m in sorted(curve)], [curve[m] for m in sorted(curve)], "o-", label=name)
    b.legend()
    label(b, "million multiply-accumulates", "accuracy / %", "3b: one group, or all")
    if times:
        c.plot([r["parameters"] / 1e6 for r in times["rows"]], [r["ms"] for r in times["rows"]], "o-")
    label(c, "million parameters", "ms", "3c: time of ResNet-152 on this machine")
    return figure


def by_loss(preset, table1):
    """Of each row of Table 1 by its blocks: (loss in points, share of the whole network's cycles)."""
    share = preset["skipped"]["tau_s"][-1] / preset["whole"]["tau_s"][-1]
    whole, skipped = sum(table1[0]["kept"]), 12  # blocks of the two frames that the preset has cycles of
    slope = (1 - share) / (whole - skipped)
    return [(claims.PRINTED[100][0] - claims.PRINTED[r["label"]][0], 1 - slope * (whole - sum(r["kept"]))) for r in table1]


def device(preset, table1, number, clocks, unit):
    figure, (a, b, c, d) = panels(4)
    points = by_loss(preset, table1)
    relative = preset["relative"]
    scale, time, energy = (1, "relative time", "relative energy") if relative else (1e3, "ms", "mJ")
    for hz in clocks:
        i = min(range(len(preset["clocks_hz"])), key=lambda j: abs(preset["clocks_hz"][j] - hz))
        name = f"{preset['clocks_hz'][i] / 1e6:g} MHz"
        tau, joules = preset["whole"]["tau_s"][i] * scale, preset["whole"]["energy_j"][i] * scale
        loss, share = zip(*points)
        a.plot(loss, [joules * s for s in share], "o-", label=name)
        b.plot(loss, [tau * s for s in share], "o-", label=name)
        c.plot([tau * s for s in share], [joules * s for s in share], "o-", label=name)
    for loss, share in points:
        d.plot([t * scale * share for t in preset["whole"]["tau_s"]],
               [e * scale * share for e in preset["whole"]["energy_j"]], "o-", label=f"{loss:.1f} points lost")
    for axis, letter, x, y in ((a, "a", "loss / points", energy), (b, "b", "loss / points", time),
                               (c, "c", time, energy), (d, "d", time, energy)):
        label(axis, x, y, f"{number}{letter}: {unit}")
        axis.set_ylim(bottom=0)
        axis.legend(fontsize="small")
    return figure


def figure6(presets):
    figure, axes = panels(4)
    cpus = [n for n in presets if n.startswith("orin-cpu") and n != "orin-cpu-rail"] + ["orin-board-rail"]
    for axis, names, key, title in ((axes[0], ["orin-gpu"], "energy_j", "6a: GPU, energy"),
                                    (axes[1], cpus, "energy_j", "6b: CPU, energy"),
                                    (axes[2], ["orin-gpu"], "edp_js", "6c: GPU, EDP"),
                                    (axes[3], cpus, "edp_js", "6d: CPU, EDP")):
        for name in names:
            values = presets[name]["whole"][key]
            axis.plot([f / 1e6 for f in presets[name]["clocks_hz"]], [v / min(values) for v in values], "o-", label=name)
        label(axis, "MHz", "times the least", title)
        axis.set_ylim(bottom=0)
        axis.legend(fontsize="small")
    return figure


def draw(folder, paper, accuracy, profile, times):
    presets = paper["presets"]
    figures = {"figure3": figure3(accuracy, profile, times),
               "figure4": device(presets["orin-gpu"], paper["table1"], 4, (306e6, 612e6), "GPU preset"),
               "figure5": device(presets[PRESET_OF_FIGURE_5], paper["table1"], 5, (499.2e6, 729.6e6, 1510.4e6),
                                 "CPU, cubic preset"),
               "figure6": figure6(presets)}
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        figure.savefig(path, dpi=120)
        plt.close(figure)
        yield path
