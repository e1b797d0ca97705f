"""All networks as PyTorch modules: the oracle for the C++ graphs.

The families are in resnet, mobilenet and zoo; here is the list of them, and what can be done with any.
"""
import functools
import math

import torch
from torch import nn

from . import generator, mobilenet
from .gated import Gated
from .resnet import ResNet, basic, bottleneck


class NetworkError(ValueError):
    """A network that cannot be built."""


def _imagenet(unit, counts):
    return lambda classes=1000: ResNet(unit, counts, 64, "imagenet", classes)


def _he(depth, shortcut):
    return lambda classes=10: ResNet(basic, ((depth - 2) // 6,) * 3, 16, "cifar", classes, shortcut, "linear")


def _zoo(function, *arguments, **options):
    """A builder of zoo.py."""
    def builder(classes=1000):
        from . import zoo  # not above, for it needs torchvision
        return getattr(zoo, function)(*arguments, classes, **options)
    return builder


NETWORKS = {  # name: (builder, (C,H,W) of the native image)
    "resnet18": (_imagenet(basic, (2, 2, 2, 2)), (3, 224, 224)),
    "resnet34": (_imagenet(basic, (3, 4, 6, 3)), (3, 224, 224)),
    "resnet50": (_imagenet(bottleneck, (3, 4, 6, 3)), (3, 224, 224)),
    "resnet101": (_imagenet(bottleneck, (3, 4, 23, 3)), (3, 224, 224)),
    "resnet152": (_imagenet(bottleneck, (3, 8, 36, 3)), (3, 224, 224)),
    "resnext50_32x4d": (_imagenet(functools.partial(bottleneck, groups=32, base_width=4), (3, 4, 6, 3)), (3, 224, 224)),
    "wide_resnet50_2": (_imagenet(functools.partial(bottleneck, base_width=128), (3, 4, 6, 3)), (3, 224, 224)),
    "resnet152_cifar": (lambda classes=10: ResNet(bottleneck, (3, 8, 36, 3), 64, "cifar", classes), (3, 32, 32)),
    "resnet152_at32": (lambda classes=10: ResNet(bottleneck, (3, 8, 36, 3), 64, "imagenet", classes), (3, 32, 32)),
    **{f"resnet{depth}_cifar": (_he(depth, "pad"), (3, 32, 32)) for depth in (20, 32, 44, 56, 110)},
    **{f"resnet{depth}_cifar_b": (_he(depth, "shortcut"), (3, 32, 32)) for depth in (20, 32, 44, 56, 110)},
    "alexnet": (_zoo("plain", "alexnet"), (3, 224, 224)),
    **{f"vgg{depth}{norm}": (_zoo("plain", f"vgg{depth}{norm}", init_weights=False), (3, 224, 224))
       for norm in ("", "_bn") for depth in (11, 13, 16, 19)},
    "googlenet": (_zoo("googlenet"), (3, 224, 224)),
    "squeezenet1_0": (_zoo("plain", "squeezenet1_0"), (3, 224, 224)),
    "squeezenet1_1": (_zoo("plain", "squeezenet1_1"), (3, 224, 224)),
    "squeezenet1_0_caffe": (_zoo("squeezenet1_0_caffe"), (3, 227, 227)),
    "mobilenet_v1": (lambda classes=1000: mobilenet.mobilenet_v1(classes), (3, 224, 224)),
    "mobilenet_v1_075": (lambda classes=1000: mobilenet.mobilenet_v1(classes, quarters=3), (3, 224, 224)),
    "mobilenet_v2": (_zoo("mobilenet_v2"), (3, 224, 224)),
    "mobilenet_v2_same": (_zoo("mobilenet_v2_same"), (3, 224, 224)),
}


def build(name):
    """The named network in eval mode, without gradients, all gates open.

    It has counts, the number of blocks in each group (none: no residual blocks), groups, and classes.
    """
    try:
        net = NETWORKS[name][0]()
    except ImportError as e:
        raise NetworkError(f"{name} is one of torchvision's networks, and this Python cannot import that ({e}): "
                           "install python3-torchvision (Debian) or torchvision (pip)") from None
    if not hasattr(net, "counts"):
        net.counts, net.groups = (), []
    net.classes = len(list(layers(net).values())[-1].weight)
    return net.eval().requires_grad_(False)


def layers(net):
    """{name: module} of all convolutions and linear layers in network order: the stem first, the classifier last."""
    return {name: m for name, m in net.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear))}


def parameters(net):
    """Number of trainable values (batch-norm statistics are not counted)."""
    return sum(p.numel() for p in net.parameters())


def blocks(net):
    """All residual blocks in network order."""
    return [m for m in net.modules() if isinstance(m, Gated)]


def gateable(net):
    """The blocks that a mask has a bit for, in network order: all but the first of each group."""
    return [b for b in blocks(net) if not b.first]


def set_mask(net, bits):
    """Opens ('1') and shuts ('0') the gates of the gateable blocks, one character each."""
    gates = gateable(net)
    if len(bits) != len(gates) or set(bits) - set("01"):
        raise ValueError(f"mask '{bits}': expected {len(gates)} characters 0 or 1")
    for block, bit in zip(gates, bits):
        block.gate = bit == "1"


def keep_to_mask(net, keep):
    """The mask that keeps the first keep[g] blocks of group g (the first block always stays)."""
    if len(keep) != len(net.counts) or not all(1 <= k <= n for k, n in zip(keep, net.counts)):
        raise ValueError(f"keep tuple {tuple(keep)}: expected 1..n of n = {net.counts}")
    return "".join("1" * (k - 1) + "0" * (n - k) for k, n in zip(keep, net.counts))


def proportional(net, percent):
    """Keep tuple of proportional layer skipping: max(1, ceil(n * percent / 100)), in integers."""
    return tuple(max(1, -(-n * percent // 100)) for n in net.counts)


def seed_parameters(net, seed):
    """Fills net with the generator's parameters (names: the keys of its state dict). Returns net.

    A norm whose output meets a residual addition gets a small weight, so that activations do not grow with depth. The
    epsilon of every norm becomes 1e-5.
    """
    last_norms = {b.ends[1] for b in blocks(net) if b.adds}

    def fill(tensor, name, mid, half):
        tensor.copy_(torch.from_numpy(generator.values(seed, name, tuple(tensor.shape), mid, half)))

    with torch.no_grad():
        for name, m in net.named_modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                gain = 6.0 if isinstance(m, nn.Conv2d) else 3.0  # 6: half of the variance is lost in the ReLU
                fill(m.weight, f"{name}.weight", 0.0, math.sqrt(gain / m.weight[0].numel()))
                if m.bias is not None:
                    fill(m.bias, f"{name}.bias", 0.0, 0.1)
            elif isinstance(m, nn.BatchNorm2d):
                m.eps = 1e-5
                fill(m.weight, f"{name}.weight", *((0.25, 0.05) if m in last_norms else (1.0, 0.2)))
                fill(m.bias, f"{name}.bias", 0.0, 0.1)
                fill(m.running_mean, f"{name}.running_mean", 0.0, 0.1)
                fill(m.running_var, f"{name}.running_var", 1.0, 0.5)
    return net


def logits(net, image, dtype=torch.float64):
    """Logits [classes] (numpy float64) of one image [C,H,W], computed in dtype. The network must have that dtype."""
    with torch.no_grad():
        return net(torch.from_numpy(image).to(dtype)[None])[0].double().numpy()
