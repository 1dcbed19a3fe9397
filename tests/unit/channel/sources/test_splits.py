# SPDX-License-Identifier: Apache-2.0
"""Splits of channel files by time and by position."""

from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom.channel import ImpulseResponses

from .channel_files import cir, write


def rows(path, split, share=0.25):
    return ImpulseResponses(path=path, split=split, share=share).rows


def test_rows_without_times_or_places_are_split_as_they_are(tmp_path):
    path = write(tmp_path / "x.h5", **cir(num_rows=8))
    np.testing.assert_array_equal(rows(path, "all"), np.arange(8))
    np.testing.assert_array_equal(rows(path, "train"), np.arange(6))
    np.testing.assert_array_equal(rows(path, "test"), [6, 7])


def test_the_last_times_are_test_and_equal_times_stay_together(tmp_path):
    path = write(tmp_path / "x.h5", time=[0.0, 0.1, 0.2, 5.0, 5.0, 5.0, 5.0, 9.0], **cir(8))
    np.testing.assert_array_equal(rows(path, "test"), [3, 4, 5, 6, 7])
    np.testing.assert_array_equal(rows(path, "train"), [0, 1, 2])


def test_places_of_training_and_test_lie_apart_along_the_street(tmp_path):
    rng = np.random.default_rng(3)
    along = rng.uniform(-100.0, 100.0, 40)
    street = np.array([np.cos(0.7), np.sin(0.7), 0.0])
    place = along[:, None] * street + rng.normal(size=[40, 3])
    place[20:] = place[:20]  # two channels of each place
    path = write(tmp_path / "x.h5", position=place, **cir(40))
    train, test = rows(path, "train"), rows(path, "test")
    assert sorted([*train, *test]) == list(range(40))
    assert len(test) == 10
    assert {tuple(p) for p in place[train]}.isdisjoint({tuple(p) for p in place[test]})
    distances = place @ street
    assert min(distances[test]) > max(distances[train]) - 3.0 or (
        max(distances[test]) < min(distances[train]) + 3.0
    )


def test_a_split_without_channels_is_refused(tmp_path):
    path = write(tmp_path / "x.h5", time=np.ones(9), **cir(9))
    with pytest.raises(ValueError, match=r"`split`='train' has none of .*share=0.25"):
        rows(path, "train")
    assert len(rows(path, "test")) == 9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tau": lambda tau: tau.astype("f2")}, "tau must have single or double precision"),
        ({"tau": lambda tau: np.full(tau.shape, np.longdouble("1e400"))}, "tau must be finite"),
        ({"a": lambda a: a * np.float64(1e300)}, "a must lie between 1e-30 and 1e.30 in each row"),
        (
            {"a": lambda a: a * np.float64(1e-300)},
            "1e-30 and .* Received: .*e-300 in row 0",
        ),
        ({"angular_spread": lambda _: np.full([9, 2], -0.1)}, "not be negative"),
    ],
)
def test_numbers_that_nothing_can_be_computed_with_are_refused(tmp_path, changes, message):
    """Steps of half precision are 60 ns, and squares of 1e300 infinite."""
    whole = {**cir(9), "angular_spread": np.ones([9, 2])}
    whole |= {name: change(whole[name]) for name, change in changes.items()}
    with pytest.raises(ValueError, match=message):
        rows(write(tmp_path / "x.h5", **whole), "all")


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.0}, {"split": "valid"}, {"x": 1}])
def test_wrong_settings_are_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ImpulseResponses(path=write(tmp_path / "x.h5", **cir()), **wrong)
