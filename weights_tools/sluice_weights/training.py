"""Training of residual networks that stay accurate when the last blocks of every group are skipped.

Everything random is a hash of (seed, step): which images a step sees, how they are cut out, which blocks it keeps. So
a step can be repeated at any time, in any process. A batch is cut into chunks; the images of a chunk share their
batch-norm statistics. Processes divide the chunks among themselves and add up their gradients, so their number
changes the result by rounding only.
"""
import dataclasses
import functools
import json
import math
import os
import pathlib

import numpy as np
import torch
import torch.distributed as distributed
import torch.nn.functional as F
from torch import nn

from . import checkpoint, generator, networks

RULES = ("sandwich", "tail", "full")
PAD = 4  # pixels around the image, from which a crop of its own size is cut


class TrainingError(RuntimeError):
    """Training cannot start, or cannot go on."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All that decides what the weights become, apart from the data and the first weights.

    rule      sandwich: each step trains the full network, one tuple drawn from the ladder, and the smallest tuple;
              tail: one tuple drawn from the ladder, the full network among them (stochastic depth that drops tails);
              full: the full network
    smallest  percent of the blocks in the smallest tuple of the sandwich
    floor     percent of the blocks in the smallest tuple that is drawn
    lr        the highest; it rises over the first warm_up of the steps and falls to nothing along a cosine
    chunk     images that share batch-norm statistics; divides batch
    """
    net: str
    steps: int
    seed: int = 1
    rule: str = "sandwich"
    smallest: int = 30
    floor: int = 10
    batch: int = 128
    chunk: int = 64
    lr: float = 0.05
    warm_up: float = 0.15
    momentum: float = 0.9
    weight_decay: float = 1e-4
    label_smoothing: float = 0.05
    precision: str = "fp32"
    mean: tuple = (0.485, 0.456, 0.406)  # of pixel/255, R G B
    std: tuple = (0.229, 0.224, 0.225)

    def __post_init__(self):
        if self.rule not in RULES:
            raise TrainingError(f"rule '{self.rule}': expected one of {', '.join(RULES)}")
        if not 1 <= self.floor <= 100 or not 1 <= self.smallest <= 100:
            raise TrainingError("smallest and floor are percentages, 1 to 100")
        if self.chunk < 2 or self.batch < 1 or self.batch % self.chunk:
            raise TrainingError(f"a batch of {self.batch} is no whole number of chunks of {self.chunk}")

    def learning_rate(self, step):
        """Of a step, 0 .. steps-1: a cosine from lr/25 up to lr, then one down to lr/10000."""
        position, rise = step + 0.5, self.warm_up * self.steps
        low, t = (self.lr / 25, position / rise) if position < rise else \
            (self.lr / 1e4, (self.steps - position) / (self.steps - rise))
        return low + (self.lr - low) * (1 - math.cos(math.pi * t)) / 2


def ladder(net, floor=1):
    """All tuples of proportional layer skipping from floor percent to full, smallest first."""
    return list(dict.fromkeys(networks.proportional(net, percent) for percent in range(floor, 101)))


def draw(net, recipe, step):
    """The keep tuples that a step trains; the first of several is the full network."""
    full = tuple(net.counts)
    if recipe.rule == "full":
        return [full]
    choices = ladder(net, recipe.floor)
    smallest = networks.proportional(net, recipe.smallest)
    if recipe.rule == "sandwich":
        choices = [c for c in choices if c not in (full, smallest)]
    # 24 bits times the number of choices: no choice is favoured by more than one in a million
    drawn = [choices[int(generator.bits(recipe.seed, "train.mask", step)[0]) * len(choices) >> 24]] if choices else []
    return drawn if recipe.rule == "tail" else [full, *drawn, *([smallest] if smallest != full else [])]


@functools.lru_cache(maxsize=1)
def _order(seed, count, epoch):
    keys = generator.bits(seed, f"train.order.{epoch}", np.arange(count, dtype=np.uint64))
    return np.argsort(keys, kind="stable")


