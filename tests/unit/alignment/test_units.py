# SPDX-License-Identifier: Apache-2.0
"""Aligners support channels in any unit, and reject invalid noise powers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom._seeding import set_seed
from sionna_semcom.alignment import (
    ADMMAligner,
    ComplexAligner,
    EigenbasisAligner,
    FeatureAligner,
    LinearAligner,
)

from .problems import channels, pilots, statistics

POWERS = [3e-13, 1e13, 1e-25]

ALIGNERS = {
    "widely linear": lambda: LinearAligner().fit_statistics(statistics()),
    "complex-linear": lambda: LinearAligner("complex_linear").fit_statistics(statistics()),
    "per element": lambda: LinearAligner(allocation="per_element").fit_statistics(statistics()),
    "first": lambda: FeatureAligner("first").fit_statistics(statistics()),
    "top": lambda: FeatureAligner("top").fit_statistics(statistics(), pilots()[0]),
    "eigen": lambda: FeatureAligner("eigen").fit_statistics(statistics()),
    "admm": lambda: ADMMAligner().fit_statistics(statistics()),
    "eigenbasis": lambda: EigenbasisAligner(statistics(), 2, 2, (16,), (16,)),
}


def received(aligner, h, no, error):
    set_seed("design")
    tx = tf.constant(np.broadcast_to(pilots(count=6)[0], (5, 6, 12)), tf.float32)
    pair = aligner.design(h, no, error)
    x = tf.cast(pair.precode(tx), h.dtype)
    power = np.mean(np.sum(np.abs(x) ** 2, (-2, -1)))
    return pair.decode(tf.linalg.matvec(h[:, tf.newaxis], x)).numpy(), power


@pytest.mark.parametrize("no", [0.1, 0.0])
@pytest.mark.parametrize("kind", ALIGNERS)
def test_the_unit_of_the_channel_changes_nothing(kind, no):
    aligner, h = ALIGNERS[kind](), channels(5, 2, 3, 2, dtype=tf.complex64)
    error = 0.05 if kind in ("widely linear", "eigenbasis") and no else 0.0
    expected, power = received(aligner, h, no, error)
    assert np.all(np.isfinite(expected))
    for unit in POWERS:
        got, used = received(aligner, tf.cast(unit**0.5, h.dtype) * h, no * unit, error * unit)
        np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3 * np.std(expected))
        assert used == pytest.approx(power, rel=1e-3)


@pytest.mark.parametrize("kind", ["first", "eigen"])
def test_the_unit_of_the_latents_changes_nothing(kind):
    """Features with a variance of 1e-32 are also scaled to unit power."""
    from sionna_semcom.alignment import PilotStatistics

    tx, rx = pilots()
    h, unit = channels(5, 2, 3, 2, dtype=tf.complex128), 1e-16
    pairs = [
        FeatureAligner(kind).fit_statistics(PilotStatistics.of(scale * tx, rx)).design(h, 0.1)
        for scale in (1.0, unit)
    ]
    expected = pairs[0].precode(tf.constant(tx[np.newaxis, :6].repeat(5, 0)))
    got = pairs[1].precode(tf.constant(unit * tx[np.newaxis, :6].repeat(5, 0)))
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


def test_weak_outputs_of_a_network_are_sent_with_the_power_of_all():
    aligner = ComplexAligner(statistics(), 2, 3, 4)
    for part in aligner.precoder[1].kernel:
        part.assign(1e-14 * part)
    tx = tf.constant(pilots(count=6)[0], tf.float32)
    power = np.sum(np.abs(aligner.precode(tx)) ** 2, (-2, -1))
    np.testing.assert_allclose(power, 2.0, rtol=1e-5)


@pytest.mark.parametrize("no", [np.nan, -0.1, np.inf], ids=str)
@pytest.mark.parametrize("kind", ALIGNERS)
def test_noise_powers_and_channels_that_are_none_are_refused(kind, no):
    aligner: Any = ALIGNERS[kind]()
    h = channels(5, 2, 3, 2, dtype=tf.complex64)
    with pytest.raises(ValueError, match="`no` must be real, finite and not negative"):
        aligner.design(h, no)
    with pytest.raises(ValueError, match=r"`h` must be finite. Received: .nan"):
        aligner.design(h * np.nan, 0.1)
