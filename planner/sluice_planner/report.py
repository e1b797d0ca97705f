"""What the command prints, as text or as JSON."""
import json

from .limits import bytes_text


def frontier(report, as_json):
    if as_json:
        print(json.dumps(report, indent=1))
        return
    rows = [("", point) for point in report["points"]] + [(n, p) for n, p in report["baselines"].items() if p is not None]
    print(f"{'':12} {'ms':>10} {'workspace':>12} {'weights':>12} {'peak':>12}")
    for name, p in rows:
        print(f"{name:12} {p['time_ms']:10.3f} {p['workspace_bytes']:12,} {p['persistent_bytes']:12,} {p['peak_bytes']:12,}")
    if report["near"] is None:
        print(f"nothing within these limits is within {report['slowdown']:g} times the least time")
    else:
        ratio = report["memory_ratio"]
        less = "" if ratio is None else f", {ratio:.2f} times less than the fastest plan's"
        print(f"within {report['slowdown']:g} times the least time: workspace {report['near']['workspace_bytes']:,} bytes{less}")
    missing = [name for name, p in report["baselines"].items() if p is None]
    if missing:
        print(f"not with these costs: {', '.join(missing)}")


def plan(costs, plan, taken, fastest, measured, as_json):
    """fastest: the Evaluation of the plan with the least time. measured: measure.Measured, or None."""
    chosen = [(i, layer, option) for i, (layer, option) in enumerate(zip(costs.layers, plan.options)) if option is not None]
    if as_json:
        print(json.dumps({
            "schema_version": 1, "network": costs.network, "fingerprint": costs.fingerprint, "version": costs.version,
            "machine": costs.machine, "time_ms": taken.time_ns / 1e6,
            "measured_least_ms": measured and measured.whole.least_ms, "measured_median_ms": measured and measured.whole.median_ms,
            "measured_strips_ms": measured and measured.strips.median_ms, "default_plan_ms": measured and measured.default.median_ms,
            "layers_ms": measured and measured.layers_ms, "measured_of_layers": measured and measured.of_layers,
            "slowdown": taken.time_ns / fastest.time_ns,
            "workspace_bytes": taken.workspace_bytes, "persistent_bytes": taken.persistent_bytes,
            "peak_bytes": taken.peak_bytes, "total_bytes": taken.total_bytes, "error": taken.error, "layers": [
                {"name": layer.name, "primitive": option.primitive, "read": option.read, "written": option.written,
                 "time_ms": option.time_ns / 1e6, "input": plan.paths.get((i, "input"), []),
                 "shortcut": plan.paths.get((i, "shortcut"), [])} for i, layer, option in chosen]}, indent=1))
        return
    for i, layer, option in chosen:
        turned = "".join(f", {role} {' to '.join(path)}" for (j, role), path in plan.paths.items() if j == i)
        print(f"{layer.name:32} {option.primitive:16} {option.read} to {option.written} {option.time_ns / 1e6:10.3f} ms{turned}")
    print(f"time {taken.time_ns / 1e6:.3f} ms, {taken.time_ns / fastest.time_ns:.3f} times the least; workspace "
          f"{bytes_text(taken.workspace_bytes)}; weights {bytes_text(taken.persistent_bytes)}; peak "
          f"{bytes_text(taken.peak_bytes)}; total {bytes_text(taken.total_bytes)}; error {taken.error:g}")
    if measured:
        least, median = measured.whole.least_ms, measured.whole.median_ms
        print(f"measured {median:.3f} ms, the median, and {least:.3f} ms at least: {median / taken.time_ns * 1e6:.3f} and "
              f"{least / taken.time_ns * 1e6:.3f} times the prediction, {measured.of_layers:.3f} times the layers one by one at that time "
              f"({measured.layers_ms:.3f} ms); with strips {measured.strips.median_ms:.3f} ms; the default plan "
              f"{measured.default.median_ms:.3f} ms")
