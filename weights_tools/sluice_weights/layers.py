"""What every layer of a network yields, by the names and at the points of the C++ graph.

A layer of the engine ends where it writes to memory: behind its batch norm and ReLU, and the last one of a block behind
the addition of the shortcut.
"""
import torch
import torch.nn.functional as F
from torch import nn

from . import networks


def outputs(net, image):
    """{layer: float64 [C,H,W]} of one image [C,H,W], in the order in which they run; skipped blocks are left out.

    net  float64, in eval mode; its norms may be folded away (see fold.folded_twin)
    """
    found = {"input": torch.from_numpy(image).double()}

    def keep(layer, relu=False):
        def hook(module, inputs, output):
            if getattr(module, "gate", True):
                found[layer] = (F.relu(output) if relu else output)[0]
        return hook

    def keep_input(layer):
        def hook(module, inputs):
            found[layer] = inputs[0][0]
        return hook

    classifier = getattr(net, net.classifier)
    handles = [m.register_forward_hook(keep(*point)) for m, point in _points(net).items()]
    handles += [classifier.register_forward_pre_hook(keep_input("avgpool")),
                classifier.register_forward_hook(keep(net.classifier))]
    if net.pool:
        handles.append(net.layer1.register_forward_pre_hook(keep_input("maxpool")))
    try:
        with torch.no_grad():
            net(found["input"][None])
    finally:
        for handle in handles:
            handle.remove()
    return {layer: (t if t.ndim == 3 else t[:, None, None]).numpy() for layer, t in found.items()}


def _points(net):
    """{module: (layer, whether a ReLU follows that is no module)}: a convolution's layer ends behind its norm."""
    points = {net.bn1: ("conv1", True)}
    for name, block in net.named_modules():
        if not isinstance(block, networks.Block):
            continue
        for i in range(1, block.length):
            points[getattr(block, f"bn{i}")] = f"{name}.conv{i}", True
        if block.shortcut_name:
            shortcut = getattr(block, block.shortcut_name)
            convolution = ".0" if isinstance(shortcut, nn.Sequential) else ""
            points[shortcut] = f"{name}.{block.shortcut_name}{convolution}", False
        points[block] = f"{name}.conv{block.length}", False
    return points
