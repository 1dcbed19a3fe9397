# SPDX-License-Identifier: Apache-2.0
"""Interference and its suppression compared with NumPy, and links with a link budget."""

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import RayleighBlockFading
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.channel import ModelSource
from sionna_semcom.channel.slots.budgeted import Drops
from sionna_semcom.channel.slots.link_budget import Budget, LinkBudget
from sionna_semcom.link import OFDMLink, PUSCHLink
from sionna_semcom.link.figures import DROP, collecting
from sionna_semcom.link.ofdm.interference import error_parts, interference
from sionna_semcom.simulation import outage, sim_metrics
from sionna_semcom.systems.base.contract import Scaled

UMA = {"model": "UMa", "num_tx_ant": 2, "num_rx_ant": 4, "packing": False, "pool_size": 64}
SLOT = {"fft_size": 24, "subcarrier_spacing": 15e3, "cyclic_prefix_length": 2}


def _drops(num_slots=3):
    shape = [num_slots, 1, 4, 1, 4, 6, 8]  # two terminals with two antennas each
    return Drops(complex_normal(shape), tf.range(num_slots), 0.3 * complex_normal(shape))


@pytest.mark.parametrize("power_dbm", [None, 10.0])
def test_power_and_covariance_are_those_of_numpy(power_dbm):
    """Fixed powers are relative to the noise; other powers are relative to the terminal."""
    reseed(1)
    budget = Budget(LinkBudget(interferers={"num": 2, "tx_power_dbm": power_dbm}), 1e6, -100.0)
    drops, no = _drops(), tf.constant([0.1, 0.2, 0.4])
    found = interference(drops, no, budget)
    relative = 1.0 if power_dbm is None else no.numpy() * 10 ** (budget.snr_db(power_dbm) / 10)
    h = (
        drops.interferers.numpy()[:, 0, :, 0]
        * np.sqrt(relative / 2 * np.ones(3))[:, None, None, None, None]
    )
    covariance = np.einsum("brktf,bsktf->brs", h, h.conj()) / 48
    covariance = covariance + no.numpy()[:, None, None] * np.eye(4)
    power = np.trace(covariance, axis1=1, axis2=2).real / 4
    np.testing.assert_allclose(found.power, power, rtol=1e-5)
    np.testing.assert_allclose(
        found.covariance * tf.cast(found.power, tf.complex64)[:, None, None],
        covariance,
        rtol=1e-4,
        atol=1e-5,
    )


def test_whitened_noise_is_white():
    """After whitening, noise with the covariance of interference and errors is independent."""
    reseed(2)
    budget = Budget(LinkBudget(interferers={"num": 2}), 1e6, -100.0)
    found = interference(_drops(1), tf.constant([0.1]), budget)
    directed, independent = tf.constant([0.3]), tf.constant([0.2])
    unit = found.covariance.numpy()[0]
    total = unit * (found.power.numpy() + 0.3) + 0.2 * np.eye(4)
    noise = np.linalg.cholesky(total) @ complex_normal([4, 20000]).numpy()
    grid = tf.reshape(tf.constant(noise, tf.complex64), [1, 1, 4, 100, 200])
    (white,) = found.whiten([grid], directed, independent)
    rows = white.numpy()[0, 0].reshape(4, -1)
    measured = rows @ rows.conj().T / 20000
    power = float(found.power[0]) + 0.5
    np.testing.assert_allclose(measured, power * np.eye(4), atol=0.06 * power)


def test_errors_are_parted_by_what_noise_does():
    """An error variance of 2 N0 + 0.5 over three streams has parts 6 N0 and 1.5."""
    power = tf.constant([0.1, 0.4])
    directed, independent = error_parts(
        lambda no: 2.0 * no[:, None, None] + 0.5 * tf.ones([2, 3, 5]), power, 3
    )
    np.testing.assert_allclose(directed, 6.0 * power, rtol=1e-4)
    np.testing.assert_allclose(independent, [1.5, 1.5], rtol=1e-3)


class _Squared:
    """Squared error of symbols over a link, and the metrics of the link."""

    def __init__(self, link):
        self.link = link

    def measure(self, batch, snr_db):
        with collecting() as noted:
            symbols_hat, _ = self.link(batch, tf.pow(10.0, -snr_db / 10.0))
        error = tf.reduce_mean(tf.abs(symbols_hat - batch) ** 2, -1)
        return {"mse": error, **noted.figures()}

    def snr_offset_db(self, axis):
        return self.link.snr_offset_db(axis)


