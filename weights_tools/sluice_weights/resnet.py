"""Residual networks, also with grouped (ResNeXt) and with wide bottlenecks, one gate per block.

Parameter names are those of torchvision (conv1, bn1, layerG.B.convN, layerG.B.bnN, layerG.0.downsample.0/.1, fc) and,
for He's CIFAR networks, of the common CIFAR repositories (layerG.0.shortcut.0/.1, linear).
"""
import torch.nn.functional as F
from torch import nn

from .gated import Gated


def basic(width, stride):
    """Convolutions of a basic block: (K, R, stride, groups) each."""
    return [(width, 3, stride, 1), (width, 3, 1, 1)]


def bottleneck(width, stride, groups=1, base_width=64):
    """Convolutions of a bottleneck, stride on the 3x3.

    groups, base_width  of the 3x3: it has base_width channels per group where width is 64
    """
    inner = width * base_width // 64 * groups
    return [(inner, 1, 1, 1), (inner, 3, stride, groups), (4 * width, 1, 1, 1)]


class PadShortcut(nn.Module):
    """He's option A: every second pixel, new channels zero, half of them before and half behind. No parameters."""

    def __init__(self, C, K):
        super().__init__()
        self.pad = (K - C) // 2

    def forward(self, x):  # [N,C,H,W] -> [N,K,ceil(H/2),ceil(W/2)]
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))


class Block(Gated, nn.Module):
    """y = relu(branch(x) + shortcut(x)); with its gate shut, y = x."""

    def __init__(self, C, convolutions, first, shortcut_name=None, shortcut=None):
        super().__init__()
        self.first, self.shortcut_name = first, shortcut_name
        self.length = len(convolutions)
        for i, (K, R, stride, groups) in enumerate(convolutions, 1):
            self.add_module(f"conv{i}", nn.Conv2d(C, K, R, stride, R // 2, groups=groups, bias=False))
            self.add_module(f"bn{i}", nn.BatchNorm2d(K))
            C = K
        if shortcut is not None:
            self.add_module(shortcut_name, shortcut)

    @property
    def ends(self):
        return getattr(self, f"conv{self.length}"), getattr(self, f"bn{self.length}")

    def forward(self, x):  # [N,C,H,W] -> [N,K,P,Q]
        if not self.gate:
            return x
        y = x
        for i in range(1, self.length + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.length:
                y = F.relu(y)
        return F.relu(y + (getattr(self, self.shortcut_name)(x) if self.shortcut_name else x))


class ResNet(nn.Module):
    """Stem, groups of blocks, global average, classifier.

    unit      basic or bottleneck: the convolutions of a block by width and stride
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

    def forward(self, x):  # [N,3,H,W] -> [N,classes]
        x = F.relu(self.bn1(self.conv1(x)))
        if self.pool:
            x = F.max_pool2d(x, 3, 2, 1)
        for group in self.groups:
            x = group(x)
        return getattr(self, self.classifier)(x.mean((2, 3)))
