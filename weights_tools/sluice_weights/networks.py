"""The residual networks as PyTorch modules with one gate per block: the oracle for the C++ graphs.

Parameter names are those of torchvision (conv1, bn1, layerG.B.convN, layerG.B.bnN, layerG.0.downsample.0/.1, fc) and,
for He's CIFAR networks, of the common CIFAR repositories (layerG.0.shortcut.0/.1, linear).
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

from . import generator


def basic(width, stride):
    """Convolutions of a basic block: (K, R, stride) each."""
    return [(width, 3, stride), (width, 3, 1)]


def bottleneck(width, stride):
    """Convolutions of a bottleneck, stride on the 3x3."""
    return [(width, 1, 1), (width, 3, stride), (4 * width, 1, 1)]


class PadShortcut(nn.Module):
    """He's option A: every second pixel, new channels zero, half of them before and half behind. No parameters."""

    def __init__(self, C, K):
        super().__init__()
        self.pad = (K - C) // 2

    def forward(self, x):  # [N,C,H,W] -> [N,K,ceil(H/2),ceil(W/2)]
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))


class Block(nn.Module):
    """y = relu(branch(x) + shortcut(x)); with its gate shut, y = x.

    The first block of a group changes shape (or stands where such a block would), so its gate cannot be shut.
    """

    def __init__(self, C, convolutions, first, shortcut_name=None, shortcut=None):
        super().__init__()
        self.first, self._open, self.shortcut_name = first, True, shortcut_name
        self.length = len(convolutions)
        for i, (K, R, stride) in enumerate(convolutions, 1):
            self.add_module(f"conv{i}", nn.Conv2d(C, K, R, stride, R // 2, bias=False))
            self.add_module(f"bn{i}", nn.BatchNorm2d(K))
            C = K
        if shortcut is not None:
            self.add_module(shortcut_name, shortcut)

    @property
    def gate(self):
        return self._open

    @gate.setter
    def gate(self, is_open):
        if self.first and not is_open:
            raise ValueError("the first block of a group has no gate to shut")
        self._open = bool(is_open)

    def forward(self, x):  # [N,C,H,W] -> [N,K,P,Q]
        if not self._open:
            return x
        y = x
        for i in range(1, self.length + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.length:
                y = F.relu(y)
        return F.relu(y + (getattr(self, self.shortcut_name)(x) if self.shortcut_name else x))


class ResNet(nn.Module):
    """Stem, groups of blocks, global average, classifier.

    unit      basic or bottleneck
    counts    blocks per group; a group has twice the width of the one before, and half its height and width
    width     of the first group, and channels of the stem
    stem      "imagenet": 7x7 stride 2 and a max-pool; "cifar": 3x3
    shortcut  name of the projection where shapes differ, or "pad" for option A
    """

    def __init__(self, unit, counts, width, stem, classes, shortcut="downsample", classifier="fc"):
        super().__init__()
        self.counts, self.pool, self.classifier = tuple(counts), stem == "imagenet", classifier
        R, stride = (7, 2) if stem == "imagenet" else (3, 1)
        self.conv1 = nn.Conv2d(3, width, R, stride, R // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        C = width
        for g, n in enumerate(counts):
            blocks = []
            for i in range(n):
                stride = 2 if g > 0 and i == 0 else 1
                convolutions = unit(width << g, stride)
                K = convolutions[-1][0]
                name = module = None
                if C != K and shortcut == "pad":
                    name, module = "shortcut", PadShortcut(C, K)
                elif C != K:
                    name = shortcut
                    module = nn.Sequential(nn.Conv2d(C, K, 1, stride, bias=False), nn.BatchNorm2d(K))
                blocks.append(Block(C, convolutions, i == 0, name, module))
                C = K
            self.add_module(f"layer{g + 1}", nn.Sequential(*blocks))
        self.add_module(classifier, nn.Linear(C, classes))

    @property
    def groups(self):
        return [getattr(self, f"layer{g + 1}") for g in range(len(self.counts))]

    @property
    def classes(self):
        return getattr(self, self.classifier).out_features

    def forward(self, x):  # [N,3,H,W] -> [N,classes]
        x = F.relu(self.bn1(self.conv1(x)))
        if self.pool:
            x = F.max_pool2d(x, 3, 2, 1)
        for group in self.groups:
            x = group(x)
        return getattr(self, self.classifier)(x.mean((2, 3)))


def _imagenet(unit, counts):
    return lambda classes=1000: ResNet(unit, counts, 64, "imagenet", classes)


def _he(depth, shortcut):
    return lambda classes=10: ResNet(basic, ((depth - 2) // 6,) * 3, 16, "cifar", classes, shortcut, "linear")


NETWORKS = {  # name: (builder, (C,H,W) of the native image)
    "resnet18": (_imagenet(basic, (2, 2, 2, 2)), (3, 224, 224)),
    "resnet34": (_imagenet(basic, (3, 4, 6, 3)), (3, 224, 224)),
    "resnet50": (_imagenet(bottleneck, (3, 4, 6, 3)), (3, 224, 224)),
    "resnet101": (_imagenet(bottleneck, (3, 4, 23, 3)), (3, 224, 224)),
    "resnet152": (_imagenet(bottleneck, (3, 8, 36, 3)), (3, 224, 224)),
    "resnet152_cifar": (lambda classes=10: ResNet(bottleneck, (3, 8, 36, 3), 64, "cifar", classes), (3, 32, 32)),
    "resnet152_at32": (lambda classes=10: ResNet(bottleneck, (3, 8, 36, 3), 64, "imagenet", classes), (3, 32, 32)),
    **{f"resnet{depth}_cifar": (_he(depth, "pad"), (3, 32, 32)) for depth in (20, 32, 44, 56, 110)},
    **{f"resnet{depth}_cifar_b": (_he(depth, "shortcut"), (3, 32, 32)) for depth in (20, 32, 44, 56, 110)},
}


def build(name):
    """The named network in eval mode, without gradients, all gates open."""
    return NETWORKS[name][0]().eval().requires_grad_(False)


def parameters(net):
    """Number of trainable values (batch-norm statistics are not counted)."""
    return sum(p.numel() for p in net.parameters())


def blocks(net):
    """All residual blocks in network order."""
    return [m for m in net.modules() if isinstance(m, Block)]


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

    A norm whose output meets a residual addition gets a small weight, so that activations do not grow with depth.
    """
    last_norms = {getattr(b, f"bn{b.length}") for b in blocks(net)}

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
                fill(m.weight, f"{name}.weight", *((0.25, 0.05) if m in last_norms else (1.0, 0.2)))
                fill(m.bias, f"{name}.bias", 0.0, 0.1)
                fill(m.running_mean, f"{name}.running_mean", 0.0, 0.1)
                fill(m.running_var, f"{name}.running_var", 1.0, 0.5)
    return net


def logits(net, image, dtype=torch.float64):
    """Logits [classes] (numpy float64) of one image [C,H,W], computed in dtype. The network must have that dtype."""
    with torch.no_grad():
        return net(torch.from_numpy(image).to(dtype)[None])[0].double().numpy()
