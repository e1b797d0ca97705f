"""Seeded values that depend on (seed, name, index) only, computed alike here and in C++.

Each value is a hash of its own position, so any part of any tensor can be made on its own, in any order, by any
number of threads. Known values are pinned in tests/golden/generator.json.
"""
import math

import numpy as np

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15  # 2^64 / golden ratio: consecutive indices land far apart


def mix(z):
    """Finaliser of SplitMix64 on an array of uint64 (a Python int gives a Python int)."""
    if isinstance(z, int):
        return int(mix(np.array([z], np.uint64))[0])
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def fnv1a64(name):
    """FNV-1a hash of a string's UTF-8 bytes, 64 bits."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 & _MASK
    return h


def bits(seed, name, index):
    """24 random bits for each position in index (array of uint64 or one int), as an array of uint64."""
    key = fnv1a64(name) ^ mix(seed & _MASK)
    # the index is an array, for numpy wraps arrays silently but warns on scalars
    index = np.atleast_1d(np.asarray(index, np.uint64))
    return mix((index + np.uint64(1)) * np.uint64(_STEP) + np.uint64(key)) >> np.uint64(40)


def uniform(seed, name, index):
    """Exact multiples of 2^-23 in [-1, 1), float64."""
    return bits(seed, name, index).astype(np.float64) * 2.0**-23 - 1.0


def at(seed, name, index, mid, half):
    """float32 values in [mid - half, mid + half) at the given positions."""
    # factors of 24 bits: the product is exact in float64, so it makes no difference whether C++ fuses it with the sum
    mid, half = np.float64(np.float32(mid)), np.float64(np.float32(half))
    return (mid + half * uniform(seed, name, index)).astype(np.float32)


def values(seed, name, shape, mid, half):
    """float32 tensor of the given shape, row-major positions 0, 1, 2, ..."""
    return at(seed, name, np.arange(math.prod(shape), dtype=np.uint64), mid, half).reshape(shape)


def image(seed, shape):
    """The input image of a seed, [C,H,W] float32, mean 0 and variance 1 (that is, already normalised)."""
    return values(seed, "input", shape, 0.0, math.sqrt(3.0))
