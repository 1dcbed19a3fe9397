# SPDX-License-Identifier: Apache-2.0
"""Latents of two separately trained networks for the same images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ...datasets import CIFAR10, SPLITS, Digits, LatentPairs, LatentSplit
from ..training.settings import ModelSettings
from ..training.store import ModelStore
from ..training.weights import weights_digest

BATCH_SIZE = 500
ENCODER_SEED = 0  # a different pair of networks is a different data set, not a different seed


def extract_latents(
    name: str,
    images: CIFAR10 | Digits,
    networks: Mapping[str, ModelSettings],
    models: ModelStore | None = None,
) -> LatentPairs:
    """Latents of all images, and the head of the receiver's network.

    The latents are stored in ``<models.work_dir>/<name>_latents.h5``. The file is reused as long as
    images and weights are unchanged.

    Parameters
    ----------
    name : `str`
        Prefix of the models ``<name>_transmitter`` and ``<name>_receiver``
    images : :class:`CIFAR10` | :class:`Digits`
        Input of both networks, and training data if they are not trained
    networks : `dict`
        `ModelSettings` of ``transmitter`` and ``receiver``, two image classifiers
    models : `None` | :class:`ModelStore`
        Trained models. By default, newly trained models are stored in ``results/models``.

    Output
    ------
    : :class:`LatentPairs`
        Latents of the transmitter and the receiver by split
    """
    models = models or ModelStore()
    trained, checksums = obtain_networks(name, images, networks, models)
    kept = models.work_dir / f"{name}_latents.h5"
    if kept.exists():
        pairs = LatentPairs.load(kept)
        if pairs.sources == checksums:
            return LatentPairs(pairs.splits, pairs.kernel, pairs.bias, checksums, identified=True)

    def split(part: str) -> LatentSplit:
        ends = trained["transmitter"], trained["receiver"]
        (tx, rx), label = latents_of(images, part, ends)
        return LatentSplit(tx, rx, label)

    splits = {part: split(part) for part in SPLITS}
    kernel, bias = (np.asarray(weight) for weight in trained["receiver"].head.get_weights())
    pairs = LatentPairs(splits, kernel, bias, checksums, identified=True)
    pairs.save(kept)
    return pairs


def obtain_networks(
    name: str, images: CIFAR10 | Digits, networks: Mapping[str, ModelSettings], models: ModelStore
) -> tuple[dict[str, Any], dict[str, str]]:
    """Trained networks ``<name>_<end>`` by their ends, and checksums of images and weights."""
    trained = {
        end: models.obtain(f"{name}_{end}", settings, images, ENCODER_SEED)
        for end, settings in networks.items()
    }
    digests = {
        end: weights_digest(model, networks[end].system.model_dump_json().encode())
        for end, model in trained.items()
    }
    return trained, {**images.checksums, **digests}


def latents_of(
    images: CIFAR10 | Digits, split: str, models: Iterable[Any]
) -> tuple[list[np.ndarray], np.ndarray]:
    """Latents of one split from each of ``models``, and its classes."""
    pixels, labels = images.images(split)
    parts = np.array_split(pixels, -(-len(pixels) // BATCH_SIZE))
    encoders = (
        tf.function(model.encode, reduce_retracing=True, autograph=False) for model in models
    )
    latents = [np.concatenate([encode(part).numpy() for part in parts]) for encode in encoders]
    return latents, labels.astype(np.int32)
