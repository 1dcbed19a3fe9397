# SPDX-License-Identifier: Apache-2.0
"""Slant of handwritten characters, as a label that does not depend on the character."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..._messages import shortened

NUM_SLANTS = 4
_AT_ONCE = 4096  # images, to limit the memory for double precision


def slant(images: np.ndarray) -> np.ndarray:
    r"""Slant of the strokes in images, from second moments of the intensity.

    With the intensity :math:`I_{y,x}` as weight of the pixel in row :math:`y` and column :math:`x`,
    and its mean position :math:`(\bar{y}, \bar{x})`,

    .. math:: s = -\frac{\sum_{y,x} I_{y,x} (y - \bar{y}) (x - \bar{x})}
              {\sum_{y,x} I_{y,x} (y - \bar{y})^2}

    is the shift to the right per row upwards of the line that fits the columns best. Upright
    strokes have a slant of zero. Resizing and shifting an image do not change it.

    Source: D. C. Castro et al., *Morpho-MNIST: Quantitative Assessment and Diagnostics for
    Representation Learning*, JMLR, 2019, whose slant is the angle :math:`\arctan s`.

    Parameters
    ----------
    images : [num_images, height, width], `uint8` or `float32`
        Images on a background of zeros

    Output
    ------
    : [num_images], `np.float64`
        Slants; zero for empty images and images of one row
    """
    rows, columns = (np.arange(size, dtype=float) for size in images.shape[1:])
    found = []
    for start in range(0, len(images), _AT_ONCE):
        chosen = images[start : start + _AT_ONCE].astype(float)
        mass = np.maximum(chosen.sum((1, 2)), 1e-12)[:, np.newaxis]
        y = rows - (chosen.sum(2) @ rows)[:, np.newaxis] / mass
        x = columns - (chosen.sum(1) @ columns)[:, np.newaxis] / mass
        mixed = np.einsum("nyx,ny,nx->n", chosen, y, x)
        squares = np.einsum("nyx,ny,ny->n", chosen, y, y)
        found.append(-mixed / np.where(squares > 0, squares, 1.0))
    return np.concatenate(found)


def slant_quartiles(images: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Quartile of the slant of each image among training images of its class.

    The label is uniform in each class of the training images, and therefore independent of the
    class.

    Parameters
    ----------
    images : `dict` of ([num_images, height, width], [num_images])
        Images and classes of each split, among them ``train``

    Output
    ------
    : `dict` of [num_images], `np.int64`
        Labels 0 to 3 of each split

    Raises
    ------
    ValueError
        If a class of a split has no training image
    """
    slants = {name: slant(values) for name, (values, _) in images.items()}
    train = images["train"][1]
    limits = {
        one: np.quantile(slants["train"][train == one], np.arange(1, NUM_SLANTS) / NUM_SLANTS)
        for one in np.unique(train)
    }
    quartiles = {}
    for name, (_, classes) in images.items():
        missing = set(np.unique(classes)) - set(limits)
        if missing:
            raise ValueError(
                "Each class must have training images. "
                f"Received: none of {shortened(sorted(map(int, missing)))} in {name}"
            )
        edges = np.stack([limits[one] for one in classes])
        quartiles[name] = (slants[name][:, np.newaxis] > edges).sum(1)
    return quartiles
