# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.ofdm import ResourceGrid, ResourceGridMapper
from sionna.phy.utils import complex_normal

from sionna_semcom.channel.slots.channel import received
from sionna_semcom.link.estimation.slot_signs import SlotSigns, sent_pilots


def grid(streams=2, symbols=(2, 11), **settings):
    return ResourceGrid(
        14, 24, 30e3, num_streams_per_tx=streams, pilot_pattern="kronecker",
        pilot_ofdm_symbol_indices=list(symbols), **settings,
    )  # fmt: skip


def test_pilots_are_those_that_are_sent():
    resource_grid = grid(num_guard_carriers=(2, 2))
    data = tf.zeros([1, 1, 2, int(resource_grid.num_data_symbols)], tf.complex64)
    sent = ResourceGridMapper(resource_grid)(data)[0, 0]
    np.testing.assert_allclose(
        sent_pilots(resource_grid.pilot_pattern), sent[:, :, 2:-2], rtol=1e-6
    )


@pytest.mark.parametrize("guards", [(0, 0), (1, 3)])
def test_signs_are_the_powers_that_numpy_finds(guards):
    resource_grid = grid(num_guard_carriers=guards)
    used = slice(guards[0], 24 - guards[1])
    size = 24 - sum(guards)
    h_hat = complex_normal([3, 1, 4, 1, 2, 14, size])
    y = complex_normal([3, 1, 4, 14, 24])
    no = np.array([0.5, 0.1, 2.0], np.float32)
    found = SlotSigns(resource_grid)(y, h_hat, tf.constant(no)).numpy()
    h, pilots = h_hat.numpy()[:, 0, :, 0], sent_pilots(resource_grid.pilot_pattern)
    rest = y.numpy()[:, 0, :, :, used] - np.einsum("brstf,stf->brtf", h, pilots)
    misfit = np.mean(np.abs(rest[:, :, [2, 11]]) ** 2, axis=(1, 2, 3))
    change = np.mean(np.abs(h[:, :, :, 11] - h[:, :, :, 2]) ** 2, axis=(1, 2, 3))
    bend = h[..., 2:-2] - 0.5 * (h[..., :-4] + h[..., 4:])
    curvature = np.mean(np.abs(bend) ** 2, axis=(1, 2, 3, 4))
    expected = np.log(np.stack([misfit / no + 1e-3, change / no + 1, curvature / no + 1], 1))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_a_perfect_estimate_of_a_flat_channel_shows_nothing():
    resource_grid = grid()
    h = complex_normal([2, 1, 4, 1, 2, 1, 1]) * tf.ones([1, 1, 1, 1, 1, 14, 24], tf.complex64)
    pilots = tf.constant(sent_pilots(resource_grid.pilot_pattern), tf.complex64)
    y = received(pilots[tf.newaxis, tf.newaxis] * tf.ones([2, 1, 1, 1, 1], tf.complex64), h)
    found = SlotSigns(resource_grid)(y, h, tf.constant(0.01))
    np.testing.assert_allclose(found, [[np.log(1e-3), 0.0, 0.0]] * 2, atol=1e-3)


def test_one_pilot_symbol_shows_no_change():
    found = SlotSigns(grid(streams=1, symbols=(3,)))(
        complex_normal([2, 1, 1, 14, 24]), complex_normal([2, 1, 1, 1, 1, 14, 24]), tf.constant(0.1)
    )
    np.testing.assert_array_equal(found[:, 1], 0.0)
    assert np.all(found.numpy()[:, 2] > 0.5)
