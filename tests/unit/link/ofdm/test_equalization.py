# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.mimo import StreamManagement, lmmse_equalizer, mf_equalizer, zf_equalizer
from sionna.phy.ofdm import OFDMEqualizer

from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.link.ofdm import OFDMSettings
from sionna_semcom.link.ofdm.equalization import (
    SlotEqualizer,
    diagonal_lmmse_equalizer,
    error_matrix,
)


def problem(no, num_rx_ant=4, num_streams=2):
    rng = np.random.default_rng(1)

    def normal(*shape):
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / 2**0.5

    noise = no * rng.uniform(0.5, 2.0, [50, num_rx_ant])
    return normal(50, num_rx_ant), normal(50, num_rx_ant, num_streams), noise


def single(y, h, noise):
    """Signals and channels in single precision."""
    return tf.constant(y, tf.complex64), tf.constant(h, tf.complex64), tf.constant(noise, "float32")


@pytest.mark.parametrize(
    ("no", "num_rx_ant", "num_streams"),
    [(100.0, 4, 2), (1.0, 2, 2), (0.01, 4, 2), (0.01, 4, 1), (1.0, 1, 1), (0.1, 4, 3)],
)
def test_equals_sionnas_equalizer(compiled, no, num_rx_ant, num_streams):
    y, h, noise = problem(no, num_rx_ant, num_streams)
    covariance = np.eye(num_rx_ant) * noise[:, np.newaxis]
    expected = lmmse_equalizer(y, h, covariance, precision="double")
    found = compiled(diagonal_lmmse_equalizer)(*single(y, h, noise))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=3e-4)


@pytest.mark.parametrize("equalizer", ["lmmse", "zf", "mf"])
@pytest.mark.parametrize(
    "changes",
    [{}, {"pilot_ofdm_symbol_indices": (), "csi": "perfect"}, {"num_streams": 3, "num_tx_ant": 3}],
)
def test_slots_are_equalized_as_by_sionna(equalizer, changes):
    grid = {"fft_size": 15, "num_ofdm_symbols": 4, "pilot_ofdm_symbol_indices": (1,)}
    settings = OFDMSettings(
        **{**grid, "num_guard_carriers": (1, 1), "dc_null": True, "equalizer": equalizer, **changes}
    )
    slot, streams = resource_grid(settings), settings.streams
    rng, sizes = np.random.default_rng(3), (5, 1, 4, 1, streams, 4, 12)
    draw = [
        rng.standard_normal((*sizes, 2)) @ [1, 1j],
        rng.standard_normal((5, 1, 4, 4, 15, 2)) @ [1, 1j],
    ]
    h, y = (tf.constant(part, tf.complex128) for part in draw)
    functions = {"lmmse": lmmse_equalizer, "zf": zf_equalizer, "mf": mf_equalizer}
    management = StreamManagement(np.array([[1]]), streams)
    function = functools.partial(functions[equalizer], precision="double")
    theirs = OFDMEqualizer(function, slot, management, precision="double")
    for shape in (
        (),
        (5, 1, 1, 1, streams, 4, 12),
        (1, 1, 1, 1, streams, 4, 1),
        (5, 1, 4, 1, 1, 1, 12),
    ):
        errors = tf.constant(rng.uniform(0.1, 0.5, shape))
        for no in (0.3, tf.constant(rng.uniform(0.1, 1.0, 5))):
            no = tf.constant(no, tf.float64)
            expected = theirs(y, h, errors, no)
            got = SlotEqualizer(settings, slot)(y, h, errors, no)
            for ours, wanted in zip(got, expected, strict=True):
                np.testing.assert_allclose(ours, wanted[:, 0], rtol=1e-6)


def test_noise_left_keeps_its_precision_at_60_db():
    y, h, noise = problem(1e-6 / 0.5)
    expected = lmmse_equalizer(y, h, np.eye(4) * noise[:, np.newaxis], precision="double")[1]
    got = diagonal_lmmse_equalizer(*single(y, h, noise))[1]
    np.testing.assert_allclose(got, expected, rtol=1e-3)


def test_noiseless_symbols_come_back():
    _, h, _ = problem(1.0)
    x = tf.ones([50, 2], tf.complex64)
    h = tf.constant(h, tf.complex64)
    got, no_eff = diagonal_lmmse_equalizer(tf.linalg.matvec(h, x), h, tf.zeros([50, 4]))
    np.testing.assert_allclose(got, x, atol=1e-4)
    assert 0.0 < np.max(no_eff) < 1e-4


def test_a_stream_without_a_channel_is_finite_and_worthless():
    y, h, noise = single(*problem(0.1))
    x_hat, no_eff = diagonal_lmmse_equalizer(y, h * [1.0, 0.0], noise)
    assert np.isfinite(x_hat).all() and np.isfinite(no_eff).all()
    assert np.min(no_eff[:, 1]) > 1e6 > np.max(no_eff[:, 0])


@pytest.mark.parametrize("no", [1.0, 1e-6])
def test_streams_that_share_one_channel_are_finite_and_indistinguishable(no):
    y, h, noise = single(*problem(no))
    x_hat, no_eff = diagonal_lmmse_equalizer(y, tf.repeat(h[..., :1], 2, axis=-1), noise)
    assert np.isfinite(x_hat).all()
    np.testing.assert_allclose(no_eff[:, 0], no_eff[:, 1], rtol=1e-5)
    assert np.min(no_eff) > 0.5  # power of the other stream, within rounding errors


@pytest.mark.parametrize("num_streams", [1, 2, 3])
def test_error_matrix_inverts(num_streams):
    _, h, _ = problem(1.0, 4, num_streams)
    gram = np.conj(np.swapaxes(h, -1, -2)) @ h
    expected = np.linalg.inv(gram + np.eye(num_streams))
    got = error_matrix(tf.constant(gram, tf.complex64))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)
