# SPDX-License-Identifier: Apache-2.0
"""Contract of all data sets. Add a new data set with one line."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import numpy as np
import pytest

import sionna_semcom.simulation.studies.study  # noqa: F401  declares all data sets
from sionna_semcom.datasets import (
    DATASETS,
    LatentPairs,
    LatentSplit,
    Trifeature,
    UserLatents,
    UserLatentSplit,
    generated_features,
    linear_gaussian_features,
)

sys.path.append(str(Path(__file__).parents[1] / "plugin"))  # an example package of others
from semcom_example.stripes import Stripes


def _pairs():
    draw = np.random.default_rng(0)

    def split():
        tx, rx = draw.normal(size=(12, 4)), draw.normal(size=(12, 5))
        return LatentSplit(tx.astype("f4"), rx.astype("f4"), np.arange(12, dtype="i4") % 3)

    return LatentPairs({name: split() for name in ("train", "validation", "test")})


def _user_latents():
    splits = {
        name: UserLatentSplit(one.tx, (one.rx, one.rx[:, :2]), one.label)
        for name, one in _pairs().splits.items()
    }
    return UserLatents(splits)


DATA = {
    "builtin": lambda: DATASETS.settings({"kind": "builtin"}).load(),
    "generated": lambda: generated_features(60, 20, 20),
    "linear_gaussian": lambda: linear_gaussian_features(60, 20, 20),
    "latents": _pairs,
    "user_latents": _user_latents,
    "trifeature": lambda: Trifeature(num_train=20, num_probing=20, num_validation=10, num_test=10),
    "stripes": lambda: Stripes(8, 0),
}


@functools.cache
def data_of(name):
    return DATA[name]()


def first(batches):
    return {key: np.asarray(values) for key, values in next(iter(batches)).items()}


@pytest.fixture(params=DATA)
def data(request):
    return data_of(request.param)


@pytest.mark.parametrize("split", ["train", "validation", "test", "probing"])
def test_samples_are_of_the_shapes_that_the_data_tell(data, split):
    batch = first(getattr(data, split)(5))
    for name, shape in data.shapes.items():
        assert batch[name].shape == (5, *shape)
        assert batch[name].dtype == np.float32
        assert np.isfinite(batch[name]).all()
        if len(shape) == 2:
            assert (batch[f"{name}_length"] <= shape[0]).all()


def test_labels_are_classes(data):
    label = first(data.test(5))["label"]
    if data.num_classes:
        assert label.dtype == np.int32
        assert ((label >= 0) & (label < data.num_classes)).all()
    batch = first(data.test(5))
    for key, count in data.labels.items():
        assert batch[key].max() < count


def test_training_is_drawn_by_the_seed(data):
    one, again, other = (first(data.train(8, steps=1, seed=seed)) for seed in (1, 1, 2))
    name = next(iter(data.shapes))
    np.testing.assert_array_equal(one[name], again[name])
    assert not np.array_equal(one[name], other[name])


def test_the_test_split_holds_every_sample_once_and_the_same_again(data):
    name = next(iter(data.shapes))
    first_pass, second_pass = (
        np.concatenate([np.asarray(batch[name]) for batch in data.test(7)]) for _ in range(2)
    )
    np.testing.assert_array_equal(first_pass, second_pass)
    flat = first_pass.reshape(len(first_pass), -1)
    assert len(np.unique(flat, axis=0)) > 0.9 * len(flat)


def test_parts_and_maps_are_of_the_samples(data):
    batch = first(data.test(5))
    assert all(len(values) == 5 for values in data.parts(batch).values())
    assert set(data.normalization) <= set(data.shapes)


def test_checksums_tell_where_samples_come_from(data):
    assert all(isinstance(x, str) for pair in data.checksums.items() for x in pair)


@pytest.mark.parametrize("kind", DATASETS)
def test_settings_that_mean_nothing_are_refused(kind):
    with pytest.raises(ValueError, match="flavor"):
        DATASETS.settings({"kind": kind, "flavor": 1})
