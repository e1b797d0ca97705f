"""THE list of runtimes that sluice is timed beside: what each needs, how a network becomes its file, how it runs that.

Nothing is imported before it is needed, so that a runtime may be missing.
"""
import dataclasses
import importlib.metadata
import os
import subprocess
import sys
from typing import Callable

# For the networks themselves, whichever runtimes are asked for.
COMMON = ("torch==2.15.0", "torchvision==0.29.2", "numpy==2.4.6", "safetensors==0.8.0")


@dataclasses.dataclass(frozen=True)
class Runtime:
    packages: tuple[str, ...]  # as pip takes them; the first is the runtime, the others convert
    file: str                  # what export() writes into a folder and load() reads
    export: Callable           # (PyTorch module, image [1,C,H,W], folder)
    load: Callable             # (folder, threads, image as numpy) -> a function that runs the image, yields logits


def missing(packages):
    """Those that are not installed. Versions are not compared: the ones named are those that were tried."""
    def installed(package):
        try:
            return importlib.metadata.version(package.split("==")[0])
        except importlib.metadata.PackageNotFoundError:
            return None
    return [p for p in packages if installed(p) is None]


def version(runtime):
    return importlib.metadata.version(RUNTIMES[runtime].packages[0].split("==")[0])


def export_onnx(net, image, folder):
    import torch
    torch.onnx.export(net, (image,), folder / "model.onnx", dynamo=False, input_names=["image"], output_names=["logits"])


def export_ncnn(net, image, folder):
    """By pnnx, from a trace. It would store weights in 16 bits unless told otherwise."""
    import torch
    trace = folder / "trace.pt"
    torch.jit.trace(net, image).save(trace)
    shape = ",".join(map(str, image.shape))
    program = os.path.join(os.path.dirname(sys.executable), "pnnx")
    files = [f"ncnn{kind}={folder}/model.ncnn.{kind}" for kind in ("param", "bin")]
    scrap = [f"{key}={folder}/scrap.{key}" for key in ("pnnxparam", "pnnxbin", "pnnxpy", "pnnxonnx", "ncnnpy")]
    subprocess.run([program, trace, f"inputshape=[{shape}]", "fp16=0", *files, *scrap], check=True,
                   stdout=subprocess.DEVNULL)
    for path in (trace, *folder.glob("scrap.*")):
        path.unlink()


def export_litert(net, image, folder):
    import litert_torch
    litert_torch.convert(net, (image,)).export(str(folder / "model.tflite"))


def load_onnxruntime(folder, threads, image):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"image": image})[0]


def load_openvino(folder, threads, image):
    import openvino
    model = openvino.Core().compile_model(folder / "model.onnx", "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"})  # else bfloat16 where the processor has it
    request = model.create_infer_request()
    request.set_input_tensor(openvino.Tensor(image, shared_memory=True))

    def run():
        request.infer()
        return request.get_output_tensor().data
    return run


def load_ncnn(folder, threads, image):
    import ncnn
    import numpy
    net = ncnn.Net()
    net.opt.num_threads = threads
    for option in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage", "int8_inference", "vulkan_compute"):
        setattr(net.opt, f"use_{option}", False)
    for part, read in (("param", net.load_param), ("bin", net.load_model)):
        if read(f"{folder}/model.ncnn.{part}") != 0:
            raise RuntimeError(f"ncnn does not take {folder}/model.ncnn.{part}")
    pixels = ncnn.Mat(image[0]).clone()
    first, last = net.input_names()[0], net.output_names()[0]

    def run():
        frame = net.create_extractor()
        frame.input(first, pixels)
        return numpy.array(frame.extract(last)[1])
    return run


def load_litert(folder, threads, image):
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(str(folder / "model.tflite"), num_threads=threads)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    output = interpreter.get_output_details()[0]["index"]

    def run():
        interpreter.invoke()
        return interpreter.get_tensor(output)
    return run


RUNTIMES = {
    "onnxruntime": Runtime(("onnxruntime==1.31.1", "onnx==1.23.2"), "model.onnx", export_onnx, load_onnxruntime),
    "openvino": Runtime(("openvino==2026.4.1", "onnx==1.23.2"), "model.onnx", export_onnx, load_openvino),
    "ncnn": Runtime(("ncnn==1.0.20261020", "pnnx==20261020"), "model.ncnn.param", export_ncnn, load_ncnn),
    "litert": Runtime(("ai-edge-litert==2.3.0", "litert-torch==0.10.0"), "model.tflite", export_litert, load_litert),
}
