# SPDX-License-Identifier: Apache-2.0
"""Latents of two models, small and made of random numbers, and files of them."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from sionna_semcom.datasets import SPLITS, LatentSplit


def make_split(count, num_classes=4, first=0):
    """Latents of classes in turns; the first feature of ``tx`` is the sample's number."""
    draw = np.random.default_rng([count, first])
    label = np.arange(count, dtype=np.int32) % num_classes
    centers = np.random.default_rng(0).normal(size=(num_classes, 5))
    rx = (centers[label] + draw.normal(size=(count, 5))) * [1, 2, 3, 4, 0] + 7
    tx = np.column_stack([first + np.arange(count), draw.normal(size=(count, 2))])
    return LatentSplit(tx.astype(np.float32), rx.astype(np.float32), label)


def make_splits(num_classes=4):
    sizes = {"train": (60, 0), "validation": (20, 60), "test": (400, 80)}
    return {name: make_split(count, num_classes, first) for name, (count, first) in sizes.items()}


@pytest.fixture
def head():
    draw = np.random.default_rng(5)
    return draw.normal(size=(5, 4)).astype(np.float32), draw.normal(size=4).astype(np.float32)


def write(path, splits, head=()):
    """The file that a user makes with h5py alone."""
    with h5py.File(path, "w") as file:
        for name, split in splits.items():
            for part in ("tx", "rx", "label"):
                file[f"{SPLITS[name]}/{part}"] = getattr(split, part)
        for part, values in zip(("kernel", "bias"), head, strict=False):
            file[f"head/{part}"] = values
