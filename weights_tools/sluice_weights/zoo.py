"""The networks that are torchvision's own modules: what the C++ graphs are held against was written by others.

Only networks.build() imports this file, and only for a network that needs it: all others do without torchvision.
"""
from torchvision import models
from torchvision.models import mobilenetv2

from . import mobilenet
from .gated import Gated


def plain(name, classes, **options):
    """A network of torchvision by its name there."""
    return getattr(models, name)(weights=None, num_classes=classes, **options)


def googlenet(classes):
    """Without the auxiliary heads, which are for training only."""
    return plain("googlenet", classes, aux_logits=False, transform_input=False, init_weights=False)


def squeezenet1_0_caffe(classes):
    """SqueezeNet 1.0 as its authors published it for Caffe: the last convolution is padded."""
    net = plain("squeezenet1_0", classes)
    net.classifier[1].padding = (1, 1)
    return net


class InvertedResidual(Gated, mobilenetv2.InvertedResidual):
    """y = x + conv(x); with its gate shut, y = x. The first one of a group has no addition: y = conv(x)."""

    @property
    def first(self):
        return not self.adds

    @property
    def adds(self):
        return self.use_res_connect

    @property
    def ends(self):
        return self.conv[-2], self.conv[-1]

    def forward(self, x):  # [N,C,H,W] -> [N,K,P,Q]
        return super().forward(x) if self.gate else x


class MobileNetV2(mobilenetv2.MobileNetV2):
    """torchvision's, with a gate per block. A group is a row (t, c, n, s) of the paper's table 2."""
    counts = (1, 2, 3, 4, 3, 3, 1)  # n

    def __init__(self, classes):
        super().__init__(classes, block=InvertedResidual)

    @property
    def groups(self):
        ends = [1 + sum(self.counts[:g]) for g in range(len(self.counts) + 1)]  # features.0 is the stem
        return [self.features[begin:end] for begin, end in zip(ends, ends[1:])]


def mobilenet_v2(classes):
    return MobileNetV2(classes)


def mobilenet_v2_same(classes):
    """With TensorFlow's padding, as the checkpoints that come from there need it."""
    return mobilenet.pad_same(MobileNetV2(classes))
