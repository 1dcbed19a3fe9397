# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import ChannelModel, RayleighBlockFading, gen_single_sector_topology
from sionna.phy.channel.tr38901 import TDL, AntennaArray, UMi
from sionna.phy.utils import complex_normal

from sionna_semcom.link import PUSCHLink

CARRIER = 3.5e9


def umi(num_drops):
    """UMi model with three base station antennas and a fixed number of drops."""
    terminal = AntennaArray(1, 1, "single", "V", "omni", CARRIER)
    station = AntennaArray(1, 3, "single", "V", "omni", CARRIER)
    model = UMi(CARRIER, "low", terminal, station, "uplink", enable_pathloss=False)
    model.set_topology(*gen_single_sector_topology(num_drops, 1, "umi"))
    return model


class TwoPaths(ChannelModel):
    """Two static paths of equal power with a delay difference of 100 ns."""

    def __call__(self, batch_size, num_time_steps, sampling_frequency):
        a = complex_normal([batch_size, 1, 2, 1, 1, 2, 1])
        tau = tf.tile(tf.constant([[[[0.0, 1e-7]]]]), [batch_size, 1, 1, 1])
        return tf.tile(a, [1, 1, 1, 1, 1, 1, num_time_steps]), tau


def ratio(link, no, slots=400):
    symbols = complex_normal([slots, link._capacity])
    symbols_hat, no_eff = tf.function(link)(symbols, tf.constant(no))
    return float(np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff))


@pytest.mark.parametrize("no", [1.0, 1e-3])
@pytest.mark.parametrize("csi", ["perfect", "ls"])
def test_own_models_of_sionna_carry_latents(csi, no):
    link = PUSCHLink(channel=TwoPaths(), num_rx_ant=2, csi=csi)
    assert ratio(link, no) == pytest.approx(1.0, abs=0.05)
    assert link.summary() == "TwoPaths, 1 x 2 antennas, 30 kHz; no interference is left out"
    assert link.interference_floor_db == -np.inf


def test_an_own_model_gives_the_same_as_its_name():
    own = TDL("C", 100e-9, CARRIER, min_speed=3.0, num_rx_ant=2)
    named = PUSCHLink(model="TDL-C", num_rx_ant=2, csi="perfect")
    link = PUSCHLink(channel=own, num_rx_ant=2, csi="perfect")
    symbols = complex_normal([300, link._capacity])
    errors = [np.mean(np.abs(one(symbols, 0.1)[0] - symbols) ** 2) for one in (link, named)]
    assert errors[0] == pytest.approx(errors[1], rel=0.05)


def test_a_model_that_is_bound_to_a_batch_size_fills_a_pool():
    link = PUSCHLink(channel=umi(16), num_rx_ant=3, csi="perfect", pool_size=40)
    assert link.channel.pool.shape[0] == 40
    before = link.channel.pool.numpy()
    assert len(np.unique(np.round(np.abs(before[:, 0, 0, 0, 0, 0, 0]), 5))) == 40
    link.channel.redraw()
    assert not np.array_equal(link.channel.pool, before)
    assert ratio(link, 0.1) == pytest.approx(1.0, abs=0.05)


def test_flat_fading_is_that_of_rayleigh_on_average():
    """Flat fading is not normalized in each slot. For one antenna, E[N / |h|^2] is infinite."""
    link = PUSCHLink(model="flat", num_rx_ant=3, csi="perfect", equalizer="zf")
    symbols = complex_normal([4000, 8])
    no_eff = link(symbols, np.full(4000, 0.1, np.float32))[1].numpy()
    np.testing.assert_allclose(no_eff, np.broadcast_to(no_eff[:, :1], no_eff.shape), rtol=1e-4)
    assert np.mean(no_eff) == pytest.approx(0.1 / 2, rel=0.1)  # gamma distribution of order 3


@pytest.mark.parametrize(
    ("model", "received"),
    [
        (RayleighBlockFading(1, 2, 1, 1), r"a of shape \(2, 1, 2, 1, 1, 1, 14\)"),
        (RayleighBlockFading(1, 4, 2, 1), r"a of shape \(2, 1, 4, 2, 1, 1, 14\)"),
        (lambda *times: tf.zeros([3]), "one that fails"),
        ("CDL-Z", "'CDL-Z'$"),
        (
            lambda n, times, _: (
                tf.fill([n, 1, 4, 1, 1, 1, times], tf.constant(np.nan, tf.complex64)),
                tf.zeros([n, 1, 1, 1]),
            ),
            "one whose paths are not finite",
        ),
    ],
    ids=["antennas", "transmitters", "fails", "name", "nan"],
)
def test_other_models_are_refused_in_one_line(model, received):
    with pytest.raises(ValueError, match=rf"^`channel` must be .* Received: {received}") as caught:
        PUSCHLink(channel=model)
    assert "\n" not in str(caught.value)


def test_a_link_over_an_own_model_cannot_be_saved():
    link = PUSCHLink(channel=TwoPaths(), num_rx_ant=2, csi="perfect")
    with pytest.raises(ValueError, match=r"cannot be saved; .* Received: channel=TwoPaths"):
        keras.saving.serialize_keras_object(link)
