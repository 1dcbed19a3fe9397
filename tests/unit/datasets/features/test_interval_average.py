# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from sionna_semcom.datasets.features.interval_average import interval_average


def average(targets, intervals, features):
    return interval_average(*(np.array(values, float) for values in (targets, intervals, features)))


def test_frames_count_by_their_overlap():
    """A word from 0.5 to 2 s contains half of the first frame, and the second frame."""
    frames = [[0, 1], [1, 2], [2, 3]]
    found = average([[0.5, 2], [2, 3]], frames, [[3, 0], [6, 3], [9, 9]])
    np.testing.assert_allclose(found, [[5, 2], [9, 9]])
    assert found.dtype == np.float32


def test_it_is_the_mean_over_time():
    draw = np.random.default_rng(1)
    edges = np.sort(draw.uniform(0, 9, 30))
    frames = np.column_stack([edges[:-1], edges[1:]])
    values = draw.normal(size=(29, 1))
    words = np.array([[1.0, 1.5], [2.2, 6.1], [6.1, 6.2]])
    found = average(words, frames, values)
    for (begin, end), mean in zip(words, found[:, 0], strict=True):
        inside = edges[(begin < edges) & (edges < end)]
        area, _ = quad(
            lambda t: values[np.searchsorted(edges, t, "right") - 1, 0], begin, end, points=inside
        )
        assert mean == pytest.approx(area / (end - begin), abs=1e-5)


def test_a_word_without_frames_has_no_mean():
    found = average([[0, 1], [5, 6], [3, 3], [8, 9]], [[2, 4], [5, 6]], [[7], [8]])
    np.testing.assert_array_equal(found[:, 0], [np.nan, 8, 7, np.nan])


def test_frames_at_instants_count_where_they_lie():
    """OpenFace writes intervals with begin = end. Ends of words are exclusive."""
    instants = np.repeat(np.arange(0, 5, 0.5)[:, None], 2, 1)
    values = np.arange(10.0)[:, None] * [1, 10]
    values[3, 1] = np.nan
    words = np.array([[0, 1], [1, 2.5], [2.6, 2.9], [4.5, 4.5], [4.4, 9]])
    found = average(words, instants, values)
    expected = [[0.5, 5], [3, 30], [np.nan] * 2, [9, 90], [9, 90]]
    np.testing.assert_allclose(found, expected)


def test_frames_with_a_duration_come_before_those_at_instants():
    found = average([[0, 2], [2, 3]], [[0, 1], [1, 1], [2, 2]], [[3], [9], [5]])
    assert found[:, 0].tolist() == [3, 5]


def test_only_finite_values_count():
    frames = [[0, 1], [1, 2], [2, 4]]
    values = [[-np.inf, 1, 2], [4, np.nan, 2], [np.inf, np.nan, 2]]
    found = average([[0, 2], [2, 3]], frames, values)
    np.testing.assert_allclose(found, [[4, 1, 2], [np.nan, np.nan, 2]])


def test_nothing_to_align():
    assert average(np.zeros((0, 2)), [[0, 1]], [[1, 2]]).shape == (0, 2)
    assert np.isnan(average([[0, 1]], np.zeros((0, 2)), np.zeros((0, 3)))).all()
