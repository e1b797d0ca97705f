"""Keep tuples: all of them, what each costs, how many images each gets right, and ways to choose among them."""
import itertools

import torch

from . import networks, settings, training


def every(net):
    """All keep tuples, the full network's last."""
    return list(itertools.product(*(range(1, n + 1) for n in net.counts)))


def macs(net, keep, shape):
    """Multiply-accumulates of one image [C,H,W] with the blocks of a keep tuple."""
    count = [0]

    def hook(m, inputs, output):
        count[0] += output[0].numel() * m.weight[0].numel()

    handles = [m.register_forward_hook(hook) for m in networks.layers(net).values()]
    try:
        with settings.masked(net, keep), torch.no_grad():
            net(torch.zeros(1, *shape))
    finally:
        for handle in handles:
            handle.remove()
    return count[0]


def right(net, statistics, images, labels, mean, std):
    """{keep: how many of images uint8 [N,3,H,W] get their labels [N]} of all keep tuples that statistics has.

    statistics  as from settings.calibrate(); None for a tuple that runs with those of net
    """
    keeps, known = list(statistics), settings.norms(net)
    own = {name: (m.running_mean.clone(), m.running_var.clone()) for m, (name, _) in known.items()}
    found = {(keep[:g], name): (torch.from_numpy(s[name][0]), torch.from_numpy(s[name][1]))
             for keep, s in statistics.items() if s for m, (name, g) in known.items() if name in s}

    def run(kept, module, x):
        for m in module.modules():
            if m in known:
                mean, variance = found.get((kept, known[m][0]), own[known[m][0]])
                m.running_mean.copy_(mean)
                m.running_var.copy_(variance)
        return module(x)

    counts = dict.fromkeys(keeps, 0)
    try:
        with torch.no_grad():
            for i in range(0, len(images), settings.BATCH):
                part = slice(i, i + settings.BATCH)
                logits = training.forward(net, keeps, training.normalise(images[part], mean, std), run)
                for keep, l in zip(keeps, logits):
                    counts[keep] += int((l.argmax(1) == labels[part]).sum())
    finally:
        for m, (name, _) in known.items():
            m.running_mean.copy_(own[name][0])
            m.running_var.copy_(own[name][1])
    return counts


def best(counts, cost, budget):
    """The tuple with the most right among those that cost no more than the budget; the cheaper one of equals."""
    return max((keep for keep in counts if cost[keep] <= budget), key=lambda keep: (counts[keep], -cost[keep]))


def greedy(counts, cost):
    """Tuples from the full network down to one block a group. Each step shuts the last block of the group that loses
    the fewest images for each multiply-accumulate that it saves."""
    path = [max(counts)]
    while True:
        here = path[-1]
        below = [(*here[:g], here[g] - 1, *here[g + 1:]) for g in range(len(here)) if here[g] > 1]
        if not below:
            return path
        path.append(min(below, key=lambda keep: (counts[here] - counts[keep]) / (cost[here] - cost[keep])))


def proportional(net):
    """{keep: percent}: tuples of proportional layer skipping in tens of per cent, the largest first; the largest
    percentage where several keep the same blocks."""
    found = {}
    for percent in range(100, 0, -10):
        found.setdefault(networks.proportional(net, percent), percent)
    return found
