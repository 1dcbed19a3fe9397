# SPDX-License-Identifier: Apache-2.0
"""Ranges of metrics, against metrics of extreme data."""

import math
from typing import Literal

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom import metrics
from sionna_semcom._parts.metric_ranges import ranged
from sionna_semcom.metrics import METRICS, MetricSettings, limits
from sionna_semcom.semantics import Task


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("f1", (0, 1)),
        ("label_f1", (0, 1)),
        ("label_correlation_in_received", (-1, 1)),
        ("worst_accuracy", (0, 1)),
        ("acc2_nonzero", (0, 1)),
        ("bits_ber", (0, 1)),
        ("image_mse", (0, math.inf)),
        ("nmse", (-math.inf, math.inf)),  # not declared: no other kind within a word counts
        ("image_psnr", (-math.inf, math.inf)),
        ("f1_gain", (-math.inf, math.inf)),
    ],
)
def test_a_name_has_the_range_of_its_kind(name, expected):
    assert limits(name) == expected


def test_extreme_images_reach_the_range():
    white, black = tf.ones([1, 16, 16, 1]), tf.zeros([1, 16, 16, 1])
    for kind in ("mse", "mae", "ssim"):
        low, high = limits(f"image_{kind}")
        values = [float(METRICS[kind]()(white, other)[0]) for other in (white, black)]
        assert low <= min(values) < max(values) <= high
    assert values[0] == pytest.approx(1.0)


def test_extreme_decisions_reach_the_range():
    right, wrong = np.array([0.5, 0, 0, 0.5]), np.array([0, 0.5, 0.5, 0])
    assert (metrics.f1_score(wrong), metrics.f1_score(right)) == limits("f1")
    x = tf.constant([-1.0, 1.0])
    means = [np.mean(metrics.moments(x, sign * x), 0) for sign in (-1, 1)]
    assert tuple(map(metrics.correlation, means)) == pytest.approx(limits("correlation"))


def test_a_metric_of_others_declares_its_range(monkeypatch):
    monkeypatch.setattr(METRICS, "_parts", dict(METRICS._parts))

    @METRICS.declare
    class Share(MetricSettings):
        """Share of bright pixels."""

        modalities = ("image",)
        limits = (0.0, 1.0)
        kind: Literal["bright_share"] = "bright_share"

        def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
            """Share [batch]."""
            return tf.reduce_mean(tf.cast(x_hat > 0.5, tf.float32), [1, 2, 3])

    assert limits("image_bright_share") == (0.0, 1.0)


def test_a_range_is_declared_once():
    assert ranged("f1", 0.0, 1.0)(len) is len
    with pytest.raises(
        ValueError, match=r"'f1' has the range \(0.0, 1.0\). Received: \(0.0, 2.0\)"
    ):
        ranged("f1", 0.0, 2.0)(len)
    assert limits("f1") == (0, 1)


def test_functions_of_means_have_a_range():
    """Every metric of decisions is a proportion, a metric of the registry, or declares a range."""
    for num_classes in (0, 2, 3):
        for name in Task(num_classes).aggregates:
            assert all(map(math.isfinite, limits(name))), name
            assert all(map(math.isfinite, limits(f"label_{name}_in_received"))), name
