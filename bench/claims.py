"""Every number that Chan et al. print, beside ours: rows {claim, printed, ours, unit, basis, verdict, note}.

basis    derived    from network types or by arithmetic on printed numbers alone
         fitted     printed, and a preset was fitted to it: proves nothing
         measured   on this machine; the note says with which network
         modelled   by a preset of sluice/power/presets.hpp
verdict  met, contradicted-by-paper, needs-device, needs-weights
"""
import statistics

PRINTED = {  # label: accuracy in per cent, million parameters, compression in per cent
    100: (87.64, 58.16, None), 90: (86.16, 54.81, 5.76), 80: (83.96, 50.06, 13.93), 70: (81.18, 46.42, 20.19),
    50: (77.87, 29.04, 50.07), 30: (69.05, 17.25, 70.34), 10: (55.65, 9.15, 84.27)}
RATIOS = {100: "1", 90: "0.9", 80: "0.8", 70: "0.7", 50: "0.4", 30: "0.25", 10: "0.05"}  # that give the rows' tuples
MHZ, MILLI = 1e6, 1e3


def row(claim, printed, ours, unit, basis, verdict, note=""):
    assert verdict in ("met", "contradicted-by-paper", "needs-device", "needs-weights"), verdict
    assert not (basis == "fitted" and verdict == "met"), claim
    return {"claim": claim, "printed": printed, "ours": ours, "unit": unit, "basis": basis, "verdict": verdict,
            "note": note}


def agrees(ours, printed, tolerance):
    return abs(ours - printed) <= tolerance * abs(printed)


def judged(claim, printed, ours, unit, tolerance, basis="modelled", note=""):
    good = agrees(ours, printed, tolerance)
    return row(claim, printed, round(ours, 4), unit, basis, "met" if good else "contradicted-by-paper", note)


def table1(paper, accuracy):
    whole = paper["table1"][0]
    for r in paper["table1"]:
        label, (top1, millions, compression) = r["label"], PRINTED[r["label"]]
        ours = round(r["parameters"] / 1e6, 2)
        yield row(f"Table 1, {label} %: parameters", millions, ours, "million", "derived",
                  "met" if ours == millions else "contradicted-by-paper", f"keeps {r['kept']} blocks")
        if compression is not None:
            ours = round(100 * (1 - round(r["parameters"] / 1e6, 2) / round(whole["parameters"] / 1e6, 2)), 2)
            yield row(f"Table 1, {label} %: compression", compression, ours, "%", "derived",
                      "met" if ours == compression else "contradicted-by-paper",
                      f"of the rounded counts; exactly {100 * (1 - r['parameters'] / whole['parameters']):.2f}")
    for label, (top1, _, _) in PRINTED.items():
        ours, note = accuracy.at(label)
        yield row(f"Table 1, {label} %: accuracy", top1, ours, "%", "measured", "needs-weights", note)
        if label != 100:
            loss = None if ours is None else round(accuracy.at(100)[0] - ours, 2)
            yield row(f"Table 1, {label} %: loss", round(PRINTED[100][0] - top1, 2), loss, "points", "measured",
                      "needs-weights", note)
    for label, ratio in ((50, 0.5), (30, 0.3), (10, 0.1)):
        yield row(f"Table 1: the row {label} % keeps this share of each group", ratio, float(RATIOS[label]), "ratio",
                  "derived", "contradicted-by-paper", "only max(1, ceil(r n)) gives the printed count, with r = ours")


def text(paper):
    last = paper["last_block"]
    for group, printed in ((3, 32), (2, 3)):
        yield row(f"layers of group {group}", printed, paper["blocks"][group - 1], "blocks", "derived",
                  "contradicted-by-paper", "with the printed number no row of Table 1 comes out")
    yield row("convolutions of a residual block", 2, last[0]["convolutions"], "convolutions", "derived",
              "contradicted-by-paper", "ResNet-152 has bottlenecks")
    yield row("Fig. 2: of each group the first blocks run, r = 0.6", "1...1 0...0",
              ",".join(str(int(k)) for k in paper["kept_at_60_percent"]), "blocks kept", "derived", "met")
    for group, printed in ((4, 10), (2, 1)):
        yield row(f"Fig. 3c: parameters of a skipped layer of group {group}", printed,
                  round(last[group - 1]["parameters"] / 1e6, 3), "million", "derived", "contradicted-by-paper")


