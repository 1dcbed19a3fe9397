# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import RZFPrecoder

from sionna_semcom._seeding import set_seed
from sionna_semcom.channel.slots.budgeted import BudgetedSlots
from sionna_semcom.channel.slots.channel import SlotChannel
from sionna_semcom.channel.slots.link_budget import LinkBudget
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.link.ofdm import OFDMSettings
from sionna_semcom.link.ofdm.precoding import (
    PrecodedChannel,
    rzf_matrix,
    spread_antennas,
    stream_powers,
)

SLOTS, SYMBOLS, CARRIERS = 3, 2, 4
GRID = {"num_ofdm_symbols": SYMBOLS, "fft_size": CARRIERS, "cyclic_prefix_length": 4}


def settings(**changes):
    pilots = {"pilot_ofdm_symbol_indices": (0,), "csi": "perfect"}
    return OFDMSettings(**GRID | pilots | changes)


def normal(*shape):
    real, imaginary = tf.random.normal([2, *shape])
    return tf.complex(real, imaginary)


def matrices(h):
    return np.transpose(h[:, 0, :, 0], [0, 3, 4, 1, 2])


@pytest.mark.parametrize("precoding", ["rzf", "svd"])
@pytest.mark.parametrize("no", [0.0, 0.1, 10.0])
def test_total_power_is_one_and_equal_for_every_stream(precoding, no):
    precode = PrecodedChannel(settings(precoding=precoding, num_tx_ant=4, num_rx_ant=2))
    g = precode.matrix(normal(SLOTS, SYMBOLS, CARRIERS, 2, 4), tf.constant(no))
    np.testing.assert_allclose(tf.reduce_sum(tf.abs(g) ** 2, axis=-2), 0.5, rtol=1e-4)


@pytest.mark.parametrize(
    ("antennas", "streams", "expected"), [(4, 2, [0, 2]), (2, 2, [0, 1]), (5, 3, [0, 1, 3])]
)
def test_without_precoding_streams_leave_from_spread_antennas(antennas, streams, expected):
    assert spread_antennas(antennas, streams) == expected
    h = normal(SLOTS, 1, 5, 1, antennas, SYMBOLS, 6)
    changes = {"num_tx_ant": antennas, "num_rx_ant": 5, "num_streams": streams, "fft_size": 6}
    precoded = PrecodedChannel(settings(**changes))(h, tf.constant(0.1))
    np.testing.assert_allclose(precoded, h.numpy()[:, :, :, :, expected] / streams**0.5)


def test_eigenmodes_of_an_element_carry_its_singular_values():
    h = normal(SLOTS, 1, 3, 1, 4, SYMBOLS, CARRIERS)
    precode = PrecodedChannel(settings(precoding="svd", num_tx_ant=4, num_rx_ant=3, num_streams=2))
    precoded = matrices(precode(h, tf.constant(0.1)).numpy())
    gram = precoded.conj().swapaxes(-1, -2) @ precoded
    strongest = np.linalg.svd(matrices(h.numpy()), compute_uv=False)[..., :2]
    np.testing.assert_allclose(gram, np.eye(2) * strongest[..., np.newaxis] ** 2 / 2, atol=1e-4)


def test_eigenmodes_of_a_slot_are_those_of_the_average_covariance():
    h = normal(SLOTS, SYMBOLS, CARRIERS, 3, 4)
    changes = {"num_tx_ant": 4, "num_rx_ant": 3, "num_streams": 2}
    precode = PrecodedChannel(settings(precoding="svd", precoding_granularity="slot", **changes))
    g = precode.matrix(h, tf.constant(0.1))
    assert g.shape == (SLOTS, 1, 1, 4, 2)
    covariance = np.mean(h.numpy().conj().swapaxes(-1, -2) @ h.numpy(), axis=(1, 2))
    values = np.linalg.eigvalsh(covariance)[:, ::-1]
    g = g.numpy()[:, 0, 0]
    np.testing.assert_allclose(covariance @ g, g * values[:, np.newaxis, :2], atol=1e-4)


