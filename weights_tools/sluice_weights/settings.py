"""Batch-norm statistics of single settings, and what they become in a weight file.

Which blocks run decides what the later ones are fed, so each keep tuple gets the statistics that it has on training
images with its own mask applied. The weights are shared: the full network's batch norms are folded into them, and
every other setting scales and shifts what they yield.
"""
import contextlib

import numpy as np
import torch
from torch import nn

from . import fold, format, networks, training

BATCH = 250  # images at a time: 10,000 test images and any usual number of training images are whole multiples


def norms(net):
    """{norm: (its name, group)} in network order; the stem's group is 0: like the first one's, its input is always
    the same."""
    names = {m: name for name, m in net.named_modules() if isinstance(m, nn.BatchNorm2d)}
    found = {net.bn1: (names[net.bn1], 0)}
    for g, group in enumerate(net.groups):
        found |= {m: (names[m], g) for m in group.modules() if m in names}
    return found


def calibrate(net, keeps, images, mean, std):
    """{keep: {norm: (mean [K], variance [K]) float64}} of keep tuples, averaged over batches of images uint8 [N,3,H,W].

    Norms of skipped blocks are left out. What tuples have in common is computed once. net stays as it is.
    """
    known, sums, keeps = norms(net), {}, [tuple(k) for k in keeps]
    before = {k: v.clone() for k, v in net.state_dict().items()}
    modes = {m: (m.momentum, m.training) for m in known}

    def run(kept, module, x):
        y = module(x)
        for m in module.modules():
            if m in known:  # its running statistics are those of this batch
                total = sums.setdefault((kept, known[m][0]), [0.0, 0.0])
                total[0] += m.running_mean.double().cpu().numpy()
                total[1] += m.running_var.double().cpu().numpy()
        return y

    try:
        for m in known:
            m.momentum = 1.0
            m.train()
        with torch.no_grad():
            for i in range(0, len(images), BATCH):
                training.forward(net, keeps, training.normalise(images[i:i + BATCH], mean, std), run)
    finally:
        net.load_state_dict(before)
        for m in known:
            m.momentum, mode = modes[m]
            m.train(mode)
    batches = -(-len(images) // BATCH)
    return {keep: {name: tuple(t / batches for t in sums[keep[:g], name])
                   for m, (name, g) in known.items() if m is net.bn1 or m in kept_modules(net, keep)}
            for keep in keeps}


def kept_modules(net, keep):
    """All modules inside the blocks that a keep tuple runs."""
    return {m for group, k in zip(net.groups, keep) for block in list(group)[:k] for m in block.modules()}


def install(net, statistics):
    """Puts statistics as from calibrate() into net's norms. Returns net."""
    modules = dict(net.named_modules())
    for name, (mean, variance) in statistics.items():
        modules[name].running_mean.copy_(torch.from_numpy(mean))
        modules[name].running_var.copy_(torch.from_numpy(variance))
    return net


def epilogue(net, statistics, factors={}):
    """({convolution: scale [K]}, {convolution: bias [K]}) float32 that turn net's folded weights to other statistics.

    net      float64, with the statistics that are folded into the weights
    factors  {norm: (scale, shift)}, each [K] or [1], of what the norm yields: see affine.py
    """
    modules, scale, bias = dict(net.named_modules()), {}, {}
    for convolution, name in fold.pairs(net).items():
        if name not in statistics:
            continue
        norm, (mean, variance) = modules[name], statistics[name]
        gamma, beta, folded = (t.detach().numpy() for t in (norm.weight, norm.bias, norm.running_var))
        own = modules[convolution].bias
        before = 0.0 if own is None else own.detach().numpy()
        # the folded weights hold gamma already, so scale is free of it: a gamma of zero does no harm
        factor, shift = factors.get(name, (1.0, 0.0))
        scale[convolution] = (factor * np.sqrt((folded + norm.eps) / (variance + norm.eps))).astype(np.float32)
        bias[convolution] = (factor * (beta + (before - mean) * gamma / np.sqrt(variance + norm.eps))
                             + shift).astype(np.float32)
    return scale, bias


def adopt(net, tensors, setting):
    """The other way round: lets the norms of net yield what a setting of a weight file makes of its own folded weights."""
    modules = dict(net.named_modules())
    for convolution, name in fold.pairs(net).items():
        if f"settings.{setting}.{convolution}.scale" not in tensors:
            continue
        scale, bias = (torch.from_numpy(tensors[f"settings.{setting}.{convolution}.{kind}"])
                       for kind in ("scale", "bias"))
        norm, own = modules[name], modules[convolution].bias
        norm.weight.mul_(scale)
        norm.bias.copy_(bias)
        norm.running_mean.copy_(torch.zeros(len(bias)) if own is None else own)  # it is in the setting's bias
    return net


def network(tensors, metadata, setting=None):
    """The float32 network of a weight file in eval mode, with the mask, scales and biases of a setting."""
    net = networks.build(metadata["network"])
    pairs = {}
    for layer in format.layers(tensors):
        weight = tensors[f"{layer}.weight"].astype(np.float32)
        scale = tensors.get(f"settings.{setting}.{layer}.scale", np.ones(1, np.float32))
        pairs[layer] = (weight * scale.reshape(-1, *[1] * (weight.ndim - 1)),
                        tensors.get(f"settings.{setting}.{layer}.bias", tensors[f"{layer}.bias"]))
    twin = fold.folded_twin(net, pairs)
    if setting is not None:
        networks.set_mask(twin, format.settings(metadata)[setting])
    return twin


def right(net, images, labels, mean, std):
    """How many of images uint8 [N,3,H,W] net assigns to their labels [N]."""
    with torch.no_grad():
        return sum(int((net(training.normalise(images[i:i + BATCH], mean, std)).argmax(1) ==
                        labels[i:i + BATCH]).sum()) for i in range(0, len(images), BATCH))


@contextlib.contextmanager
def masked(net, keep):
    """Skips all but the first keep[g] blocks of each group g for a while."""
    before = "".join("01"[block.gate] for block in networks.gateable(net))
    networks.set_mask(net, networks.keep_to_mask(net, keep))
    try:
        yield net
    finally:
        networks.set_mask(net, before)
