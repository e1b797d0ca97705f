"""What the turns gave: tables in Markdown, a picture.

results: {threads: {network: {contender: {least_ms, median_ms, frames, peak_mib, ...} or {refused}}}}
"""
import math

OURS = "sluice"


def contenders(results):
    """All names that occur, ours first."""
    names = dict.fromkeys(name for rows in results.values() for row in rows.values() for name in row)
    return sorted(names, key=lambda name: name != OURS)


def value(row, name, key):
    return row.get(name, {}).get(key)


def best_peer(row, key):
    """The least of the others' values, or None."""
    return min((found for name in row if name != OURS and (found := value(row, name, key)) is not None), default=None)


def table(rows, names, key, digits):
    """Lines of one table; the least of each row is bold. The last column is how much the best of the others is above ours."""
    yield "| network | " + " | ".join(names) + f" | best peer / {OURS} |"
    yield "|---" + "|---:" * (len(names) + 1) + "|"
    ratios = []
    for network, row in rows.items():
        values = [value(row, name, key) for name in names]
        least = min((v for v in values if v is not None), default=None)
        cells = ["-" if v is None else f"**{v:.{digits}f}**" if v == least else f"{v:.{digits}f}" for v in values]
        ours, peer = value(row, OURS, key), best_peer(row, key)
        ratio = "-"
        if ours and peer:
            ratios.append(peer / ours)
            ratio = f"{ratios[-1]:.2f}"
        yield f"| {network} | " + " | ".join(cells) + f" | {ratio} |"
    if len(ratios) > 1:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        yield f"| geometric mean |{' |' * len(names)} {mean:.2f} |"


def notes(results):
    """The machine, the versions, what Python has resident before a runtime is loaded, errors, who was refused."""
    all_rows = [(threads, network, row) for threads, rows in results.items() for network, row in rows.items()]
    machine = next((r["machine"] for *_, row in all_rows for r in row.values() if "machine" in r), None)
    if machine:
        yield f"{machine['cpu']}, {OURS} with {machine['isa']} by {machine['compiler']}."
    versions = {name: r["version"] for *_, row in all_rows for name, r in row.items() if r.get("version")}
    if versions:
        yield ", ".join(f"{name} {version}" for name, version in versions.items()) + "."
    bare = [r["python_mib"] for *_, row in all_rows for r in row.values() if "python_mib" in r]
    if bare:
        yield f"Of the peers' memory {min(bare):.0f} MiB are Python and numpy."
    worst = {}
    for *_, row in all_rows:
        for name, r in row.items():
            worst[name] = max(worst.get(name, 0), r.get("difference", 0))
    yield "Largest difference from PyTorch's logits in float64, of the largest logit: " + ", ".join(
        f"{name} {difference:.1e}" for name, difference in worst.items()) + "."
    for threads, network, row in all_rows:
        for name, r in row.items():
            if "refused" in r:
                yield f"Not timed: {name}, {network}, {threads} threads: {r['refused']}."


def markdown(results):
    names = contenders(results)
    yield from notes(results)
    for threads, rows in results.items():
        for key, title in (("least_ms", "least"), ("median_ms", "median")):
            yield from ("", f"Threads: {threads}, {title} milliseconds:", "", *table(rows, names, key, 2))
    threads, rows = next(iter(results.items()))
    yield from ("", f"Peak resident memory of the process, MiB, threads: {threads}:", "", *table(rows, names, "peak_mib", 0))


def draw(results, path):
    """Least times as multiples of ours, a panel for each number of threads."""
    import matplotlib
    matplotlib.use("agg")
    from matplotlib import pyplot
    names = contenders(results)
    most = max(len(rows) for rows in results.values())
    figure, panels = pyplot.subplots(len(results), 1, figsize=(2 + 1.1 * most, 3.2 * len(results)), squeeze=False)
    width = 0.8 / len(names)
    for axes, (threads, rows) in zip(panels[:, 0], results.items()):
        for i, name in enumerate(names):
            bars = [(x, value(row, name, "least_ms") / value(row, OURS, "least_ms")) for x, row in enumerate(rows.values())
                    if value(row, name, "least_ms") and value(row, OURS, "least_ms")]
            axes.bar([x + (i - (len(names) - 1) / 2) * width for x, _ in bars], [y for _, y in bars], width, label=name)
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set(ylabel=f"time, {OURS} = 1", title=f"batch 1, float32, threads: {threads}", xticks=range(len(rows)))
        axes.set_xticklabels(rows, rotation=20, ha="right", fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0, 0].legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    figure.tight_layout()
    figure.savefig(path, dpi=120, bbox_inches="tight")
