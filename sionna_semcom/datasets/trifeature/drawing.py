# SPDX-License-Identifier: Apache-2.0
"""Drawing of small images of a shape with a texture and a color."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Classes = NDArray[np.integer]

COLORS = {
    "red": (0.90, 0.10, 0.10),
    "orange": (1.00, 0.55, 0.00),
    "yellow": (0.95, 0.90, 0.10),
    "green": (0.10, 0.60, 0.15),
    "cyan": (0.10, 0.85, 0.85),
    "blue": (0.15, 0.25, 0.90),
    "purple": (0.50, 0.10, 0.70),
    "pink": (1.00, 0.45, 0.75),
    "brown": (0.50, 0.30, 0.10),
    "gray": (0.50, 0.50, 0.50),
}

_RADIUS = (0.75, 0.92)  # radius of shapes, relative to half of the side of the image
_SHIFT = 0.1  # maximum shift of the center, likewise
_PERIOD = 0.4  # period of textures, relative to the radius


def draw(
    shapes: Classes, textures: Classes, colors: Classes, size: int, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw images on a black background, with random position, direction and size.

    Shape and texture are rotated by independent random angles. No class is a rotated, mirrored or
    resized image of another class: for example, there is a square but no diamond, and only one kind
    of stripes. Areas of a texture without the color are white.

    Parameters
    ----------
    shapes, textures, colors : [num_pictures], `int`
        Indices in ``SHAPES``, ``TEXTURES`` and ``COLORS``
    size : `int`
        Number of pixels per side
    generator : `numpy.random.Generator`
        Generator of positions, directions, sizes and phases

    Output
    ------
    : [num_pictures, size, size, 3], `uint8`
        Images; the tips of some large shapes are outside the image

    Raises
    ------
    ValueError
        If a class is unknown
    """
    for name, classes, known in (
        ("shapes", shapes, SHAPES),
        ("textures", textures, TEXTURES),
        ("colors", colors, COLORS),
    ):
        wrong = np.setdiff1d(classes, np.arange(len(known)))
        if len(wrong):
            raise ValueError(f"`{name}` must be 0 to {len(known) - 1}. Received: {wrong[0]}")
    count = len(shapes)
    axis = (np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1
    radius = generator.uniform(*_RADIUS, (count, 1, 1)).astype(np.float32)
    center = generator.uniform(-_SHIFT, _SHIFT, (2, count, 1, 1)).astype(np.float32)
    place = np.stack(np.meshgrid(axis, axis, indexing="xy"))[:, None]  # [2, 1, size, size]
    place = (place - center) / radius
    pixel = 2 / size / radius
    inside = _drawn(_turned(place, generator), pixel, shapes, SHAPES, generator)
    paint = _drawn(_turned(place, generator), pixel, textures, TEXTURES, generator)
    rgb = np.array(list(COLORS.values()), np.float32)[colors][:, None, None]
    picture = inside[..., None] * (1 + paint[..., None] * (rgb - 1))
    return np.round(255 * picture).astype(np.uint8)


def _turned(place: Array, generator: np.random.Generator) -> Array:
    """``place`` [2, num_pictures, size, size], rotated by an angle for each image."""
    angle = generator.uniform(0, 2 * np.pi, place.shape[1:2]).astype(np.float32)[:, None, None]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos * place[0] - sin * place[1], sin * place[0] + cos * place[1]])


Depth = Callable[[Array, Array, np.random.Generator], Array]


def _drawn(
    place: Array,
    pixel: Array,
    classes: Classes,
    depths: Mapping[str, Depth],
    generator: np.random.Generator,
) -> Array:
    """Fraction of each pixel that is covered by the class of its image."""
    covered = np.empty(place.shape[1:], np.float32)
    for number, depth in enumerate(depths.values()):
        rows = np.flatnonzero(classes == number)
        x, y = place[:, rows]
        covered[rows] = np.clip(0.5 + depth(x, y, generator) / pixel[rows], 0, 1)
    return covered


# Depth of a point within a shape with a radius of about one; negative outside.


def _disc(x: Array, y: Array, _: object) -> Array:
    return 0.85 - np.hypot(x, y)


def _square(x: Array, y: Array, _: object) -> Array:
    return 0.75 - np.maximum(abs(x), abs(y))


def _triangle(x: Array, y: Array, _: object) -> Array:
    return 0.5 - np.maximum(0.5 * y + np.sqrt(0.75) * abs(x), -y)