def test_rzf_is_sionnas_with_the_regularization_of_the_total_power():
    no, streams = 0.2, 2
    chosen = settings(precoding="rzf", num_tx_ant=4, num_rx_ant=streams)
    h = normal(SLOTS, 1, streams, 1, 4, SYMBOLS, CARRIERS)
    grid, management = resource_grid(chosen), StreamManagement(np.array([[1]]), streams)
    sionna = RZFPrecoder(grid, management, return_effective_channel=True)
    _, expected = sionna(normal(SLOTS, 1, streams, SYMBOLS, CARRIERS), h, alpha=streams * no)
    precoded = PrecodedChannel(chosen)(h, tf.constant(no))
    np.testing.assert_allclose(precoded, expected.numpy() / streams**0.5, atol=1e-5)


def test_rzf_inverts_the_channel_without_noise():
    h = normal(20, 2, 4)
    product = (h @ rzf_matrix(h, tf.zeros([20]))).numpy()
    off_diagonal = product * (1 - np.eye(2))
    assert np.abs(off_diagonal).max() < 1e-4 < np.abs(np.einsum("bkk->bk", product)).min()


def test_noise_of_each_slot_regularizes_its_precoder():
    h = tf.repeat(normal(1, SYMBOLS, CARRIERS, 2, 4), 2, axis=0)
    precode = PrecodedChannel(settings(precoding="rzf", num_tx_ant=4, num_rx_ant=2))
    both = precode.matrix(h, tf.constant([0.1, 3.0]))
    for slot, no in enumerate([0.1, 3.0]):
        np.testing.assert_allclose(both[slot], precode.matrix(h, tf.constant(no))[slot], atol=1e-5)


@pytest.mark.parametrize(
    ("precoding", "streams"), [("none", 2), ("none", 4), ("svd", 2), ("rzf", 4)]
)
def test_what_antennas_send_arrives_as_the_precoded_channel_says(precoding, streams):
    precode = PrecodedChannel(
        settings(precoding=precoding, num_tx_ant=4, num_rx_ant=4, num_streams=streams)
    )
    h, x = (
        normal(SLOTS, 1, 4, 1, 4, SYMBOLS, CARRIERS),
        normal(SLOTS, 1, streams, SYMBOLS, CARRIERS),
    )
    sent = precode.spread(x, h, tf.constant(0.1))
    assert sent.shape == (SLOTS, 1, 4, SYMBOLS, CARRIERS)
    arrives = matrices(h) @ np.transpose(sent[:, 0], [0, 2, 3, 1])[..., np.newaxis]
    expected = (
        matrices(precode(h, tf.constant(0.1)))
        @ np.transpose(x[:, 0], [0, 2, 3, 1])[..., np.newaxis]
    )
    np.testing.assert_allclose(arrives, expected, atol=1e-4)


@pytest.mark.parametrize(("precoding", "expected"), [("none", [0.5, 0.5]), ("svd", [4.5, 0.5])])
def test_powers_of_streams_are_those_of_the_modes(precoding, expected):
    """The channel has the singular values three and one."""
    precode = PrecodedChannel(settings(precoding=precoding, num_tx_ant=2, num_rx_ant=2))

    def channel(num_slots):
        h = tf.reshape(tf.constant([[3.0, 0.0], [0.0, 1.0]], tf.complex64), [1, 1, 2, 1, 2, 1, 1])
        return tf.tile(h, [num_slots, 1, 1, 1, 1, SYMBOLS, CARRIERS])

    powers = stream_powers(precode, channel)
    per_antenna = np.array(expected) / (1.0 if precoding == "none" else 2.0)
    np.testing.assert_allclose(powers, per_antenna, rtol=1e-5)


def test_powers_of_streams_do_not_depend_on_path_loss():
    """Drops of a link budget differ by tens of decibels, but statistics refer to unit energy."""
    one = settings(model="UMi", pool_size=64, precoding="svd", num_tx_ant=4, num_rx_ant=2)
    budget = one.model_copy(update={"link_budget": LinkBudget()})
    grid, precode = resource_grid(one), PrecodedChannel(one)
    set_seed("plain")
    plain = stream_powers(precode, SlotChannel(one, grid))
    set_seed("budget")
    slots = BudgetedSlots(SlotChannel(budget, grid), budget, grid)
    powers = stream_powers(precode, slots)
    assert 0.5 < np.mean(powers / plain) < 2.0
    assert powers.sum() == pytest.approx(plain.sum(), rel=0.3)
