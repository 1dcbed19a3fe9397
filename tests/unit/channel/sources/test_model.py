# SPDX-License-Identifier: Apache-2.0
"""Channels of channel models that are given in Python."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import ChannelModel, RayleighBlockFading, gen_single_sector_topology
from sionna.phy.channel.tr38901 import CDL, TDL, AntennaArray, UMi

from sionna_semcom._seeding import set_seed
from sionna_semcom.channel import ModelSource, OFDMMIMOChannel
from sionna_semcom.channel.slots.clusters import has_tables
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.link import OFDMLink, OFDMSettings

GRID = {"num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 12, "csi": "perfect"}


class Given(ChannelModel):
    """Returns constant impulse responses, independent of the arguments, like a data set."""

    def __init__(self, a, tau):
        super().__init__()
        self.a, self.tau = tf.constant(a, tf.complex64), tf.constant(tau, tf.float32)

    def __call__(self, batch_size, num_time_steps, sampling_frequency):
        return self.a, self.tau


def given(batch=7, rx=2, tx=2, paths=1, steps=1, value=1.0):
    return Given(
        np.full([batch, 1, rx, 1, tx, paths, steps], value), np.zeros([batch, 1, 1, paths])
    )


def test_a_model_is_called_for_the_ofdm_symbols_of_a_slot():
    calls = []

    class Noting(RayleighBlockFading):
        def __call__(self, batch_size, num_time_steps, sampling_frequency):
            calls.append((batch_size, num_time_steps, float(sampling_frequency)))
            return super().__call__(batch_size, num_time_steps, sampling_frequency)

    link = OFDMLink(channel=Noting(1, 2, 1, 2), subcarrier_spacing=15e3, **GRID)
    assert link.channel(9).shape == [9, 1, 2, 1, 2, 14, 12]
    assert calls[-1] == (9, 14, pytest.approx(15e3 * 12 / 18))
    assert link.channel.pool is None


def test_slots_of_a_model_are_drawn_anew_with_the_power_asked_for():
    source = ModelSource(RayleighBlockFading(1, 2, 1, 2), normalize="average")
    link = OFDMLink(channel=source, **GRID)
    energies = np.mean(np.abs(link.channel(3000).numpy()) ** 2, axis=(1, 2, 3, 4, 5, 6))
    assert np.mean(energies) == pytest.approx(1.0, rel=0.1)
    assert np.var(energies) == pytest.approx(0.25, rel=0.2)  # four independent coefficients
    raw = OFDMLink(channel=ModelSource(given(value=3e-7), normalize="none"), **GRID)
    np.testing.assert_allclose(raw.channel(3), np.full([3, 1, 2, 1, 2, 14, 12], 3e-7), rtol=1e-4)


def test_a_model_of_a_fixed_batch_size_fills_a_pool():
    link = OFDMLink(channel=given(batch=7), pool_size=20, **GRID)
    assert link.channel.pool.shape[0] == 20
    assert link.channel(5).shape[0] == 5
    assert OFDMLink(channel=given(batch=2), **GRID).channel.pool.shape[0] == 512


def test_a_system_level_model_with_a_topology_of_its_own():
    array = AntennaArray(1, 1, "dual", "cross", "omni", 3.5e9)
    model = UMi(3.5e9, "low", array, array, "uplink", enable_pathloss=False)
    model.set_topology(*gen_single_sector_topology(32, 1, "umi"))
    link = OFDMLink(channel=model, pool_size=64, **GRID)
    symbols = tf.complex(*tf.unstack(tf.random.normal([2, 10, 30])))
    assert np.isfinite(link(symbols, 0.1)[0]).all()
    assert "UMi, 2 x 2 antennas" in link.summary()


def test_the_doppler_spread_and_the_delays_of_a_model_make_its_interference():
    model = TDL("A", 300e-9, 3.5e9, min_speed=100.0, num_rx_ant=2, num_tx_ant=2)
    found = OFDMLink(channel=model, cyclic_prefix_length=3, **GRID).channel.interference
    named = OFDMLink(
        model="TDL-A", delay_spread=300e-9, speed=100.0, **GRID, cyclic_prefix_length=3
    ).channel.interference
    assert found.doppler == pytest.approx(named.doppler, rel=0.1)
    assert found.delay == pytest.approx(named.delay, rel=0.2)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (given(rx=3), r"num_rx_ant=2 .*Received: a of shape \(7, 1, 3, 1, 2, 1, 1\)"),
        (given(steps=5), r"Received: a of shape \(7, 1, 2, 1, 2, 1, 5\)"),
        (given(paths=0), "Received: one without paths"),
        (given(value=np.nan), "Received: one whose paths are not finite"),
        (lambda *args: 1 / 0, "Received: one that fails, division by zero"),
        (3.5, r"`channel` must be the name of a model, settings.*Received: 3.5"),
    ],
)
def test_what_gives_no_impulse_responses_is_refused(model, message):
    with pytest.raises(ValueError, match=message) as caught:
        OFDMLink(channel=model, **GRID)
    assert "\n" not in str(caught.value)


class OtherCDL(CDL):
    """Could draw other paths, so that it is called."""


def cdl(kind=CDL, orientation=(0.4, 0.0, 0.0)):
    arrays = [AntennaArray(1, 1, "dual", "cross", "omni", 3.5e9),
              AntennaArray(2, 1, "dual", "VH", "38.901", 3.5e9)]  # fmt: skip
    turned = tf.constant(orientation)
    return kind("D", 1e-7, 3.5e9, *arrays, "uplink", bs_orientation=turned, min_speed=20.0)


@pytest.mark.parametrize("domain", ["frequency", "time"])
@pytest.mark.parametrize("normalize", ["slot", "none"])
def test_slots_of_cdl_are_those_of_a_call_of_it(normalize, domain):
    settings = OFDMSettings(**GRID | {"num_rx_ant": 4, "domain": domain})
    found = []
    for kind in (CDL, OtherCDL):
        slots = ModelSource(cdl(kind), normalize).slots(settings, resource_grid(settings))
        set_seed("tables")
        found.append(slots(5).numpy())
    np.testing.assert_allclose(found[0], found[1], atol=2e-5 * np.abs(found[1]).max())


def test_only_upright_cdl_has_tables():
    assert has_tables(cdl())
    assert not has_tables(cdl(OtherCDL))
    assert not has_tables(cdl(orientation=(0.0, 0.1, 0.0)))
    assert not has_tables(TDL("A", 1e-7, 3.5e9))


def test_a_model_given_in_python_is_not_saved_and_not_named_by_settings():
    link = OFDMLink(channel=given(), **GRID)
    with pytest.raises(ValueError, match=r"given in Python cannot be saved.*channel=Given"):
        link.get_config()
    with pytest.raises(ValueError, match=r"given in Python again.*settings of Given"):
        OFDMLink(
            **link.settings.model_dump(exclude={"kind", "channel"}), channel=link.settings.channel
        )
    channel = OFDMMIMOChannel(channel=given(), **GRID)
    with pytest.raises(ValueError, match="given in Python cannot be saved"):
        channel.get_config()


def test_construction_leaves_the_draws_of_others_alone_or_is_recorded():
    tdl = TDL("A", 30e-9, 3.5e9, num_rx_ant=2, num_tx_ant=2)
    assert not OFDMLink(channel=tdl, **GRID).drawn_from


def test_slots_of_a_model_in_double_precision():
    link = OFDMLink(channel=given(), precision="double", **GRID)
    assert link.channel(2).dtype == tf.complex128