def _star(x: Array, y: Array, _: object) -> Array:
    # After folding onto a tenth of the star, the edge connects the tip (1, 0) and the notch
    angle = abs((np.arctan2(y, x) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5)
    radius = np.hypot(x, y)
    notch = 0.52 * np.exp(1j * np.pi / 5)
    edge = (notch - 1) / abs(notch - 1)
    return edge.imag * (1 - radius * np.cos(angle)) + edge.real * radius * np.sin(angle)


def _cross(x: Array, y: Array, _: object) -> Array:
    return np.minimum(0.4 - np.minimum(abs(x), abs(y)), 0.92 - np.maximum(abs(x), abs(y)))


def _ring(x: Array, y: Array, _: object) -> Array:
    return 0.34 - abs(np.hypot(x, y) - 0.62)


def _crescent(x: Array, y: Array, _: object) -> Array:
    return np.minimum(0.92 - np.hypot(x, y), np.hypot(x - 0.6, y) - 0.55)


def _bar(x: Array, y: Array, _: object) -> Array:
    return np.minimum(0.48 - abs(x), 0.95 - abs(y))


def _bow_tie(x: Array, y: Array, _: object) -> Array:
    return np.minimum(0.85 - abs(x), 0.8 * (abs(x) + 0.1 - abs(y)))


def _tee(x: Array, y: Array, _: object) -> Array:
    top = np.minimum(0.38 - abs(y - 0.47), 0.88 - abs(x))
    stem = np.minimum(0.38 - abs(x), np.minimum(y + 0.95, 0.5 - y))
    return np.maximum(top, stem)


# Depth of a point within the colored part of a texture.


def _solid(x: Array, y: Array, _: object) -> Array:
    return np.ones_like(x)


def _stripes(x: Array, y: Array, generator: np.random.Generator) -> Array:
    return _PERIOD * (0.25 - _from_middle(x, generator))


def _checks(x: Array, y: Array, generator: np.random.Generator) -> Array:
    one, other = _stripes(x, y, generator), _stripes(y, x, generator)
    return np.where(one * other > 0, 1, -1) * np.minimum(abs(one), abs(other))


def _dots(x: Array, y: Array, generator: np.random.Generator) -> Array:
    return _PERIOD * (0.32 - np.hypot(_from_middle(x, generator), _from_middle(y, generator)))


def _grid(x: Array, y: Array, generator: np.random.Generator) -> Array:
    return _PERIOD * (np.maximum(_from_middle(x, generator), _from_middle(y, generator)) - 0.32)


def _rings(x: Array, y: Array, generator: np.random.Generator) -> Array:
    return _stripes(np.hypot(x, y), y, generator)


def _sectors(x: Array, y: Array, _: object) -> Array:
    return np.hypot(x, y) * np.sin(3 * np.arctan2(y, x)) / 3


def _shade(x: Array, y: Array, _: object) -> Array:
    # The transition from white to the color scales with the shape and is resolved at 32 pixels
    return 0.04 * x * 32 / x.shape[-1]


def _speckle(x: Array, y: Array, generator: np.random.Generator) -> Array:
    total = np.zeros_like(x)
    for _ in range(6):
        angle, phase = generator.uniform(0, 2 * np.pi, (2, len(x), 1, 1)).astype(np.float32)
        total += np.sin((np.cos(angle) * x + np.sin(angle) * y) * 9 + phase)
    return total / 15


def _halves(x: Array, y: Array, _: object) -> Array:
    return x


def _from_middle(x: Array, generator: np.random.Generator) -> Array:
    """Distance to the center of a period, in periods, with a phase for each image."""
    phase = generator.uniform(0, 1, (len(x), 1, 1)).astype(np.float32)
    return abs((x / _PERIOD + phase) % 1 - 0.5)


SHAPES: dict[str, Depth] = {
    "disc": _disc,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "ring": _ring,
    "crescent": _crescent,
    "bar": _bar,
    "bow tie": _bow_tie,
    "tee": _tee,
}

TEXTURES: dict[str, Depth] = {
    "solid": _solid,
    "stripes": _stripes,
    "checks": _checks,
    "dots": _dots,
    "grid": _grid,
    "rings": _rings,
    "sectors": _sectors,
    "shade": _shade,
    "speckle": _speckle,
    "halves": _halves,
}
