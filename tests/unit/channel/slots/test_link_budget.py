# SPDX-License-Identifier: Apache-2.0
"""Link budgets against closed forms: thermal noise, and path loss of TR 38.901 by hand."""

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom._seeding import reseed
from sionna_semcom.channel import OFDMMIMOChannel
from sionna_semcom.channel.slots.channel import channel_model
from sionna_semcom.channel.slots.link_budget import Budget, LinkBudget
from sionna_semcom.link import OFDMLink, OFDMSettings

SMALL = {"fft_size": 12, "num_ofdm_symbols": 4, "cyclic_prefix_length": 2, "pool_size": 64}
SLOT = {**SMALL, "pilot_ofdm_symbol_indices": (1,), "num_tx_ant": 1, "num_rx_ant": 2}


def test_thermal_noise_is_that_of_the_textbook():
    """-174 dBm/Hz at 290 K: -174 + 10 log10(100 MHz) = -94 dBm, and 9 dB of noise figure."""
    budget = Budget(LinkBudget(noise_figure_db=0), 1.0, 0.0)
    assert budget.noise_dbm == pytest.approx(-173.975, abs=1e-3)
    wide = Budget(LinkBudget(noise_figure_db=9, interference_margin_db=2), 100e6, -110.0)
    assert wide.noise_dbm == pytest.approx(-173.975 + 80 + 9 + 2, abs=1e-3)
    assert wide.snr_db(30) == pytest.approx(30 - 110 - wide.noise_dbm)
    assert wide.noise_power(30) == pytest.approx(10 ** (-wide.snr_db(30) / 10))


@pytest.mark.parametrize(("model", "height"), [("UMi", 10.0), ("UMa", 22.5)])
def test_path_loss_is_that_of_tr_38_901_by_hand(model, height):
    """Table 7.4.1-1, line of sight below the breakpoint: at 100 m and 3.5 GHz.

    Both ends are equally high: Sionna 1.2 takes the horizontal distance for that in space.
    """
    distance = 100.0
    intercept, slope = {"UMi": (32.4, 21.0), "UMa": (28.0, 22.0)}[model]
    loss_db = intercept + slope * np.log10(distance) + 20 * np.log10(3.5)

    def response(**budget):
        reseed(1)
        drawn = channel_model(OFDMSettings(model=model, **SLOT, **budget))
        place = tf.constant([[[distance, 0.0, height]]])
        still, outdoors = tf.zeros([1, 1, 3]), tf.constant([[False]])
        base = tf.constant([[[0.0, 0.0, height]]])
        drawn.set_topology(place, base, still, still, still, outdoors, los=True)
        return drawn(1, 1, 1e4)[0].numpy()

    lossless, lossy = response(), response(link_budget={"shadowing": False})
    gain_db = 10 * np.log10(np.sum(np.abs(lossy) ** 2) / np.sum(np.abs(lossless) ** 2))
    assert gain_db == pytest.approx(-loss_db, abs=0.01)


def test_the_median_drop_has_unit_energy_and_normalized_slots_all_have_it():
    """`no` is relative to the median drop, whose gain is that of the budget."""
    reseed(2)
    link = OFDMLink(model="UMa", csi="perfect", link_budget={}, **SLOT)
    energies = np.mean(np.abs(link.channel.pool.numpy()) ** 2, (1, 2, 3, 4, 5, 6))
    assert np.median(energies) == pytest.approx(1.0, rel=1e-4)
    assert np.ptp(10 * np.log10(energies)) > 30  # path loss and shadowing
    physical = np.mean(np.abs(link.channel.slots.pool.numpy()) ** 2, (1, 2, 3, 4, 5, 6))
    assert link.budget.median_gain_db == pytest.approx(10 * np.log10(np.median(physical)))
    assert link.budget.bandwidth == 12 * 30e3
    normalized = OFDMLink(model="UMa", csi="perfect", link_budget={"normalize": "slot"}, **SLOT)
    np.testing.assert_allclose(
        np.mean(np.abs(normalized.channel(10).numpy()) ** 2, (1, 2, 3, 4, 5, 6)), 1.0, rtol=1e-4
    )


def test_mimo_channels_have_budgets_as_links():
    """The median energy of their matrices is one, and the SNR of a power is that of the budget."""
    reseed(3)
    channel = OFDMMIMOChannel(model="UMi", csi="perfect", link_budget={}, **SLOT)
    energies = np.mean(np.abs(channel.slots.pool.numpy()) ** 2, (1, 2, 3, 4, 5, 6))
    assert np.median(energies) == pytest.approx(1.0, rel=1e-4)
    assert channel.snr_offset_db("tx_power_dbm") == channel.budget.snr_db(0.0)
    assert channel.draw(5, 0.1).h.shape == (5, 1, 2, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "CDL-C", "link_budget": {}}, "needs a channel with path loss.*'CDL-C'"),
        (
            {"model": "UMa", "direction": "downlink", "link_budget": {"interferers": {}}},
            "in the uplink.*downlink",
        ),
        (
            {"model": "UMa", "link_budget": {"interferers": {}, "normalize": "slot"}},
            "not normalized.*normalize='slot'",
        ),
        ({"model": "UMa", "link_budget": {"tx_power_dbm": 1e3}}, "tx_power_dbm.*200"),
        ({"model": "UMa", "link_budget": {"temperature": 1e-320}}, "temperature.*0.001"),
        (
            {"channel": {"kind": "cir", "path": "x.h5"}, "link_budget": {}},
            "`normalize`='none'.*normalize='slot'",
        ),
    ],
)
def test_refusals_come_before_anything_is_drawn(settings, message):
    with pytest.raises(ValueError, match=message):
        OFDMLink(**settings)


def test_mimo_channels_have_no_interferers():
    with pytest.raises(ValueError, match=r"are for links.*num=3"):
        OFDMMIMOChannel(model="UMa", link_budget={"interferers": {"num": 3}})
