# SPDX-License-Identifier: Apache-2.0
"""The reported noise power of a link equals its error within 6 %, or the link issues a warning."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom.link import OFDMLink

GRID = {"fft_size": 24, "num_tx_ant": 2, "num_rx_ant": 4}


def build(**settings):
    """The link, and whether it issued a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        link = OFDMLink(**GRID | settings)
    assert len(caught) <= 1
    return link, [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "CDL-B", "interpolation": "nn", "speed": 0.0, "delay_spread": 30e-9},
        {"model": "CDL-B", "interpolation": "lmmse"},
        {"model": "CDL-C"},
        {"model": "CDL-C", "equalizer": "zf"},
        {"model": "TDL-C", "interpolation": "lin_time_avg"},
        {"model": "CDL-E", "csi": "perfect", "speed": 100.0},
    ],
)
def test_reported_noise_is_the_error_where_the_link_does_not_warn(settings):
    link, messages = build(**settings)
    assert not messages
    symbols = complex_normal([160, 576])  # a slot each
    run = tf.function(link, autograph=False)
    for snr_db in (5.0, 30.0):
        received, no_eff = run(symbols, tf.constant(10 ** (-snr_db / 10)))
        ratio = np.mean(np.abs(received - symbols) ** 2 / no_eff)
        assert ratio == pytest.approx(1.0, abs=0.06), f"at {snr_db} dB"


slow = pytest.mark.slow
SVD = {"precoding": "svd", "direction": "downlink", "num_tx_ant": 4, "num_rx_ant": 2}


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "CDL-D", "interpolation": "lin", "delay_spread": 30e-9},
        pytest.param({"model": "CDL-A"}, marks=slow),
        pytest.param(SVD, marks=slow),
        pytest.param({"model": "CDL-C", "num_rx_ant": 8, "num_streams": 1}, marks=slow),
        pytest.param({"model": "CDL-B", "subcarrier_spacing": 15e3, "speed": 33.0}, marks=slow),
        pytest.param({"model": "CDL-C", "interpolation": "nn", "speed": 33.0}, marks=slow),
        pytest.param({"model": "TDL-A", "interpolation": "nn", "speed": 33.0}, marks=slow),
        pytest.param({"model": "CDL-E", "interpolation": "lmmse", "speed": 33.0}, marks=slow),
        pytest.param({"model": "UMi", "interpolation": "nn", "speed": 33.0}, marks=slow),
    ],
)
def test_reported_noise_is_learned_where_statistics_do_not_suffice(settings):
    link, messages = build(**settings)
    assert not messages
    run = tf.function(link, autograph=False)
    for snr_db, tolerance in ((5.0, 0.05), (25.0, 0.1)):  # between the SNRs of the calibration
        ratios = []
        for _ in range(4):
            symbols = complex_normal([256, 288 * link.settings.streams])
            received, no_eff = run(symbols, tf.constant(10 ** (-snr_db / 10)))
            ratios.append(np.mean(np.abs(received - symbols) ** 2 / no_eff))
        assert np.mean(ratios) == pytest.approx(1.0, abs=tolerance), f"at {snr_db} dB"


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "TDL-C", "statistics": "none"},
        {"precoding": "rzf", "num_tx_ant": 4, "num_rx_ant": 2},
    ],
)
def test_a_link_whose_reported_noise_may_be_off_warns_once(settings):
    _, messages = build(**settings)
    (message,) = messages
    assert message.startswith("`no_eff` may differ from the error by more than 6 %")
    assert "without `statistics`" in message
    assert "\n" not in message


def test_known_covariances_improve_on_none_at_speed():
    """The time covariance of CDL is that of velocities in all directions."""
    symbols, errors = complex_normal([160, 576]), {}
    for statistics in ("known", "none"):
        link, _ = build(interpolation="nn", speed=33.0, statistics=statistics)
        received, no_eff = link(symbols, 0.01)
        errors[statistics] = float(np.mean(np.abs(received - symbols) ** 2))
        if statistics == "known":
            ratio = np.mean(np.abs(received - symbols) ** 2 / no_eff)
            assert 0.94 < ratio < 1.25  # it was 0.83 with velocities in the horizontal plane
    assert errors["known"] < 1.1 * errors["none"]