def figure3(accuracy, profile, times):
    falls = accuracy.falls()
    yield row("Fig. 3a: with 10,000 images accuracy falls with every skip", "falls", falls, "", "measured",
              "met" if falls == "falls" else "needs-weights", accuracy.note)
    beaten = profile.beaten()
    yield row("Fig. 3b: no single group's curve is above the proportional one", "none", beaten, "", "measured",
              "met" if beaten == "none" else "needs-weights", profile.note)
    if times is None:
        yield row("Fig. 3c: time is linear in parameters", "linear", None, "R^2", "measured", "needs-device",
                  "not timed")
        return
    for against in ("parameters", "macs"):
        r2 = statistics.correlation([t[against] for t in times["rows"]], [t["ms"] for t in times["rows"]]) ** 2
        yield row(f"Fig. 3c: time is linear in {against}", "linear", round(r2, 4), "R^2", "measured",
                  "met" if r2 > 0.95 else "needs-device", times["note"])
    ms = times["block_ms"]
    yield row("Fig. 3c: time of a layer of group 4 / of group 2, as 10 / 1 million parameters", 10, round(ms[3] / ms[1], 2),
              "", "measured", "needs-device", times["note"] + "; both have 71.3 million multiply-accumulates")


def figure4(gpu):
    mhz = [f / MHZ for f in gpu["clocks_hz"]]
    at = {f: i for i, f in enumerate(mhz)}

    def value(frame, key, f):
        return gpu[frame][key][at[f]]

    for frame, printed in (("whole", {612: 13, 306: 26.5}), ("skipped", {612: 4.5, 306: 9})):
        for f, ms in printed.items():
            yield row(f"Fig. 4b: time of the {frame} network at {f} MHz", ms,
                      round(MILLI * value(frame, "tau_s", f), 2), "ms", "fitted", "needs-device")
        slow, fast = printed[306], printed[612]
        yield judged(f"Fig. 4b: {frame}, cycles at 306 MHz / at 612 MHz", 1, slow * 306 / (fast * 612), "", 0.02,
                     "derived", "from printed times: they are inversely proportional to the clock")
        yield row(f"Fig. 4b: {frame}, time at 306 / at 612 MHz", round(slow / fast, 3),
                  round(value(frame, "tau_s", 306) / value(frame, "tau_s", 612), 3), "", "fitted", "needs-device",
                  "of two times that the preset is fitted to")
    yield row("Fig. 4a: energy of the whole network at any clock", 35, round(MILLI * value("whole", "energy_j", 612), 1),
              "mJ", "fitted", "needs-device")
    energy = MILLI * value("skipped", "energy_j", 612)
    yield row("Fig. 4a: energy of the skipped network", 11, round(energy, 1), "mJ", "modelled", "contradicted-by-paper",
              "printed times have the ratio 0.346, printed energies 0.314, at one power")
    yield judged("Fig. 4a: energy saved, from 35 and 11 mJ", 69, 100 * (1 - 11 / 35), "%", 0.01, "derived")
    yield row("Fig. 4a: energy saved", 69, round(100 * (1 - energy / 35.332), 1), "%", "modelled",
              "contradicted-by-paper", "follows from the energy above")
    loss = PRINTED[100][0] - (PRINTED[30][0] + PRINTED[10][0]) / 2
    yield row("Fig. 4a: loss with 20 % of the layers", 23, round(loss, 1), "points", "derived", "contradicted-by-paper",
              "between Table 1's rows 30 and 10; 23 points would be 23 %")
    powers = [value("whole", "energy_j", f) / value("whole", "tau_s", f) for f in (306, 612)]
    yield row("Fig. 4c: slope of energy over time, 612 / 306 MHz", 2, round(powers[1] / powers[0], 3), "", "fitted",
              "needs-device", "no static power: that is what 35 mJ at both clocks gave")
    for frame, f, printed in (("whole", 612, 455), ("whole", 306, 927.5), ("skipped", 612, 49.5), ("skipped", 306, 99)):
        yield row(f"Fig. 4d: EDP of the {frame} network at {f} MHz, product of the printed two", printed,
                  round(1e6 * value(frame, "edp_js", f), 1), "uJ s", *(("fitted", "needs-device") if frame == "whole"
                                                                      else ("modelled", "contradicted-by-paper")),
                  "" if frame == "whole" else "as its energy")
    for frame in ("whole", "skipped"):
        yield judged(f"Fig. 6c: clock of the least EDP, {frame}", 624.75, gpu[frame]["edp_best_hz"] / MHZ, "MHz", 0)
    falls = all(s < w for s, w in zip(gpu["skipped"]["edp_js"], gpu["whole"]["edp_js"]))
    yield row("Fig. 4d: EDP falls as layers are skipped, at every clock", "falls", "falls" if falls else "rises", "",
              "modelled", "met" if falls else "contradicted-by-paper")


