# SPDX-License-Identifier: Apache-2.0
"""Latents of the networks of a station and of its users, which look at the same images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..._files import sha256
from ...datasets import (
    CIFAR10,
    SPLITS,
    Digits,
    LatentPairs,
    LatentSplit,
    UserLatents,
    UserLatentSplit,
)
from ..training.settings import ModelSettings
from ..training.store import ModelStore
from .extraction import latents_of, obtain_networks


def extract_user_latents(
    name: str,
    images: CIFAR10 | Digits,
    networks: Mapping[str, ModelSettings],
    models: ModelStore | None = None,
    others: Path | None = None,
    others_seed: int | None = None,
) -> UserLatents:
    """Latents of all images, and the heads of all networks.

    They are kept in ``<models.work_dir>/<name>_user_latents.h5``, and read from there as long as
    images, weights and the file of others are the same.

    Parameters
    ----------
    name : `str`
        The networks are the models ``<name>_<end>``
    images : :class:`CIFAR10` | :class:`Digits`
        Input of the networks, and their training data if they are not trained yet
    networks : `dict`
        `ModelSettings` of image classifiers, that of the station first
    models : `None` | :class:`ModelStore`
        Trained models; `None` keeps what had to be trained in ``results/models``
    others : `None` | `Path`
        File of :class:`~sionna_semcom.datasets.LatentPairs` of the same images. The network of its
        receiver is the second user, and that of its transmitter, for which a head is fitted, the
        third one
    others_seed : `None` | `int`
        Seed of the split of others, see :func:`in_own_split`; `None` if it is that of ``images``

    Raises
    ------
    ValueError
        If the file of others holds other images
    """
    models = models or ModelStore()
    trained, checksums = obtain_networks(name, images, networks, models)
    if others is not None:
        checksums["others"] = sha256(others)
        if others_seed is not None:
            checksums["others_seed"] = str(others_seed)
    kept = models.work_dir / f"{name}_user_latents.h5"
    if kept.exists():
        found = UserLatents.load(kept)
        if found.sources == checksums:
            return UserLatents(found.splits, found.heads, checksums, identified=True)
    pairs = None if others is None else LatentPairs.load(others)
    theirs = {} if pairs is None else dict(pairs.splits)
    if pairs is not None and others_seed is not None:
        theirs |= in_own_split(pairs, others_seed, *(images.images(part)[1] for part in SPLITS))

    def split(part: str) -> UserLatentSplit:
        (station, first, *rest), label = latents_of(images, part, trained.values())
        if pairs is None:
            return UserLatentSplit(station, (first, *rest), label)
        other = theirs[part]
        if not np.array_equal(other.label, label):
            raise ValueError(
                f"`others` must hold latents of the same {len(label)} images. Received: other "
                f"classes in the split {part!r} of {others}"
            )
        return UserLatentSplit(station, (first, other.rx, other.tx, *rest), label)

    heads: list[tuple[np.ndarray, np.ndarray] | None] = []
    for model in trained.values():
        kernel, bias = (np.asarray(weight) for weight in model.head.get_weights())
        heads.append((kernel, bias))
    if pairs is not None:
        heads[2:2] = [(pairs.kernel, pairs.bias), None]
    splits = {part: split(part) for part in SPLITS}
    latents = UserLatents(splits, heads, checksums, identified=True)
    latents.save(kept)
    return latents


def in_own_split(
    pairs: LatentPairs, seed: int, train: np.ndarray, validation: np.ndarray, *_: np.ndarray
) -> dict[str, LatentSplit]:
    """Latents of a random split of all training images, in the split of this package.

    Others sorted all images by class and name, drew the images for training as the first ones of
    ``np.random.default_rng(seed).permutation(n)`` and sorted both parts again.

    Parameters
    ----------
    pairs : :class:`~sionna_semcom.datasets.LatentPairs`
        Latents in the split of others
    seed : `int`
        Seed of this split
    train, validation : [n], `int`
        Classes in the split of this package, where images of a class are in order

    Output
    ------
    : `dict` of `LatentSplit`
        ``train`` and ``validation``
    """
    parts = pairs.splits["train"], pairs.splits["validation"]
    drawn = np.random.default_rng(seed).permutation(len(parts[0]) + len(parts[1]))
    rows = np.concatenate([np.sort(one) for one in np.split(drawn, [len(parts[0])])])
    own = np.argsort(np.concatenate([train, validation]), kind="stable")
    if len(own) != len(rows):
        raise ValueError(
            f"`others` must hold latents of {len(own)} images for training and validation. "
            f"Received: {len(rows)}"
        )
    order = np.empty_like(rows)
    order[own] = np.argsort(rows)  # from images by class and name to both splits

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(one, name) for one in parts])[order]

    whole = LatentSplit(joined("tx"), joined("rx"), joined("label"))
    index = np.arange(len(order))
    return {
        "train": whole[index[: len(train)]],
        "validation": whole[index[len(train) :]],
    }
