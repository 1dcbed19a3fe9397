# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import j0

from sionna_semcom.channel.sources.slot_sequence import SlotSequence
from sionna_semcom.link import OFDMLink, RetransmissionLink

SLOTS = 2400
GRID = {"num_tx_ant": 1, "fft_size": 12, "num_ofdm_symbols": 14, "csi": "perfect"}


def sequence(gap, number=2, normalize="average", **settings):
    link = OFDMLink(**{**GRID, "num_rx_ant": 2, **settings})
    known = link.settings, link.resource_grid, link.channel, link.source
    return link, SlotSequence(*known, number, gap, normalize)


def correlation(first, second):
    return np.mean(first * second.conj()) / np.mean(np.abs(first) ** 2)


@pytest.mark.parametrize("gap", [1, 3, 8])
@pytest.mark.parametrize("model", ["TDL-B", "CDL-C"])
def test_slots_are_as_correlated_as_the_doppler_shifts_say(model, gap):
    """J0 between slots of Jakes' model; J0 squared at half the shift for Sionna's 3D velocities."""
    link, slots = sequence(gap, model=model, speed=25.0)
    h = slots(SLOTS).numpy()[..., 0]
    first, second = h[: SLOTS // 2], h[SLOTS // 2 :]
    doppler = 25.0 * 3.5e9 / 299_792_458
    for later in (0, 7, 13):
        age = (14 * gap + later) * float(link.resource_grid.ofdm_symbol_duration)
        expected = j0(2 * np.pi * doppler * age)
        if model == "CDL-C":
            expected = j0(np.pi * doppler * age) ** 2
        found = correlation(first[..., 0], second[..., later])
        assert found.real == pytest.approx(expected, abs=0.1)
        assert found.imag == pytest.approx(0.0, abs=0.1)


def test_three_slots_follow_each_other():
    link, slots = sequence(2, number=3, model="TDL-A", speed=20.0, delay_spread=0.0)
    first, second, third = np.split(slots(3 * SLOTS).numpy()[..., 0, 0], 3)
    near = correlation(first, second), correlation(second, third)
    assert near[0].real == pytest.approx(near[1].real, abs=0.1)
    age = 4 * 14 * float(link.resource_grid.ofdm_symbol_duration)
    far = j0(2 * np.pi * 20.0 * 3.5e9 / 299_792_458 * age)
    assert correlation(first, third).real == pytest.approx(far, abs=0.1)


@pytest.mark.parametrize("model", ["TDL-A", "CDL-A"])
def test_energy_is_one_on_average_or_in_every_slot(model):
    for normalize in ("average", "slot"):
        _, slots = sequence(2, normalize=normalize, model=model)
        energy = np.mean(np.abs(slots(SLOTS)) ** 2, axis=(1, 2, 3, 4, 5, 6))
        assert energy.mean() == pytest.approx(1.0, abs=0.08)
        assert (energy.std() > 0.3) == (normalize == "average")


def test_users_of_a_pool_have_sequences_of_their_own():
    _, slots = sequence(4, model="UMi", pool_size=64, speed=1.0)
    h = slots(10).numpy()
    assert h.shape == (10, 1, 2, 1, 1, 14, 12)
    assert abs(correlation(h[:5], h[5:])) > 0.5
    before = slots(2).numpy()
    slots.redraw()
    assert not np.isin(slots(64).numpy()[..., 0, 0], before[..., 0, 0]).any()


def test_any_number_of_slots_can_be_drawn():
    _, slots = sequence(2, model="TDL-A")
    drawn = tf.function(slots, input_signature=[tf.TensorSpec([], tf.int32)], autograph=False)
    assert [drawn(tf.constant(number)).shape[0] for number in (1, 2, 5)] == [1, 2, 5]


def test_a_sequence_has_no_paths():
    _, slots = sequence(1)
    with pytest.raises(ValueError, match=r"paths are taken from .* a pool or a file.*=None"):
        slots.paths(4)


@pytest.mark.parametrize("normalize", ["average", "slot"])
def test_the_slots_of_a_pool_are_those_that_are_drawn(normalize):
    _, slots = sequence(3, number=3, normalize=normalize, model="CDL-C", pool_size=7, speed=9.0)
    pool = slots.pool.numpy()
    assert slots.num_kept == len(pool) == 21
    for first, second, third in zip(*np.split(slots(30).numpy(), 3), strict=True):
        (row,) = np.nonzero([np.array_equal(one, first) for one in pool[:7]])[0]
        np.testing.assert_array_equal(second, pool[7 + row])
        np.testing.assert_array_equal(third, pool[14 + row])
    rows = np.array([20, 3, 11, 3], np.int32)
    np.testing.assert_array_equal(slots.kept(tf.constant(rows)), pool[rows])
    fresh = slots.fresh(5).numpy()
    assert fresh.shape == (5, *pool.shape[1:])
    assert not np.isin(fresh[..., 0, 0], pool[..., 0, 0]).any()
    np.testing.assert_array_equal(slots.pool, pool)


def test_sequences_that_are_drawn_anew_are_in_no_pool():
    _, slots = sequence(2, model="TDL-A")
    assert slots.pool is None
    assert slots.num_kept is None
    with pytest.raises(ValueError, match="Received: num_kept=None"):
        slots.kept(tf.constant([0]))
    assert slots.fresh(5).shape[0] == 5


def test_a_link_with_retransmissions_shows_the_pool_of_its_slots():
    link = RetransmissionLink(
        {"kind": "ofdm", **GRID, "num_rx_ant": 2, "model": "UMi", "pool_size": 16}, gap=2
    )
    assert link.link.channel.pool.shape == (16 * link.num_transmissions, 1, 2, 1, 1, 14, 12)
