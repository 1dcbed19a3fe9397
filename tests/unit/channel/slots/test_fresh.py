# SPDX-License-Identifier: Apache-2.0
"""Slots that no pool holds."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel.tr38901 import TDL

from sionna_semcom.channel.slots.budgeted import seen_drops, unseen_drops
from sionna_semcom.link import OFDMLink

GRID = {"num_tx_ant": 1, "num_rx_ant": 2, "fft_size": 12, "csi": "perfect"}


def own_model():
    return TDL("A", 100e-9, 3.5e9, num_rx_ant=2, num_tx_ant=1)


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "UMi", "pool_size": 70},
        {"model": "CDL-C", "pool_size": 70},
        {"model": "UMi", "pool_size": 70, "link_budget": {}},
        {"channel": own_model, "pool_size": 70},
        {"model": "TDL-A", "pool_size": 70, "domain": "time"},
        {"channel": own_model, "pool_size": 70, "domain": "time"},
    ],
)
def test_fresh_slots_are_others_and_leave_the_pool_as_it_is(settings):
    if "channel" in settings:
        settings = settings | {"channel": settings["channel"]()}
    link = OFDMLink(**GRID | settings)
    before, floor = link.channel.pool.numpy(), link.interference_floor_db
    fresh = link.channel.fresh(65).numpy()
    assert fresh.shape == (65, *before.shape[1:])
    assert not np.isin(fresh[..., 0, 0], before[..., 0, 0]).any()
    np.testing.assert_array_equal(link.channel.pool, before)
    assert link.interference_floor_db == floor
    ratio = np.mean(np.abs(fresh) ** 2) / np.mean(np.abs(before) ** 2)
    assert "link_budget" in settings or ratio == pytest.approx(1.0, abs=0.3)


def test_a_channel_without_a_pool_draws_fresh_slots_anyway():
    assert OFDMLink(**GRID, model="TDL-A").channel.fresh(70).shape[0] == 70


def test_what_is_unseen_has_unit_energy_and_is_always_the_same():
    link = OFDMLink(**GRID, model="CDL-C", pool_size=8)
    state = tf.concat([one.h for one in unseen_drops(link.channel)], 0).numpy()
    assert len(state) == 1024
    np.testing.assert_allclose(np.mean(np.abs(state) ** 2, (1, 2, 3, 4, 5, 6)), 1.0, rtol=1e-4)
    again = tf.concat([one.h for one in unseen_drops(link.channel)], 0)
    np.testing.assert_array_equal(again, state)


@pytest.mark.parametrize(("pool_size", "most"), [(70, 1024), (None, 512)])
def test_fewer_slots_are_seen_if_fewer_are_wanted(pool_size, most):
    link = OFDMLink(**GRID, model="TDL-A", pool_size=pool_size)
    sizes = {wanted: [len(one.h) for one in unseen_drops(link.channel, wanted)]
             for wanted in (1024, 80)}  # fmt: skip
    assert (sum(sizes[1024]), sum(sizes[80])) == (most, 80 * most // 1024)
    assert max(sizes[1024]) == 64


def test_drops_that_are_seen_are_those_of_the_pool_with_what_interferes():
    budget = {"interferers": {"num": 1}}
    link = OFDMLink(**GRID, model="UMi", pool_size=70, link_budget=budget)
    drops = seen_drops(link.channel)
    assert [len(one.h) for one in drops] == [64, 6]
    np.testing.assert_array_equal(np.concatenate([one.index for one in drops]), np.arange(70))
    np.testing.assert_array_equal(tf.concat([one.h for one in drops], 0), link.channel.pool)
    assert drops[0].interferers.shape == (64, 1, 2, 1, 1, 14, 12)
    (few,) = seen_drops(link.channel, 3)
    np.testing.assert_array_equal(few.index, [0, 34, 69])
