"""The measurements of ./run gpu as Markdown, on stdout.

    python3 bench/gpu/table.py FOLDER

FOLDER has sweep.json (of bench_gpu) and kernels.jsonl (of bench_gpu_kernels). A file that is missing or empty is said to be.
"""
import json
import pathlib
import sys


def version(number):
    """12080 is CUDA 12.8."""
    return f"{number // 1000}.{number % 1000 // 10}"


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def sweep(reports):
    gpu = reports[0]["gpu"]
    yield (f"{gpu['device']}, cuDNN {gpu['cudnn']}, CUDA {version(gpu['cuda'])}, driver for CUDA {version(gpu['driver'])}. "
           "Milliseconds of a batch, images and logits on their way included: the least, the median, the mask's first frame, "
           "and one that follows another mask's.")
    for network in dict.fromkeys(r["network"] for report in reports for r in report["results"]):
        yield f"## {network}"
        yield table(["precision", "batch", "gates", "keep", "blocks", "ms", "median", "first", "switched", "images/s",
                     "difference"],
                    [[r["precision"], r["batch"], report["shut"], r["keep"], ",".join(map(str, r["kept"])),
                      f"{r['least_ms']:.3f}", f"{r['median_ms']:.3f}", f"{r['first_ms']:.1f}", f"{r['switched_ms']:.3f}",
                      f"{r['images_per_s']:.0f}", f"{r['relative_difference']:.1e}"]
                     for report in reports for r in report["results"] if r["network"] == network])
    gaps = [gap for report in reports for gap in report["gaps"]]
    if gaps:
        yield "## Without a time"
        yield "\n".join(f"- {g['network']}, {g['precision']}, batch {g['batch']}: {g['reason']}" for g in gaps)


def kernels(lines):
    yield "## Our kernels beside cuDNN's"
    yield table(["what", "precision", "batch", "C x H x W", "us", "cuDNN us", "difference"],
                [[k["what"], k["precision"], k["batch"], f"{k['C']}x{k['H']}x{k['W']}", f"{k['us']:.1f}",
                  k["why"] if k["cudnn_us"] is None else f"{k['cudnn_us']:.1f}",
                  "" if k["cudnn_us"] is None else f"{k['relative_difference']:.1e}"] for k in lines])


def document(folder):
    def text(name):
        return (folder / name).read_text() if (folder / name).is_file() else ""
    yield "# The GPU backend, measured by ./run gpu"
    try:
        reports = json.loads(text("sweep.json") or "[]")
    except json.JSONDecodeError:
        reports = []  # the program ended in the middle
    yield from sweep(reports) if reports else ["sweep.json has no complete sweep."]
    lines = [json.loads(line) for line in text("kernels.jsonl").splitlines()]
    yield from kernels(lines) if lines else ["kernels.jsonl is empty."]


if __name__ == "__main__":
    print("\n\n".join(document(pathlib.Path(sys.argv[1]))))
