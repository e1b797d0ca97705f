"""What checkpoints from elsewhere have otherwise: names, heads for training only, batch norms folded away."""
import re

import torch

from . import fold

_ALIASES = {"fc": "linear", "linear": "fc", "downsample": "shortcut", "shortcut": "downsample",
            "squeeze1x1": "squeeze"}  # the last is Caffe's
_KERAS_NORM = re.compile(r"^conv(\w*)_bn$")  # conv_dw_1_bn is our bn_dw_1
_AUXILIARY = ("aux1", "aux2")


def alias(key, expected):
    """What is expected under another name than key, or key."""
    other = ".".join(_KERAS_NORM.sub(r"bn\1", _ALIASES.get(part, part)) for part in key.split("."))
    return other if key not in expected and other in expected else key


def is_auxiliary(key, net):
    """Is it of a head that net was built without? torchvision's GoogLeNet has None in its place."""
    head = key.split(".")[0]
    return head in _AUXILIARY and getattr(net, head, net) is None


def folded_norms(net, found, left_over):
    """{norm: its convolution's bias} of the norms that are not there, where a bias says that they were folded.

    found      keys of net's state dict that the checkpoint has
    left_over  keys of the checkpoint that net has no place for
    """
    return {norm: f"{convolution}.bias" for convolution, norm in fold.pairs(net).items()
            if f"{convolution}.bias" in left_over and not any(key.startswith(f"{norm}.") for key in found)}


def identity(net, norm):
    """{key: tensor} that let a norm add its bias and change nothing else, but for the bias."""
    module = net.get_submodule(norm)
    ones = torch.ones(module.num_features, dtype=torch.float64)
    return {f"{norm}.weight": ones, f"{norm}.running_mean": 0 * ones,
            f"{norm}.running_var": ones - module.eps}  # the root of the variance plus epsilon is one, exactly