def shape(claim, holds, preset):
    return row(claim, "holds", "holds" if holds else "does not", "", "modelled",
               "met" if holds else "contradicted-by-paper", preset)


def figure5(presets):
    for name, basis in (("orin-cpu-cubic", "modelled"), ("orin-cpu-36", "fitted"), ("orin-board-rail", "fitted")):
        p = presets[name]
        clock = [round(f / MHZ, 1) for f in p["clocks_hz"]]
        energy = p["whole"]["energy_j"]
        saved = 100 * (1 - energy[clock.index(729.6)] / energy[-1])
        yield row("Fig. 5a: energy saved from 1.51 GHz to 729 MHz", 36, round(saved, 1), "%", basis,
                  "needs-device" if basis == "fitted" else "contradicted-by-paper", name)
        yield row("Fig. 5b: time is inversely proportional to the clock", "holds", "assumed", "", "fitted", "needs-device",
                  name)
        power = [e / t for e, t in zip(energy, p["whole"]["tau_s"])]
        yield shape("Fig. 5c: energy over time is steeper at higher clocks", power == sorted(power), name)
        upper = energy[clock.index(499.2):]
        yield shape("Fig. 5d: energy falls from 1.51 GHz to 499.2 MHz", upper == sorted(upper), name)
        steps = [(b - a) / (g - f) for a, b, f, g in zip(energy, energy[1:], clock, clock[1:])]
        at_ghz = clock.index(1036.8)
        yield shape("Fig. 6b: energy rises, and more steeply above 1 GHz",
                    min(steps[clock.index(499.2):]) > 0 and
                    statistics.mean(steps[at_ghz:]) > statistics.mean(steps[:at_ghz]), name)
    for name, basis in (("orin-cpu-cubic", "fitted"), ("orin-cpu-36", "modelled"), ("orin-cpu-rail", "fitted"),
                        ("orin-board-rail", "modelled")):
        best = presets[name]["whole"]["edp_best_hz"] / MHZ
        yield row("Fig. 6d: clock of the least EDP", 499.2, round(best, 1), "MHz", basis,
                  "needs-device" if basis == "fitted" else "contradicted-by-paper", name)
    yield row("Figs. 5a, 5b, 6d together: EDP at 1510.4 / at 729.6 MHz", "above 1", round(1 / 0.64 * 729.6 / 1510.4, 4),
              "", "derived", "contradicted-by-paper",
              "-36 % and times inversely proportional to the clock put the higher one's EDP below: the least is not at "
              "499 MHz with any energy that is convex in the clock")


def rows(paper, accuracy, profile, times):
    return [*table1(paper, accuracy), *text(paper), *figure3(accuracy, profile, times),
            *figure4(paper["presets"]["orin-gpu"]), *figure5(paper["presets"])]
