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


def calibrate(net, keep, images, mean, std):
    """{norm: (mean [K], variance [K]) float64} of a keep tuple, averaged over batches of images uint8 [N,3,H,W].

    Norms of skipped blocks are left out. net stays as it is.
    """
    norms = {name: m for name, m in net.named_modules() if isinstance(m, nn.BatchNorm2d)}
    before = {k: v.clone() for k, v in net.state_dict().items()}
    modes = {name: (m.momentum, m.training) for name, m in norms.items()}
    found = {}
    try:
        for m in norms.values():
            m.reset_running_stats()
            m.momentum = None  # the plain average over all batches
            m.train()
        with masked(net, keep), torch.no_grad():
            for i in range(0, len(images), BATCH):
                net(training.normalise(images[i:i + BATCH], mean, std))
        for name, m in norms.items():
            if m.num_batches_tracked > 0:
                found[name] = m.running_mean.double().cpu().numpy(), m.running_var.double().cpu().numpy()
    finally:
        net.load_state_dict(before)
        for name, m in norms.items():
            m.momentum, mode = modes[name]
            m.train(mode)
    return found


def install(net, statistics):
    """Puts statistics as from calibrate() into net's norms. Returns net."""
    modules = dict(net.named_modules())
    for name, (mean, variance) in statistics.items():
        modules[name].running_mean.copy_(torch.from_numpy(mean))
        modules[name].running_var.copy_(torch.from_numpy(variance))
    return net


def epilogue(net, statistics):
    """({convolution: scale [K]}, {convolution: bias [K]}) float32 that turn net's folded weights to other statistics.

    net  float64, with the statistics that are folded into the weights
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
        scale[convolution] = np.sqrt((folded + norm.eps) / (variance + norm.eps)).astype(np.float32)
        bias[convolution] = (beta + (before - mean) * gamma / np.sqrt(variance + norm.eps)).astype(np.float32)
    return scale, bias


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
