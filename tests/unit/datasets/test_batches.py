# SPDX-License-Identifier: Apache-2.0
"""Batches of samples in memory: order, sizes and errors."""

from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom.datasets.batches import (
    check_positive,
    drawn_batches,
    each_once,
    fixed_order,
    in_fixed_order,
)

ARRAYS = {
    "number": np.arange(10, dtype=np.int32),
    "square": np.arange(10, dtype=np.float32)[:, None] ** 2,
    "word": np.array([f"w{n}" for n in range(10)]),
}


def joined(batches):
    batches = list(batches)
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def test_batches_of_a_split_in_order_of_the_classes_have_all_classes():
    """A batch of 200 of 1,000 samples of ten classes: 20 of each, with a deviation of 4."""
    label = np.repeat(np.arange(10), 100)
    batches = list(in_fixed_order({"label": label}, "test", 200))
    for batch in batches:
        assert np.abs(np.bincount(batch["label"], minlength=10) - 20).max() <= 16
    np.testing.assert_array_equal(batches[0]["label"], label[fixed_order("test", 1000)[:200]])
    assert sorted(fixed_order("test", 1000)) == list(range(1000))
    assert fixed_order("test", 1000).tolist() != fixed_order("validation", 1000).tolist()


def test_samples_stay_together_and_keep_their_types():
    for batches in (drawn_batches(ARRAYS, 4, 5, seed=1), each_once(ARRAYS, 4)):
        found = joined(batches)
        assert list(found) == list(ARRAYS)
        assert (found["number"].dtype, found["square"].dtype) == ("int32", "float32")
        np.testing.assert_array_equal(found["square"], found["number"][:, None] ** 2.0)
        assert [word.decode() for word in found["word"]] == [f"w{n}" for n in found["number"]]


def test_each_comes_once_in_order():
    sizes = [len(batch["number"]) for batch in each_once(ARRAYS, 4)]
    assert sizes == [4, 4, 2]
    batches = each_once(ARRAYS, 4)
    for _ in range(2):  # the same however often it is read
        np.testing.assert_array_equal(joined(batches)["number"], np.arange(10))


@pytest.mark.parametrize(("batch_size", "steps"), [(3, 20), (10, 6), (25, 3)])
def test_all_are_drawn_before_any_comes_again(batch_size, steps):
    batches = list(drawn_batches(ARRAYS, batch_size, steps, seed=2))
    assert [len(batch["number"]) for batch in batches] == [batch_size] * steps
    numbers = joined(batches)["number"]
    passes = numbers[: len(numbers) // 10 * 10].reshape(-1, 10)
    np.testing.assert_array_equal(np.sort(passes, 1), np.tile(np.arange(10), (len(passes), 1)))
    assert len({tuple(order) for order in passes}) == len(passes)


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 10), (3, 3), (10, 1), (11, 1)])
def test_without_steps_the_samples_are_filled_once(batch_size, steps):
    assert len(list(drawn_batches(ARRAYS, batch_size, None, seed=0))) == steps


def test_order_depends_on_the_seed_alone():
    one, again, other = (
        joined(drawn_batches(ARRAYS, 5, 6, seed))["number"].tolist() for seed in (1, 1, 2)
    )
    assert one == again != other


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 0}, "`size` must be at least 1. Received: 0"),
        ({"first": 1, "second": -3}, "`second` must be at least 1. Received: -3"),
    ],
)
def test_values_that_are_not_positive_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        check_positive(**values)
    check_positive(size=1, other=100)
    check_positive()


def test_impossible_batches_are_refused():
    with pytest.raises(ValueError, match=r"`batch_size` must be at least 1. Received: 0"):
        drawn_batches(ARRAYS, 0, None, seed=0)
    with pytest.raises(ValueError, match=r"`steps` must be at least 1. Received: 0"):
        drawn_batches(ARRAYS, 5, 0, seed=0)
    with pytest.raises(ValueError, match=r"`batch_size` must be at least 1. Received: -2"):
        each_once(ARRAYS, -2)
