# SPDX-License-Identifier: Apache-2.0
"""Your own channels: the error equals that of the original model, and the reported `no_eff`."""

from __future__ import annotations

import functools
import warnings

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom.link import OFDMLink

from . import own_channels

GRID = {"fft_size": 24, "num_tx_ant": 2, "num_rx_ant": 4}
SLOTS = 1000
SNRS_DB = (0.0, 10.0, 20.0, 30.0)
SOURCES = {
    "named": lambda: "CDL-C",
    "cir": lambda: own_channels.cir(count=1024, **GRID),
    "cir of average unit": lambda: {
        **own_channels.cir(count=1024, **GRID), "normalize": "average"
    },
    "model": lambda: own_channels.model(**GRID),
    "responses": lambda: own_channels.responses(count=1024, **GRID),
}  # fmt: skip


@functools.cache
def build(name, csi):
    """The link in a graph. It must not issue a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        link = OFDMLink(channel=SOURCES[name](), csi=csi, **GRID)
    return tf.function(link, autograph=False)


@functools.cache
def errors(name, csi, snr_db):
    """Mean squared error of each slot, and the mean error divided by `no_eff`."""
    run, found, ratios = build(name, csi), [], []
    for _ in range(SLOTS // 250):
        symbols = complex_normal([250, 576])
        received, no_eff = run(symbols, tf.constant(10 ** (-snr_db / 10)))
        squared = np.abs(received - symbols) ** 2
        found.append(np.mean(squared, axis=1))
        ratios.append(np.mean(squared / no_eff))
    return np.concatenate(found), float(np.mean(ratios))


@pytest.mark.parametrize("snr_db", SNRS_DB)
@pytest.mark.parametrize("csi", ["perfect", "ls"])
@pytest.mark.parametrize("name", SOURCES)
def test_reported_noise_is_the_error(name, csi, snr_db):
    _, ratio = errors(name, csi, snr_db)
    assert ratio == pytest.approx(1.0, abs=0.1 if snr_db == 30.0 else 0.05)


@pytest.mark.parametrize("snr_db", SNRS_DB)
@pytest.mark.parametrize("csi", ["perfect", "ls"])
@pytest.mark.parametrize("name", ["cir", "model"])
def test_cdl_as_impulse_responses_or_a_model_has_the_error_of_cdl(name, csi, snr_db):
    """Intervals are those of mean logarithms, because the errors of slots are heavy-tailed."""
    (first, _), (second, _) = errors("named", csi, snr_db), errors(name, csi, snr_db)
    first, second = np.log(first), np.log(second)
    interval = 3.0 * np.hypot(np.std(first), np.std(second)) / np.sqrt(SLOTS)
    if name == "cir":
        interval *= np.sqrt(2.0)  # its 1,024 channels are a sample themselves
    assert np.mean(first) == pytest.approx(np.mean(second), abs=interval)


def test_tiny_units_change_nothing():
    """Path gains have the scale of ray tracing, and `no` has the same unit."""
    source = {**own_channels.cir(count=1024, **GRID), "normalize": "none"}
    link = OFDMLink(channel=source, **GRID)
    ratios = []
    for unit in (1.0, 1e-12):
        h = link.channel
        link.channel = lambda num, h=h, unit=unit: tf.cast(unit**0.5, tf.complex64) * h(num)
        symbols = complex_normal([100, 576])
        received, no_eff = link(symbols, 0.01 * unit)
        link.channel = h
        ratios.append(np.mean(np.abs(received - symbols) ** 2 / no_eff))
    np.testing.assert_allclose(ratios, 1.0, atol=0.05)
