"""What every layer of a network yields, by the names and at the points of the C++ graph.

A layer of the engine ends where it writes to memory: behind its batch norm and its activation, and the last one of a
block behind the addition of the shortcut.
"""
import torch
import torch.nn.functional as F
from torch import nn

from . import networks, resnet

BEHIND = (nn.BatchNorm2d, nn.Identity, nn.ReLU, nn.ReLU6)  # a convolution, in the same layer; Identity: a folded norm
CONCATENATIONS = ("Fire", "Inception")  # torchvision's classes, by name: no other network needs torchvision


def outputs(net, image):
    """{layer: float64 [C,H,W]} of one image [C,H,W], in the order in which they run; skipped blocks are left out.

    net  float64, in eval mode; its norms may be folded away (see fold.folded_twin)
    """
    found = {"input": torch.from_numpy(image).double()}

    def keep(layer, relu=False):
        def hook(module, inputs, output):
            if getattr(module, "gate", True) and not _does_nothing(module, inputs[0], output):
                found[layer] = (F.relu(output) if relu else output.clone())[0]  # what follows may write in place
        return hook

    def keep_input(layer):
        def hook(module, inputs):
            found[layer] = inputs[0].clone()[0]
        return hook

    handles = [m.register_forward_hook(keep(*point)) for m, point in _points(net).items()]
    if not any(isinstance(m, nn.AdaptiveAvgPool2d) for m in net.modules()):  # then it is no module
        handles.append(list(networks.layers(net).values())[-1].register_forward_pre_hook(keep_input("avgpool")))
    if isinstance(net, resnet.ResNet) and net.pool:
        handles.append(net.layer1.register_forward_pre_hook(keep_input("maxpool")))
    try:
        with torch.no_grad():
            net(found["input"][None])
    finally:
        for handle in handles:
            handle.remove()
    return {layer: (t if t.ndim == 3 else t[:, None, None]).numpy() for layer, t in found.items()}


def _points(net):
    """{module behind which a layer ends: (layer, whether a ReLU follows that is no module)}."""
    points, adding = {}, {block.ends[0]: block for block in networks.blocks(net) if block.adds}
    for path, parent in net.named_modules():
        children = list(parent.named_children())
        for position, (name, m) in enumerate(children):
            layer, end, relu = f"{path}.{name}" if path else name, m, False
            if m in adding:
                end = adding[m]
            elif isinstance(m, (nn.Conv2d, nn.Linear)):
                for _, sibling in children[position + 1:]:
                    if not isinstance(sibling, BEHIND):
                        break
                    end = sibling
                relu = isinstance(m, nn.Conv2d) and (isinstance(parent, (resnet.Block, resnet.ResNet))
                                                     or type(parent).__name__ == "BasicConv2d")
            elif not (isinstance(m, (nn.MaxPool2d, nn.AdaptiveAvgPool2d, resnet.PadShortcut))
                      or type(m).__name__ in CONCATENATIONS):
                continue
            points[end] = layer, relu
    return points


def _does_nothing(module, x, y):
    """An average over windows of one pixel each: AlexNet's and VGG's where the map has the wanted size already."""
    return isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size not in (1, (1, 1)) and x.shape == y.shape