def test_outage_over_rayleigh_fading_is_that_of_the_closed_form():
    """P(SINR < s) = 1 - exp(-s / mean SNR), where the mean is the median divided by its gain."""
    reseed(4)
    rayleigh = ModelSource(RayleighBlockFading(1, 1, 1, 1), normalize="none")
    grid = {"num_ofdm_symbols": 2, "pilot_ofdm_symbol_indices": (0,), "fft_size": 4}
    one = {"num_tx_ant": 1, "num_rx_ant": 1, "cyclic_prefix_length": 1, "csi": "perfect"}
    link = OFDMLink(channel=rayleigh, packing=False, link_budget={}, **grid, **one)
    assert link.budget.median_gain_db == pytest.approx(10 * np.log10(np.log(2)), abs=0.4)
    system = _Squared(link)
    assert isinstance(system, Scaled)
    power = link.budget.noise_dbm + 10.0  # mean SNR of 10 dB
    data = [tf.ones([250, 4], tf.complex64) for _ in range(8)]
    result = sim_metrics(
        system, data, [power, power + 5], axis="tx_power_dbm", records=2000, progress=False
    )
    curve = result.curve
    assert curve.axis == "tx_power_dbm"
    np.testing.assert_allclose(curve.snr_db - curve.x, link.budget.snr_offset_db)
    for threshold in (1.0, 5.0, 20.0):
        found = outage(curve, "sinr_db", below=10 * np.log10(threshold), confidence=0.999)
        for estimate, mean in zip(found, (10.0, 10**1.5), strict=True):
            assert estimate.ci_low < 1 - np.exp(-threshold / mean) < estimate.ci_high


def test_rows_know_the_drop_and_the_sinr_of_their_slots():
    """The SINR is the energy of the drop divided by the noise, in eager mode and in a graph."""
    reseed(5)
    link = OFDMLink(csi="perfect", link_budget={}, **UMA, **SLOT)
    energies = np.mean(np.abs(link.channel.pool.numpy()) ** 2, (1, 2, 3, 4, 5, 6))
    symbols = complex_normal([20, 8])
    system = _Squared(link)
    for measure in (system.measure, tf.function(system.measure, autograph=False)):
        figures = measure(symbols, tf.constant(10.0))
        drops = figures[DROP].numpy()
        assert drops.shape == (20,) and len(set(drops)) > 10
        np.testing.assert_allclose(
            figures["sinr_db"], 10 + 10 * np.log10(energies[drops]), atol=1e-3
        )


@pytest.mark.parametrize("csi", ["perfect", "ls"])
@pytest.mark.parametrize("interferers", [None, {"num": 2, "tx_power_dbm": 23.0}])
def test_no_eff_is_the_error_at_any_power(csi, interferers):
    """In physical units, with and without interference."""
    reseed(6)
    budget = {"interferers": interferers}
    options = {**UMA, "pool_size": 128}
    link = OFDMLink(csi=csi, interpolation="lmmse", link_budget=budget, **options, **SLOT)
    symbols = complex_normal([300, 240])
    for power_dbm in (-10.0, 10.0, 23.0):
        symbols_hat, no_eff = link(symbols, link.budget.noise_power(power_dbm))
        ratio = np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff)
        assert ratio == pytest.approx(1.0, abs=0.05), power_dbm


def test_no_eff_is_the_error_if_interference_is_weak_strong_or_neither():
    """Noise prevails at -20 dBm, and interferers, who send as much, at 40 dBm."""
    reseed(21)
    link = OFDMLink(
        model="UMi", num_tx_ant=1, num_rx_ant=4, fft_size=24, cyclic_prefix_length=6, csi="ls",
        pool_size=256, link_budget={"interferers": {"num": 3}},
    )  # fmt: skip
    symbols = complex_normal([1000, 24 * 12])  # 1,000 full slots
    for power_dbm in (-20.0, 0.0, 23.0, 40.0):
        symbols_hat, no_eff = link(symbols, link.budget.noise_power(power_dbm))
        ratio = np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff)
        assert ratio == pytest.approx(1.0, abs=0.1), power_dbm  # without the share, 0.74 to 1.14


def test_pusch_links_have_budgets():
    """The noise is that of the allocated resource blocks, and SINR and bits are measured."""
    reseed(7)
    link = PUSCHLink(
        model="UMi", num_rx_ant=2, num_resource_blocks=2, csi="perfect", pool_size=64,
        link_budget={"noise_figure_db": 0}, transport_block={"mcs_index": 4},
    )  # fmt: skip
    noise_dbm = -173.975 + 10 * np.log10(24 * 30e3)
    assert link.budget.noise_dbm == pytest.approx(noise_dbm, abs=1e-2)
    figures = _Squared(link).measure(complex_normal([5, 4]), tf.constant(20.0))
    assert set(figures) == {"mse", "bler", "ber", "crc_failure", "sinr_db", DROP}
    assert link.settings.metric_names == ("bler", "ber", "crc_failure", "sinr_db")
    assert link.settings.axes == ("snr_db", "tx_power_dbm", "ebno_db")
