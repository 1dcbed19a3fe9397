# SPDX-License-Identifier: Apache-2.0
"""Latents of two separately trained networks for the same images."""

from __future__ import annotations

from collections.abc import Mapping
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
    trained = {
        end: models.obtain(f"{name}_{end}", settings, images, ENCODER_SEED)
        for end, settings in networks.items()
    }
    checksums = {
        **images.checksums,
        **{
            end: weights_digest(model, networks[end].system.model_dump_json().encode())
            for end, model in trained.items()
        },
    }
    kept = models.work_dir / f"{name}_latents.h5"
    if kept.exists():
        pairs = LatentPairs.load(kept)
        if pairs.checksums == checksums:
            return pairs
    splits = {split: _split(images, split, trained) for split in SPLITS}
    kernel, bias = (np.asarray(weight) for weight in trained["receiver"].head.get_weights())
    pairs = LatentPairs(splits, kernel, bias, checksums)
    pairs.save(kept)
    return pairs


def _split(images: CIFAR10 | Digits, name: str, models: Mapping[str, Any]) -> LatentSplit:
    """Latents of one split of the images."""
    pixels, labels = images.images(name)
    parts = np.array_split(pixels, -(-len(pixels) // BATCH_SIZE))
    tx, rx = (
        np.concatenate([encode(part).numpy() for part in parts])
        for encode in (
            tf.function(models[end].encode, reduce_retracing=True, autograph=False)
            for end in ("transmitter", "receiver")
        )
    )
    return LatentSplit(tx, rx, labels.astype(np.int32))
