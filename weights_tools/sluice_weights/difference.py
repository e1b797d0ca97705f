"""How far two computations of a layer are apart, where, and what the first difference of a network may mean."""
import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Difference:
    """Of what the engine yields from what PyTorch does.

    relative  the largest difference, of the largest magnitude that PyTorch has; NaN where a number is none, infinite where
              there is nothing to compare
    at        [c,h,w] of it
    """
    layer: str
    shape: tuple
    relative: float
    at: tuple = None

    def agrees(self, tolerance):
        return bool(self.relative <= tolerance)  # not where it is NaN


def difference(layer, got, expected):
    """Either may be None: the layer ran on one side only."""
    if got is None or expected is None or got.shape != expected.shape:
        return Difference(layer, (got if expected is None else expected).shape, float("inf"))
    distance, largest = np.abs(got - expected), np.abs(expected).max()
    at = np.unravel_index(distance.argmax(), distance.shape)  # of a NaN, if there is one
    relative = distance[at] / largest if largest > 0 else 0.0 if distance[at] == 0 else float("inf")
    return Difference(layer, expected.shape, float(relative), tuple(map(int, at)))


def meaning(layer, got, expected, by_reference, tolerance):
    """Sentences on the first layer that differs.

    by_reference  what the engine yields with its reference primitive, or None
    """
    if got is None or expected is None:
        return [f"it runs in {'PyTorch' if got is None else 'the engine'} only: the two do not mean the same network"]
    if got.shape != expected.shape:
        return [f"the engine's is {list(got.shape)}, PyTorch's {list(expected.shape)}: window, stride or padding"]
    if layer == "input":
        return ["the two were not given the same image"]
    found = []
    broken = int((~np.isfinite(got)).sum())
    if broken:
        found.append(f"{broken} of {got.size} numbers of the engine's are NaN or infinite")
    off = ~(np.abs(got - expected) <= tolerance * np.abs(expected).max())
    channels = np.flatnonzero(off.any((1, 2)))
    if len(channels) < len(off):
        some = ", ".join(map(str, channels[:8])) + (", ..." if len(channels) > 8 else "")
        found.append(f"{len(channels)} of {len(off)} channels differ (c = {some}): weights, scale or bias of these")
    if min(off.shape[1:]) > 2 and not off[:, 1:-1, 1:-1].any():
        found.append("only pixels on the border differ: padding, or the halo around the map that the layer reads")
    if by_reference is not None:
        same = np.abs(by_reference - expected).max() <= tolerance * np.abs(expected).max()
        found.append("the reference primitive agrees with PyTorch: the primitive that `sluice nets --layers` names for "
                     "this layer miscomputes it" if same else
                     "the reference primitive differs from PyTorch too: it is not the kernel, but what it is given: "
                     "weights, scale, bias, window, stride, padding")
    return found


def meaning_of_weights(layer, stored, folded):
    """Sentences on a layer's tensors in a weight file, where they are not those of the checkpoint.

    stored  {name: tensor} of the file
    folded  {layer: (weight, bias)} of the checkpoint
    """
    found = []
    for name, right in zip(("weight", "bias"), folded.get(layer, ())):
        distance = np.abs(stored[f"{layer}.{name}"].astype(np.float64) - right)
        if distance.max() > 1e-6 * np.abs(right).max():  # another PyTorch may round the last bit otherwise
            at = list(map(int, np.unravel_index(distance.argmax(), distance.shape)))
            found.append(f"{layer}.{name} of the weight file is not the checkpoint's: the largest difference is "
                         f"{distance.max():.3g}, at {at}, where the checkpoint has {right[tuple(at)]:.3g}")
    return found
