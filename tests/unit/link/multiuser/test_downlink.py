# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import j0
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.link import DownlinkLink, DownlinkSettings, OFDMLink
from sionna_semcom.link.multiuser.channel import UserSlots
from sionna_semcom.link.multiuser.knowledge import TransmitterKnowledge, slot_grid

SMALL = {"fft_size": 24, "num_ofdm_symbols": 6, "pilot_ofdm_symbol_indices": (1, 4)}
PAIR = {"num_users": 2, "num_rx_ant": 2, "precoding": "block_diagonal"}
AGED = {"transmitter_csi": "delayed", "transmitter_delay": 14}


def ratios(link, no, rows=240):
    """Squared error / ``no_eff`` and squared error of each user."""
    users = link.settings.num_users
    symbols = complex_normal([rows, users, 96])
    symbols_hat, no_eff = tf.function(link, autograph=False)(symbols, tf.constant(no))
    error = np.abs(symbols_hat - symbols) ** 2
    return np.mean(error / no_eff, axis=(0, 2)), np.median(error)


def test_one_user_is_the_link_of_one_user():
    chain = {"num_tx_ant": 4, "num_rx_ant": 2, "csi": "perfect", "precoding": "rzf", **SMALL}
    one, single = DownlinkLink(num_users=1, **chain), OFDMLink(direction="downlink", **chain)
    symbols = complex_normal([30, 100])
    reseed("call")
    expected = single(symbols, 0.1)
    reseed("call")
    for part, wanted in zip(one(symbols[:, tf.newaxis], 0.1), expected, strict=True):
        np.testing.assert_allclose(part[:, 0], wanted, rtol=1e-3, atol=1e-4)


def test_orthogonal_access_is_links_of_their_own():
    chain = {"num_tx_ant": 4, "num_rx_ant": 2, "csi": "perfect", "precoding": "rzf", **SMALL}
    users = DownlinkLink(num_users=3, access="orthogonal", model="TDL-C", **chain)
    single = OFDMLink(direction="downlink", model="TDL-C", **chain)
    symbols = complex_normal([3, 192])  # one slot per row
    reseed("call")
    expected = single(symbols, 0.1)
    reseed("call")
    for part, wanted in zip(users(symbols[tf.newaxis], 0.1), expected, strict=True):
        np.testing.assert_allclose(part[0], wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {"csi": "perfect"},
        {"csi": "perfect", **PAIR},
        {"csi": "perfect", "power_control": False},
        {},
        {"model": "flat", "speed": 20.0, **AGED},
        pytest.param({**PAIR}, marks=pytest.mark.slow),
        pytest.param({"transmitter_csi": "ls"}, marks=pytest.mark.slow),
        pytest.param({"model": "UMi", "pool_size": 64}, marks=pytest.mark.slow),
        pytest.param({"access": "orthogonal"}, marks=pytest.mark.slow),
    ],
)
def test_reported_noise_of_each_user_is_the_measured_error(settings):
    link = DownlinkLink(**SMALL, **settings)
    for no in (1.0, 0.03):
        ratio = ratios(link, no)[0]
        assert np.mean(ratio) == pytest.approx(1.0, abs=0.05), f"at no={no}"
        np.testing.assert_allclose(ratio, 1.0, atol=0.1)


def test_zero_forcing_over_flat_fading_leaves_the_noise_of_the_closed_form():
    r"""Beams of unit norm have a gain of Gamma(M - K + 1): E[N_eff] = K N0 / (M - K)."""
    link = DownlinkLink(
        model="flat", num_users=3, num_tx_ant=8, csi="perfect", precoding="block_diagonal",
        fft_size=2, num_ofdm_symbols=1, pilot_ofdm_symbol_indices=(), cyclic_prefix_length=0,
    )  # fmt: skip
    no_eff = link(complex_normal([6000, 3, 2]), 0.1)[1].numpy()[:, :, 0]
    deviation = no_eff.mean(axis=1).std() / 6000**0.5
    assert abs(no_eff.mean() - 3 * 0.1 / (8 - 3)) < 3.3 * deviation


def test_regularization_pays_at_low_snr_and_knowledge_at_high_snr():
    chain = {"model": "TDL-C", "csi": "perfect", "num_tx_ant": 4, **SMALL}
    error = {
        name: [ratios(DownlinkLink(**chain, **settings), no)[1] for no in (1.0, 0.001)]
        for name, settings in {
            "rzf": {},
            "zf": {"precoding": "block_diagonal"},
            "aged": {"speed": 30.0, **AGED},
        }.items()
    }
    assert error["rzf"][0] < 0.8 * error["zf"][0]
    assert error["aged"][1] > 5 * error["rzf"][1]


def test_an_estimate_misses_the_noise_of_one_pilot():
    """Without interpolation, the least-squares error is N0 divided by the unit pilot power."""
    settings = DownlinkSettings(
        model="flat", num_users=3, num_tx_ant=6, fft_size=12, num_ofdm_symbols=2,
        pilot_ofdm_symbol_indices=(1,), interpolation="nn", transmitter_csi="ls", num_rx_ant=2,
    )  # fmt: skip
    channel = UserSlots(settings, slot_grid(settings), None)
    h, h_hat = TransmitterKnowledge(settings, channel)(channel(400), tf.constant(0.3))
    error = np.abs(h_hat - h) ** 2
    assert np.mean(error) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize(("model", "power"), [("flat", 1.0), ("TDL-A", 1.0), ("CDL-C", 2.0)])
def test_delayed_knowledge_has_the_correlation_of_its_doppler_spectrum(model, power):
    """The correlation is J0(x) for Jakes' spectrum, and J0(x/2)^2 for CDL models of Sionna."""
    settings = DownlinkSettings(
        model=model, num_users=2, num_tx_ant=4, speed=30.0, transmitter_csi="delayed",
        transmitter_delay=7, **SMALL,
    )  # fmt: skip
    channel = UserSlots(settings, slot_grid(settings), None)
    h, h_hat = TransmitterKnowledge(settings, channel)(channel(800), tf.constant(0.1))
    found = np.mean((h * tf.math.conj(h_hat)).numpy()) / np.mean(np.abs(h) ** 2)
    symbol = settings.symbol_duration + settings.cyclic_prefix
    expected = j0(2 * np.pi * settings.max_doppler * 7 * symbol / power) ** power
    assert found.real == pytest.approx(expected, abs=0.05)


@pytest.mark.filterwarnings("ignore:`no_eff` may differ from the error")
def test_without_statistics_the_estimator_is_sionnas():
    ratio = ratios(DownlinkLink(statistics="none", **SMALL), 0.1)[0]
    assert np.mean(ratio) < 0.9  # noise is overestimated for streams that precoding suppresses


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_tx_ant": 3}, "`num_tx_ant` must not be less than"),
        ({"transmitter_csi": "delayed"}, "`transmitter_delay` must be given if"),
        (
            {"transmitter_csi": "delayed", "transmitter_delay": 4096, "fft_size": 2**13},
            "with a delay of 4096 OFDM symbols",
        ),
        ({"interpolation": "lmmse"}, "`interpolation`='lmmse' requires the channel statistics"),
        (
            {"transmitter_csi": "ls", "pilot_ofdm_symbol_indices": (), "csi": "perfect"},
            "`transmitter_csi`='ls' requires pilots",
        ),
        (
            {"transmitter_csi": "ls", "interpolation": "lmmse", "csi": "perfect"},
            "`interpolation`='lmmse' requires the channel statistics",
        ),
    ],
)
def test_what_cannot_work_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        DownlinkLink(**SMALL | settings)
