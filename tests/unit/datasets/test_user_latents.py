# SPDX-License-Identifier: Apache-2.0
"""Latents of a station and its users: shapes, heads, pilots, and files."""

import h5py
import numpy as np
import pytest

from sionna_semcom.datasets import DATASETS, LatentPairs, UserLatents, UserLatentSplit
from sionna_semcom.datasets.latent_data import fit_head

WIDTHS = (3, 5)


def split(count=30, seed=0, widths=WIDTHS):
    draw = np.random.default_rng(seed)
    label = np.arange(count, dtype="i4") % 3
    inputs = np.eye(3)[label] + 0.1 * draw.normal(size=(count, 3))
    views = np.random.default_rng(9)
    station, *users = (
        (inputs @ views.normal(size=(3, width))).astype("f4") for width in (4, *widths)
    )
    return UserLatentSplit(station, tuple(users), label)


def latents(**options):
    names = ("train", "validation", "test")
    return UserLatents({name: split(seed=n) for n, name in enumerate(names)}, **options)


def test_latents_of_users_stand_side_by_side():
    data = latents()
    assert data.shapes == {"station": (4,), "users": (8,)}
    assert (data.num_users, data.widths) == (2, [3, 5])
    rows = {tuple(row) for row in np.concatenate(data.splits["test"].users, 1)}
    (batch,) = list(data.test(30))
    assert {tuple(row) for row in batch["users"].numpy()} == rows


def test_heads_that_are_missing_are_fitted():
    given = (np.eye(4, 3, dtype="f4"), np.zeros(3, "f4"))
    data = latents(heads=[given, None, None])
    np.testing.assert_array_equal(data.heads[0].kernel, given[0])
    station, first, second = data.accuracies()
    test = data.splits["test"]
    assert station == np.mean(np.argmax(test.station[:, :3], 1) == test.label)
    assert min(first, second) > 0.9


@pytest.mark.parametrize("scale", [1e-9, 1e-6, 1e6])
def test_fitted_heads_do_not_depend_on_the_scale_of_latents(scale):
    data = split(90)
    constant = np.full((90, 1), 3.0, "f4")
    kernel, bias = fit_head(np.concatenate([data.station, constant], 1), data.label, 3)
    other, offset = fit_head(np.concatenate([scale * data.station, constant], 1), data.label, 3)
    np.testing.assert_allclose(other[:4] * scale, kernel[:4], rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(offset, bias, rtol=1e-2, atol=1e-3)


def test_a_pair_is_one_link():
    data = latents()
    for direction, ends in (("downlink", (4, 5)), ("uplink", (5, 4))):
        pair = data.pairs(1, direction)
        assert isinstance(pair, LatentPairs)
        assert (*pair.shapes["tx"], *pair.shapes["rx"]) == ends
        head = data.heads[2 if direction == "downlink" else 0]
        np.testing.assert_array_equal(pair.kernel, head.kernel)
    np.testing.assert_array_equal(pair.splits["test"].tx, data.splits["test"].users[1])


def test_pilots_are_those_of_pairs():
    data = latents()
    rows = data.subset(9, 4).splits["train"]
    pairs = data.pairs(0, "downlink").subset(9, 4).splits["train"]
    np.testing.assert_array_equal(rows.station, pairs.tx)
    assert np.bincount(rows.label).tolist() == [3, 3, 3]
    assert data.subset(None) is data


def test_files_come_back(tmp_path):
    data = latents(checksums={"a": "b"})
    data.save(tmp_path / "x.h5")
    settings = DATASETS.settings({"kind": "user_latents", "path": tmp_path / "x.h5"})
    loaded = settings.load()
    assert loaded.sources == {"a": "b"}
    assert loaded.checksums == data.checksums
    other = UserLatents({**data.splits, "test": data.splits["train"]}, data.heads, {"a": "b"})
    found = {key for key in data.checksums if data.checksums[key] != other.checksums[key]}
    assert found == {"test samples"}
    for name, own in data.splits.items():
        for one, other in zip(own.users, loaded.splits[name].users, strict=True):
            np.testing.assert_array_equal(one, other)
    for one, other in zip(data.heads, loaded.heads, strict=True):
        np.testing.assert_array_equal(one.kernel, other.kernel)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"users": ()}, "must have shapes"),
        ({"users": (np.zeros((29, 2), "f4"),)}, "must have shapes"),
        ({"users": (np.full((30, 2), np.nan, "f4"),)}, r"`users\[0\]` must be finite"),
        ({"label": np.full(30, -1)}, "classes 0, 1"),
    ],
)
def test_wrong_splits_are_refused(change, message):
    good = split()
    parts = {"station": good.station, "users": good.users, "label": good.label} | change
    with pytest.raises(ValueError, match=message):
        UserLatentSplit(**parts)


def test_wrong_data_are_refused():
    good = split()
    names = ("train", "validation", "test")
    with pytest.raises(ValueError, match="`splits` must be"):
        UserLatents({"train": good})
    with pytest.raises(ValueError, match="the same sizes"):
        UserLatents({name: split(widths=(n + 1, 2)) for n, name in enumerate(names)})
    with pytest.raises(ValueError, match="those of the station and 2 users"):
        latents(heads=[None])
    with pytest.raises(ValueError, match="The head must have a kernel"):
        latents(heads=[None, (np.zeros((4, 3)), np.zeros(3)), None])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("heads", "head", "must have only heads, test, train, val, not head"),
        ("heads/user_0", "heads/user_2", "only station, user_0, user_1 in heads, not user_2"),
        ("train/user_1", "train/user_5", "only label, station, user_0 in train, not user_5"),
    ],
)
def test_groups_of_other_names_are_refused(tmp_path, old, new, message):
    path = tmp_path / "users.h5"
    latents().save(path)
    with h5py.File(path, "r+") as file:
        file.move(old, new)
    with pytest.raises(ValueError, match=message):
        UserLatents.load(path)
