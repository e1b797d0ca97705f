"""Folds batch norms into the convolutions before them."""
import copy

import numpy as np
import torch
from torch import nn

from . import networks


class FoldError(ValueError):
    """A norm that cannot be folded."""


def pairs(net):
    """{name of a convolution: name of the norm behind it}.

    Siblings conv* and bn* belong together, and in a Sequential a norm belongs to the convolution just before it.
    """
    found = {}
    for parent_name, parent in net.named_modules():
        children = dict(parent.named_children())
        names = list(children)
        for position, (name, norm) in enumerate(children.items()):
            if not isinstance(norm, nn.BatchNorm2d):
                continue
            prefix = f"{parent_name}." if parent_name else ""
            if isinstance(parent, nn.Sequential):
                partner = names[position - 1] if position else None
            else:
                partner = name.replace("bn", "conv", 1) if name.startswith("bn") else None
            convolution = children.get(partner)
            if not isinstance(convolution, nn.Conv2d):
                raise FoldError(f"batch norm {prefix}{name} has no convolution before it")
            if convolution.out_channels != norm.num_features:
                raise FoldError(f"batch norm {prefix}{name} has {norm.num_features} channels, "
                                f"convolution {prefix}{partner} has {convolution.out_channels}")
            found[f"{prefix}{partner}"] = f"{prefix}{name}"
    return found


def fold_pair(convolution, norm):
    """(weight [K,C,R,S], bias [K]) in float64 of one convolution that does the work of both."""
    def double(tensor):
        return tensor.detach().double().numpy()

    with np.errstate(invalid="ignore", divide="ignore"):  # found below, by name
        scale = double(norm.weight) / np.sqrt(double(norm.running_var) + norm.eps)
    before = 0.0 if convolution.bias is None else double(convolution.bias)
    bias = double(norm.bias) + (before - double(norm.running_mean)) * scale
    return double(convolution.weight) * scale[:, None, None, None], bias


def fold(net):
    """{layer: (weight, bias)} float32, in network order, of all convolutions and linear layers. net stays as it is."""
    norm_of = pairs(net)
    modules = dict(net.named_modules())
    folded = {}
    for name, m in networks.layers(net).items():
        if name in norm_of:
            weight, bias = fold_pair(m, modules[norm_of[name]])
        else:
            weight = m.weight.detach().double().numpy()
            bias = np.zeros(len(weight)) if m.bias is None else m.bias.detach().double().numpy()
        with np.errstate(over="ignore"):  # what exceeds float32 is found below
            weight, bias = weight.astype(np.float32), bias.astype(np.float32)  # the only rounding
        bad = np.flatnonzero(~(np.isfinite(weight).reshape(len(weight), -1).all(1) & np.isfinite(bias)))
        if bad.size:
            raise FoldError(f"{name} with {norm_of.get(name, 'no norm')} does not fold into finite numbers "
                            f"(channel {bad[0]} of {len(weight)}: variance below zero or a weight too large?)")
        folded[name] = weight, bias
    return folded


def folded_twin(net, folded):
    """A float32 copy of net whose layers hold the folded values and whose norms do nothing."""
    twin = copy.deepcopy(net).float()
    modules = dict(twin.named_modules())
    for name in pairs(net).values():
        parent, _, child = name.rpartition(".")
        setattr(modules[parent], child, nn.Identity())
    for name, (weight, bias) in folded.items():
        modules[name].weight = nn.Parameter(torch.from_numpy(weight), requires_grad=False)
        modules[name].bias = nn.Parameter(torch.from_numpy(bias), requires_grad=False)
    return twin.eval()
