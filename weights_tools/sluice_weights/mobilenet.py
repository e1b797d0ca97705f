"""MobileNetV1, and the padding of TensorFlow that its checkpoints, and some of MobileNetV2, were trained with."""
from collections import OrderedDict

import torch.nn.functional as F
from torch import nn

PAIRS = ((1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), *[(1, 512)] * 5, (2, 1024), (1, 1024))
EPSILON = 1e-3  # of Keras, whose checkpoints there are


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding: P = ceil(H / stride), and an odd row more is behind."""

    def forward(self, x):  # [N,C,H,W] -> [N,K,P,Q]
        rows, columns = zip(x.shape[2:], self.kernel_size, self.stride)
        (top, bottom), (left, right) = self._padding(*rows), self._padding(*columns)
        return super().forward(F.pad(x, (left, right, top, bottom)))

    @staticmethod
    def _padding(size, window, stride):
        total = max((-(-size // stride) - 1) * stride + window - size, 0)
        return total // 2, total - total // 2


def pad_same(net):
    """Gives all convolutions of net "same" padding. Their names stay. Returns net."""
    for parent in list(net.modules()):
        for name, m in parent.named_children():
            if isinstance(m, nn.Conv2d):
                setattr(parent, name, SameConv2d(m.in_channels, m.out_channels, m.kernel_size, m.stride,
                                                 groups=m.groups, bias=m.bias is not None))
    return net


def mobilenet_v1(classes, quarters=4):
    """A stem, PAIRS (stride, K) of a 3x3 depthwise and a 1x1 convolution, global average, classifier.

    quarters  of the published width
    """
    K, parts = 32 * quarters // 4, OrderedDict()

    def add(kind, C, K, R, stride, groups):
        parts[f"conv{kind}"] = SameConv2d(C, K, R, stride, groups=groups, bias=False)
        parts[f"bn{kind}"] = nn.BatchNorm2d(K, EPSILON)
        parts[f"relu{kind}"] = nn.ReLU6()

    add("1", 3, K, 3, 2, 1)
    for i, (stride, full) in enumerate(PAIRS, 1):
        C, K = K, full * quarters // 4
        add(f"_dw_{i}", C, C, 3, stride, C)
        add(f"_pw_{i}", C, K, 1, 1, 1)
    parts["avgpool"], parts["flatten"] = nn.AdaptiveAvgPool2d(1), nn.Flatten()
    parts["fc"] = nn.Linear(K, classes)
    return nn.Sequential(parts)
