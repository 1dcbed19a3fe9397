# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel.tr38901 import UMi

from sionna_semcom.channel import OFDMMIMOChannel
from sionna_semcom.channel.slots.channel import antenna_row, channel_model
from sionna_semcom.channel.slots.ray_offsets import correct_ray_offsets
from sionna_semcom.link import OFDMLink
from sionna_semcom.link.ofdm import OFDMSettings

TABLE_7_5_3 = [0.0447, 0.1413, 0.2492, 0.3715, 0.5129, 0.6797, 0.8844, 1.1481, 1.5195, 2.1551]


def sionnas_own():
    arrays = [antenna_row(2, pattern, 3.5e9) for pattern in ("omni", "38.901")]
    return UMi(3.5e9, "low", *arrays, "uplink")


def offsets(model):
    return model._ray_sampler._ray_offsets


@pytest.mark.parametrize("model", ["UMi", "UMa", "RMa"])
def test_rays_have_the_offsets_of_the_table(model):
    found = offsets(channel_model(OFDMSettings(model=model))).numpy()
    np.testing.assert_allclose(np.sort(found), np.sort([*TABLE_7_5_3, *np.negative(TABLE_7_5_3)]))
    assert np.mean(found) == pytest.approx(0.0, abs=1e-7)
    assert np.std(found) == pytest.approx(1.0, abs=1e-3)  # in units of the cluster's spread


@pytest.mark.parametrize("make", [OFDMLink, OFDMMIMOChannel])
def test_what_is_built_upon_them_has_them(make):
    built = make(model="UMi", pool_size=64, fft_size=12, num_tx_ant=2, num_rx_ant=2)
    slots = built.channel if make is OFDMLink else built.slots
    assert np.std(offsets(slots._model)) == pytest.approx(1.0, abs=1e-3)


def test_other_users_of_sionna_are_left_alone():
    before = offsets(sionnas_own()).numpy()
    channel_model(OFDMSettings(model="UMi"))
    np.testing.assert_array_equal(offsets(sionnas_own()), before)


@pytest.mark.parametrize("order", ["as here", "reversed"])
def test_a_sionna_that_is_right_is_left_alone(order):
    model, right = sionnas_own(), np.outer(TABLE_7_5_3, [1.0, -1.0]).ravel()
    theirs = tf.constant(right if order == "as here" else right[::-1].copy(), tf.float32)
    model._ray_sampler._ray_offsets = theirs
    correct_ray_offsets(model)
    assert offsets(model) is theirs


def test_a_sionna_that_keeps_them_elsewhere_is_left_alone():
    model = sionnas_own()
    del model._ray_sampler._ray_offsets
    correct_ray_offsets(model)
    assert not hasattr(model._ray_sampler, "_ray_offsets")