def indices(recipe, count, step):
    """Which of count images make up a step's batch, int64 [batch]. An epoch sees no image twice."""
    epoch, position = divmod(step, count // recipe.batch)
    return _order(recipe.seed, count, epoch)[position * recipe.batch:(position + 1) * recipe.batch]


def crops(recipe, step):
    """(rows, columns, flips) of a step's batch: where each crop begins in the padded image, and if it is mirrored."""
    at = np.arange(step * recipe.batch, (step + 1) * recipe.batch, dtype=np.uint64)
    rows, columns = ((generator.bits(recipe.seed, f"train.crop.{axis}", at) * np.uint64(2 * PAD + 1)
                      >> np.uint64(24)).astype(np.int64) for axis in "yx")
    return rows, columns, generator.bits(recipe.seed, "train.flip", at) >> np.uint64(23) != 0


def normalise(images, mean, std):
    """uint8 [N,3,H,W] to float32, laid out with the channels last, in which CPUs train fastest."""
    mean, std = (torch.tensor(v, dtype=torch.float32, device=images.device)[:, None, None] for v in (mean, std))
    return ((images.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)


def augment(images, rows, columns, flips):
    """Padded by black pixels, cut out and mirrored: uint8 [N,C,H,W] to the same."""
    height, width = images.shape[2:]
    padded = F.pad(images, (PAD,) * 4).permute(0, 2, 3, 1)
    across = np.arange(width)
    across = np.where(flips[:, None], across[::-1], across) + columns[:, None]
    down = np.arange(height) + rows[:, None]
    picture = np.arange(len(images))[:, None, None]
    index = (torch.from_numpy(np.ascontiguousarray(i)).to(images.device)
             for i in (picture, down[:, :, None], across[:, None, :]))
    return padded[tuple(index)].permute(0, 3, 1, 2)


def as_in_training(images, seed=1):
    """images uint8 [N,3,H,W], each cut out and mirrored once, as a step would see them."""
    recipe = Recipe("", 1, seed, batch=len(images), chunk=len(images))
    return augment(images, *crops(recipe, 0))


def forward(net, keeps, x, run=lambda kept, module, x: module(x)):
    """Logits [N,classes] of each keep tuple for x [N,3,H,W]. What tuples have in common is computed only once.

    run  called for the stem's norm and for each block, with the numbers of blocks kept in the groups before
    """
    x = F.relu(run((), net.bn1, net.conv1(x)))
    if net.pool:
        x = F.max_pool2d(x, 3, 2, 1)
    reached = {(): x}  # by the numbers of blocks kept in the groups so far
    for g, group in enumerate(net.groups):
        beyond = {}
        for kept, x in reached.items():
            wanted = {keep[g] for keep in keeps if keep[:g] == kept}
            for k, block in enumerate(list(group)[:max(wanted)], 1):
                x = run(kept, block, x)
                if k in wanted:
                    beyond[(*kept, k)] = x
        reached = beyond
    return [getattr(net, net.classifier)(reached[tuple(keep)].mean((2, 3))) for keep in keeps]


def loss(logits, labels, smoothing):
    """Of the full network by the labels; of each smaller one half by the labels, half by what the full one says."""
    full, *smaller = (l.float() for l in logits)
    total = F.cross_entropy(full, labels, label_smoothing=smoothing)
    teacher = F.softmax(full.detach(), 1)
    for student in smaller:
        total = total + 0.5 * F.cross_entropy(student, labels, label_smoothing=smoothing) \
            + 0.5 * F.cross_entropy(student, teacher)
    return total


class Trainer:
    """A network in training, on one device, as one of several processes perhaps.

    Parameters, gradients and momenta are each one flat vector; the network's tensors are windows into them. So the
    sum over processes and the optimiser's step are a few operations on long vectors, not hundreds on short ones.

    step      steps done so far
    stopping  set it to stop; the processes agree on it in the next step, whose log line then says "stop"
    """

    def __init__(self, recipe, net, images, labels, device="cpu"):
        """images uint8 [N,3,H,W], labels int64 [N]: all of them, in every process. net changes in place."""
        self.recipe, self.device, self.step, self.stopping = recipe, torch.device(device), 0, False
        self.rank, self.world = (distributed.get_rank(), distributed.get_world_size()) \
            if distributed.is_initialized() else (0, 1)
        if recipe.batch // recipe.chunk % self.world:
            raise TrainingError(f"{recipe.batch // recipe.chunk} chunks a batch cannot be shared out among "
                                f"{self.world} processes: choose a smaller chunk")
        if len(images) < recipe.batch:
            raise TrainingError(f"{len(images)} images are fewer than a batch of {recipe.batch}")
        self.images, self.labels = images.to(self.device), labels.to(self.device)
        self.net = net.float().to(self.device).train().requires_grad_(True)
        for m in self.net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.momentum = 0.0  # running statistics would be a mixture of all tuples, good for none of them
        parameters = list(self.net.parameters())
        self.values = torch.cat([p.detach().flatten() for p in parameters])
        self.momenta = torch.zeros_like(self.values)
        self.sums = torch.zeros(self.values.numel() + 2, device=self.device)  # over all processes
        self.gradient, self.total, self.stop = self.sums[:-2], self.sums[-2], self.sums[-1]
        at = 0
        for p in parameters:
            window = slice(at, at + p.numel())
            p.data, p.grad = self.values[window].view_as(p), self.gradient[window].view_as(p)
            at += p.numel()

    def accumulate(self, keeps):
        """Gradient and loss of the step's batch into self.gradient and self.total, all processes' shares added up.

        keeps  what to train, as from draw()
        """
        recipe, chunks = self.recipe, self.recipe.batch // self.recipe.chunk
        chosen, (rows, columns, flips) = indices(recipe, len(self.images), self.step), crops(recipe, self.step)
        self.sums.zero_()
        self.stop.fill_(self.stopping)
        for c in range(self.rank, chunks, self.world):
            part = slice(c * recipe.chunk, (c + 1) * recipe.chunk)
            picked = torch.from_numpy(chosen[part]).to(self.device)
            x = normalise(augment(self.images[picked], rows[part], columns[part], flips[part]), recipe.mean, recipe.std)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
                logits = forward(self.net, keeps, x)
            part_loss = loss(logits, self.labels[picked], recipe.label_smoothing) / chunks
            part_loss.backward()
            self.total.add_(part_loss.detach())
        if self.world > 1:
            distributed.all_reduce(self.sums)

    def advance(self):
        """One step. Returns its log line: step (counted from 1), lr, loss, keep (without the full network), stop."""
        recipe, keeps = self.recipe, draw(self.net, self.recipe, self.step)
        rate = recipe.learning_rate(self.step)
        self.accumulate(keeps)
        total = float(self.total)
        if not math.isfinite(total):
            raise TrainingError(f"the loss of step {self.step + 1} is {total}: choose a lower learning rate")
        with torch.no_grad():  # Nesterov's momentum, with the weight decay inside the gradient
            self.gradient.add_(self.values, alpha=recipe.weight_decay)
            self.momenta.mul_(recipe.momentum).add_(self.gradient)
            self.values.sub_(self.gradient.add_(self.momenta, alpha=recipe.momentum), alpha=rate)
        self.step += 1
        return {"step": self.step, "lr": rate, "loss": total, "stop": bool(self.stop),
                "keep": [list(k) for k in keeps if k != tuple(self.net.counts)]}

    def save(self, path):
        """Writes the state; path is never half written. convert.py reads it like any other checkpoint."""
        path = pathlib.Path(path)
        temporary = path.with_name(f".{path.name}.new")
        state = {k: v.detach().clone().contiguous().cpu() for k, v in self.net.state_dict().items()}
        # the recipe as text: PyTorch 1.13 reads no floats outside of tensors
        torch.save({"recipe": json.dumps(dataclasses.asdict(self.recipe)), "step": self.step,
                    "momenta": self.momenta.cpu(), "state_dict": state}, temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)

    def resume(self, path, reschedule=False):
        """Goes on from a state of the same recipe; of any number of steps, if the schedule may change on the way."""
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            json.loads(state["recipe"])
        except OSError:
            raise
        except Exception as e:  # whatever PyTorch meets in a damaged file
            raise TrainingError(f"{path} is no state that train.py wrote ({type(e).__name__})") from None
        stored, own = json.loads(state["recipe"]), json.loads(json.dumps(dataclasses.asdict(self.recipe)))
        different = [f"{k} {stored.get(k)} there, {own.get(k)} here" for k in {**stored, **own}
                     if stored.get(k) != own.get(k) and not (reschedule and k == "steps")]
        if different:
            raise TrainingError(f"{path} belongs to another recipe: {'; '.join(different)}")
        self.net.load_state_dict(state["state_dict"])  # copies into the windows
        self.momenta.copy_(state["momenta"])
        self.step = state["step"]


def start(name, source=None, seed=1):
    """The named network with the weights of the checkpoint source, or with seeded ones."""
    net = networks.build(name)
    if source is None:
        return networks.seed_parameters(net, seed)
    stored, _ = checkpoint.read(source)
    return checkpoint.load(net, checkpoint.fit(stored, net, f"{source} does not fit {name}")[0]).float()

