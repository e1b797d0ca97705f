"""The shapes of the drawings, as distances from their outlines.

A shape is a function of x and y (arrays; y upwards) in its own frame, in which it reaches about one from the origin. It
returns how far the point is outside of the outline, negative inside: exact near edges, and near corners good enough to
soften them with. Only + - * / and square roots, which IEEE 754 rounds alike on every machine.
"""
import math

import numpy as np

_FIFTHS = [(0.0, 1.0)]  # (sin, cos) of 0, 72, 144, ... degrees
_SIN, _COS = math.sqrt(10 + 2 * math.sqrt(5)) / 4, (math.sqrt(5) - 1) / 4
for _ in range(4):
    _FIFTHS.append((_FIFTHS[-1][0] * _COS + _FIFTHS[-1][1] * _SIN, _FIFTHS[-1][1] * _COS - _FIFTHS[-1][0] * _SIN))
_DIAGONAL = math.sqrt(0.5)
_SIXTH = math.sqrt(0.75)  # sin of 60 degrees


def _radius(x, y):
    return np.sqrt(x * x + y * y)


def _box(x, y, width, height):
    """A rectangle around the origin, given by half its sides."""
    return np.maximum(np.abs(x) - width, np.abs(y) - height)


def _regular_triangle(x, y, inner):
    """With a corner on top, given by the radius of the circle inside."""
    return np.maximum(np.abs(x) * _SIXTH + y * 0.5, -y) - inner


def disc(x, y):
    return _radius(x, y) - 0.85


def ring(x, y):
    return np.abs(_radius(x, y) - 0.7) - 0.2


def triangle(x, y):
    return _regular_triangle(x, y + 0.1, 0.5)


def square(x, y):
    return _box(x, y, 0.75, 0.75)


def star(x, y):
    """A pentagram: the points that are beyond one of the five lines at most."""
    beyond = np.stack([x * s + y * c for s, c in _FIFTHS]) - 0.36
    return np.sort(beyond, axis=0)[3]


def cross(x, y):
    return np.minimum(_box(x, y, 0.9, 0.27), _box(x, y, 0.27, 0.9))


def arrow(x, y):
    return np.minimum(_box(x, y + 0.4, 0.2, 0.6), _regular_triangle(x, y - 0.3, 0.36))


def crescent(x, y):
    return np.maximum(_radius(x, y) - 0.9, 0.8 - _radius(x - 0.45, y))


def heart(x, y):
    """A square on its corner and a disc on each of its upper sides."""
    x, y, half = np.abs(x), y + 0.15, 0.55
    return np.minimum((x + np.abs(y)) * _DIAGONAL - half, _radius(x - half * _DIAGONAL, y - half * _DIAGONAL) - half)


def spiral(x, y):
    """Half circles of radius 1, 2 and 3 thirds, each beginning where the one before ends."""
    third = 0.3
    above, below = _radius(x, y), _radius(x + third, y)
    return np.where(y > 0, np.minimum(np.abs(above - third), np.abs(above - 3 * third)),
                    np.abs(below - 2 * third)) - 0.12


SHAPES = (disc, ring, triangle, square, star, cross, arrow, crescent, heart, spiral)  # the place is the label
