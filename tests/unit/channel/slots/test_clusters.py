# SPDX-License-Identifier: Apache-2.0
"""Paths from tables equal those of Sionna."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import ApplyOFDMChannel
from sionna.phy.channel.tr38901 import CDL, AntennaArray

from sionna_semcom._seeding import reseed
from sionna_semcom.channel.slots.channel import channel_model, received
from sionna_semcom.channel.slots.clusters import ClusterPaths, array_response, unit_vectors
from sionna_semcom.link.ofdm import OFDMSettings

STEPS = 5, 14, 14e3


def sionnas(model):
    """Coefficients [batch, paths, rx, tx, time] and delays."""
    reseed("paths")
    a, delays = model(*STEPS)
    return a.numpy()[:, 0, :, 0].transpose(0, 3, 1, 2, 4), delays.numpy()[0, 0, 0]


@pytest.mark.parametrize("direction", ["uplink", "downlink"])
@pytest.mark.parametrize("profile", "ABCDE")
@pytest.mark.parametrize("antennas", [(2, 4), (3, 2), (1, 1)])
def test_paths_are_those_of_sionna(profile, direction, antennas):
    tx, rx = antennas
    model = channel_model(
        OFDMSettings(
            model=f"CDL-{profile}", direction=direction, num_tx_ant=tx, num_rx_ant=rx,
            num_streams=1, speed=30.0,
        )
    )  # fmt: skip
    expected, delays = sionnas(model)
    paths = ClusterPaths(model)
    reseed("paths")
    got = paths(*STEPS).numpy()
    np.testing.assert_allclose(got, expected, atol=2e-6 * np.abs(expected).max())
    np.testing.assert_allclose(paths.delays, delays, rtol=1e-6)


def test_double_precision_and_speeds_in_a_range():
    array = AntennaArray(1, 2, "dual", "cross", "38.901", 3.5e9, precision="double")
    model = CDL(
        "D", 1e-7, 3.5e9, array, array, "downlink", min_speed=1.0, max_speed=40.0,
        precision="double",
    )  # fmt: skip
    expected, _ = sionnas(model)
    reseed("paths")
    got = ClusterPaths(model, "double")(*STEPS).numpy()
    assert got.dtype == complex
    np.testing.assert_allclose(got, expected, atol=1e-6 * np.abs(expected).max())


def test_graphs_draw_for_a_number_that_is_not_known(compiled):
    model = channel_model(OFDMSettings(model="CDL-C"))
    paths = ClusterPaths(model)
    draw = compiled(lambda: paths(3, *STEPS[1:]))
    assert draw().shape == (3, 24, 4, 2, 14)
    if not isinstance(draw, tf.types.experimental.PolymorphicFunction):
        return
    draw = tf.function(lambda count: paths(count, *STEPS[1:]), autograph=False)
    assert draw(tf.constant(7)).shape == (7, 24, 4, 2, 14)


def test_a_row_of_antennas_sees_the_phases_of_its_positions():
    array = AntennaArray(1, 4, "single", "V", "omni", 3e9)
    zenith, azimuth = np.array([0.3, np.pi / 2]), np.array([0.7, -2.0])
    response = array_response(array, 0.4, 0.1, zenith, azimuth)
    np.testing.assert_allclose(response[..., 1], 0.0, atol=1e-7)
    # half a wavelength apart along y, as the array is turned by 0.4
    steps = response[:, 1:, 0] / response[:, :-1, 0]
    spacing = np.diff(array.ant_pos.numpy()[:, 1]) / 0.1
    across = unit_vectors(zenith, azimuth - 0.4)[:, 1]
    np.testing.assert_allclose(steps, np.exp(2j * np.pi * np.outer(across, spacing)), atol=1e-5)


def test_what_is_received_is_what_sionna_gives():
    rng = np.random.default_rng(1)
    x = tf.constant(rng.standard_normal([3, 1, 2, 4, 6, 2]) @ [1, 1j], tf.complex64)
    h = tf.constant(rng.standard_normal([3, 1, 5, 1, 2, 4, 6, 2]) @ [1, 1j], tf.complex64)
    np.testing.assert_allclose(received(x, h), ApplyOFDMChannel()(x, h), atol=1e-5)
