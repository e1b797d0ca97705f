"""Scales and shifts behind the batch norms of one keep tuple, learnt while all weights stay as they are.

A block that is followed by fewer blocks than before may have to say its part louder or softer. In a weight file that
costs nothing: a setting has a scale and a bias per channel anyway.
"""
import contextlib

import torch
import torch.nn.functional as F

from . import networks, settings, training

KINDS = ("none", "block", "channel")
BATCH, RATE = 128, 0.03  # images a step; Adam's highest learning rate


def places(net, keep, kind):
    """{norm: (scale, shift)} to begin with: ones and zeros, for the norms that the kind adjusts.

    block    one number for what each kept block adds to its shortcut: the scale of the last norm of its branch
    channel  a scale and a shift for every channel of every norm that runs
    """
    kept, found = settings.kept_modules(net, keep), {}
    last = {block.ends[1] for block in networks.blocks(net)}
    for m, (name, _) in settings.norms(net).items():
        if m not in kept and m is not net.bn1:
            continue
        if kind == "channel":
            found[name] = torch.ones(m.num_features), torch.zeros(m.num_features)
        elif kind == "block" and m in last:
            found[name] = torch.ones(1), torch.zeros(1)
    return found


@contextlib.contextmanager
def adjusted(net, factors):
    """Applies {norm: (scale, shift)} behind net's norms for a while."""
    def hook(scale, shift):
        return lambda module, inputs, output: output * scale[:, None, None] + shift[:, None, None]

    modules = dict(net.named_modules())
    handles = [modules[name].register_forward_hook(hook(*pair)) for name, pair in factors.items()]
    try:
        yield net
    finally:
        for handle in handles:
            handle.remove()


def learn(net, keep, kind, images, labels, mean, std, steps, seed=1):
    """{norm: (scale, shift)} for a keep tuple of net, by Adam in steps of BATCH images, augmented as in training.

    The loss is half by the labels and half by what the full network says, whose statistics net has. net stays as it is.
    """
    factors = places(net, keep, kind)
    if kind == "none":
        return factors
    recipe = training.Recipe("", steps, seed, batch=BATCH, chunk=BATCH, lr=RATE)
    learnt = [t.requires_grad_(True) for scale, shift in factors.values()
              for t in ((scale, shift) if kind == "channel" else (scale,))]
    optimiser, known = torch.optim.Adam(learnt, RATE), settings.norms(net)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    momenta = {m: m.momentum for m in known}
    for step in range(steps):
        chosen = torch.from_numpy(training.indices(recipe, len(images), step))
        x = training.normalise(training.augment(images[chosen], *training.crops(recipe, step)), mean, std)
        with torch.no_grad():
            teacher = F.softmax(training.forward(net, [net.counts], x)[0], 1)
        try:
            for m in known:
                m.momentum = 0.0  # the batch's own statistics, and the full network's stay
                m.train()
            with adjusted(net, factors):
                logits, = training.forward(net, [keep], x)
        finally:
            for m in known:
                m.momentum = momenta[m]
                m.eval()
        loss = 0.5 * F.cross_entropy(logits, labels[chosen]) + 0.5 * F.cross_entropy(logits, teacher)
        optimiser.param_groups[0]["lr"] = recipe.learning_rate(step)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    net.load_state_dict(before)
    return {name: (scale.detach(), shift.detach()) for name, (scale, shift) in factors.items()}


def as_arrays(factors):
    """The same in float64, as settings.epilogue() takes them."""
    return {name: tuple(t.double().numpy() for t in pair) for name, pair in factors.items()}
