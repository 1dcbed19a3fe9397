# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.link import DownlinkSettings, UplinkSettings
from sionna_semcom.link.multiuser.channel import UserSlots, a_row_each

GRID = {"fft_size": 12, "num_ofdm_symbols": 4, "pilot_ofdm_symbol_indices": (1,), "num_users": 3}


def drawn(settings, size=200):
    return UserSlots(settings, resource_grid(settings), None)(size).numpy()


def user_energies(h, settings):
    """Mean energy of each user in each slot."""
    axis = 4 if settings.direction == "uplink" else 2
    users = np.stack(np.split(h, 3, axis=axis), 1)
    return np.mean(np.abs(users) ** 2, axis=tuple(range(2, users.ndim)))


def test_paths_of_a_user_stay_together():
    a = complex_normal([2, 1, 5, 3, 2, 4, 6])
    tau = tf.random.uniform([2, 1, 3, 4])
    up, up_tau = a_row_each(a, tau, uplink=True)
    down, down_tau = a_row_each(
        tf.transpose(a, [0, 3, 4, 1, 2, 5, 6]), tf.transpose(tau, [0, 2, 1, 3]), uplink=False
    )
    assert up.shape == [6, 1, 5, 1, 2, 4, 6]
    for drop in range(2):
        for user in range(3):
            row = 3 * drop + user
            np.testing.assert_array_equal(up[row, 0, :, 0], a[drop, 0, :, user])
            mirrored = np.swapaxes(down[row, 0, :, 0], 0, 1)
            np.testing.assert_array_equal(mirrored, a[drop, 0, :, user])
            np.testing.assert_array_equal(up_tau[row, 0, 0], tau[drop, 0, user])
            np.testing.assert_array_equal(down_tau[row, 0, 0], tau[drop, 0, user])


@pytest.mark.parametrize("kind", [UplinkSettings, DownlinkSettings])
@pytest.mark.parametrize("model", ["UMi", "CDL-C", "TDL-A"])
def test_users_have_antennas_of_their_own_and_unit_energy(kind, model):
    pool = {"pool_size": 64} if model == "UMi" else {}
    ends = {"num_tx_ant": 2, "num_rx_ant": 6}
    ends = ends if kind is UplinkSettings else {"num_tx_ant": 6, "num_rx_ant": 2}
    settings = kind(model=model, **ends, **pool, **GRID)
    h = drawn(settings)
    assert h.shape == (200, 1, 6, 1, 6, 4, 12)  # three users with two antennas each
    np.testing.assert_allclose(user_energies(h, settings), 1.0, rtol=1e-3)


def test_a_pool_of_users_is_drawn_again():
    settings = UplinkSettings(model="UMi", num_rx_ant=4, pool_size=64, **GRID)
    slots = UserSlots(settings, resource_grid(settings), None)
    before = slots.pool.numpy()
    slots.redraw()
    assert not np.any(slots.pool.numpy() == before)


def test_users_of_other_models_are_independent():
    h = drawn(UplinkSettings(model="CDL-C", num_rx_ant=4, **GRID), 400)[:, 0, 0, 0, :, 0, 0]
    correlation = np.abs(np.mean(h[:, 0] * h[:, 1].conj()))
    assert correlation < 4 / 400**0.5


def test_flat_fading_is_rayleigh_and_the_same_on_the_slot():
    h = drawn(UplinkSettings(model="flat", num_rx_ant=4, **GRID), 2000)
    assert np.ptp(np.abs(h), axis=(5, 6)).max() < 1e-6
    power = np.abs(h[..., 0, 0]) ** 2
    assert np.mean(power) == pytest.approx(1.0, abs=0.03)
    assert np.mean(power**2) == pytest.approx(2.0, abs=0.15)  # exponential distribution


def test_without_power_control_users_of_a_drop_keep_their_path_loss():
    settings = UplinkSettings(
        model="UMi", num_rx_ant=4, csi="perfect", power_control=False, pool_size=64, **GRID
    )
    energies = user_energies(drawn(settings), settings)
    np.testing.assert_allclose(energies.mean(axis=1), 1.0, rtol=1e-3)
    spread_db = np.std(10 * np.log10(energies))
    assert 5.0 < spread_db < 30.0


def test_without_power_control_other_models_have_log_normal_shadowing():
    settings = UplinkSettings(
        model="TDL-A", num_rx_ant=4, csi="perfect", power_control=False, shadowing_db=6.0, **GRID
    )
    energies = user_energies(drawn(settings, 2000), settings)
    np.testing.assert_allclose(energies.mean(axis=1), 1.0, rtol=1e-3)
    ratio_db = 10 * np.log10(energies[:, 0] / energies[:, 1])
    assert np.std(ratio_db) == pytest.approx(6.0 * 2**0.5, rel=0.06)
