# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.nr import PUSCHLSChannelEstimator, PUSCHPilotPattern
from sionna.phy.ofdm import BaseChannelInterpolator, ResourceGrid, ResourceGridMapper

from sionna_semcom.link import PUSCHSettings
from sionna_semcom.link.pusch.interpolation import (
    FixedLayerInterpolator,
    LMMSELayerInterpolator,
)
from sionna_semcom.link.pusch.pilot_groups import LayerStatistics, PilotGroups

from .slot_cases import SLOTS


def slot(settings):
    """Resource grid, reference signals and groups of a slot with two resource blocks."""
    settings = PUSCHSettings(num_resource_blocks=2, num_rx_ant=4, **settings)
    pattern = PUSCHPilotPattern(settings.config)
    grid = ResourceGrid(
        num_ofdm_symbols=settings.num_ofdm_symbols,
        fft_size=settings.num_subcarriers,
        subcarrier_spacing=30e3,
        num_streams_per_tx=settings.num_layers,
        pilot_pattern=pattern,
    )
    return settings, grid, PilotGroups(pattern, settings.dmrs.length)


class AtPilots(BaseChannelInterpolator):
    """Interpolator that returns the estimates at the reference signals."""

    def __call__(self, h_hat, err_var):
        return h_hat, err_var


def estimator(settings, grid, interpolator):
    positions = len(settings.pilot_symbols) // settings.dmrs.length - 1
    groups = settings.dmrs.num_cdm_groups_without_data
    return PUSCHLSChannelEstimator(
        grid, settings.dmrs.length, positions, groups, interpolator=interpolator
    )


def received(settings, grid, h):
    """Received signal of an antenna over ``h`` [batch, layers, T, F] without data symbols."""
    layers = settings.num_layers
    data = tf.zeros([1, 1, layers, int(grid.num_data_symbols)], tf.complex64)
    x = ResourceGridMapper(grid)(data).numpy()[0, 0]
    return np.sum(h * x, axis=1)[:, np.newaxis, np.newaxis].astype(np.complex64)


def gaussian(rng, *shape):
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / 2**0.5


@pytest.mark.parametrize("name", SLOTS)
def test_groups_hold_what_sionnas_estimator_finds(name):
    """Channels are white over time and frequency. The reference is Sionna's estimator."""
    settings, grid, groups = slot(SLOTS[name])
    h = gaussian(np.random.default_rng(1), 3, *groups.pilots.shape)
    estimate = estimator(settings, grid, AtPilots())
    found = estimate(tf.constant(received(settings, grid, h)), tf.constant(0.1))
    h_hat, err_var = (part.numpy() for part in found)
    for layer in range(settings.num_layers):
        expected = sum(
            np.einsum(
                "qt,kf,btf->bqk",
                groups.over_time(layer, other),
                groups.over_frequency(layer, other),
                h[:, other],
            )
            for other in range(settings.num_layers)
        )
        members = h_hat[:, 0, 0, 0, layer][:, groups.members[layer]]
        np.testing.assert_allclose(
            members, np.broadcast_to(expected[..., None, None], members.shape), atol=2e-5
        )
        power = np.max(np.abs(groups.pilots[layer])) ** 2
        averaged = 2 * settings.dmrs.length
        np.testing.assert_allclose(
            np.max(err_var[..., layer, :]), 0.1 / power / averaged, rtol=1e-5
        )


def statistics(settings, groups):
    """Statistics of channels that vary over time and frequency, with correlated layers."""
    times, freqs = np.arange(groups.num_symbols), np.arange(groups.num_subcarriers)
    lag_t, lag_f = times[:, None] - times, freqs[:, None] - freqs
    time = np.sinc(0.05 * lag_t) * np.exp(0.1j * lag_t)
    frequency = 1 / (1 + 0.08j * lag_f)
    mixing = gaussian(np.random.default_rng(2), settings.num_layers, settings.num_layers)
    return LayerStatistics(time, frequency, mixing @ mixing.conj().T)


def channels(rng, number, known):
    """Gaussian channels [number, layers, T, F] with these statistics."""
    roots = []
    for covariance in (known.layers, known.time, known.frequency):
        values, vectors = np.linalg.eigh(covariance)
        roots.append(vectors * np.sqrt(np.maximum(values, 0)))
    white = gaussian(rng, number, *(len(root) for root in roots))
    return np.einsum("bijk,li,tj,fk->bltf", white, *roots, optimize=True)


@pytest.mark.parametrize("method", ["nn", "lin", "lin_time_avg", "lmmse"])
@pytest.mark.parametrize("name", SLOTS)
def test_reported_error_is_the_one_that_is_made(name, method):
    settings, grid, groups = slot(SLOTS[name])
    known = statistics(settings, groups)
    pattern = grid.pilot_pattern
    interpolator = (
        LMMSELayerInterpolator(groups, known)
        if method == "lmmse"
        else FixedLayerInterpolator(method, pattern, groups, known)
    )
    rng, no, number = np.random.default_rng(3), 0.02, 3000
    h = channels(rng, number, known)
    y = received(settings, grid, h)
    y = (y + no**0.5 * gaussian(rng, *y.shape)).astype(np.complex64)
    h_hat, err_var = estimator(settings, grid, interpolator)(tf.constant(y), tf.constant(no))
    h_hat = h_hat.numpy()[:, 0, 0, 0]
    error = np.abs(h_hat - h) ** 2
    reported = err_var.numpy()[0, 0, 0, 0]
    assert np.mean(error) == pytest.approx(np.mean(reported), rel=0.03)
    np.testing.assert_allclose(np.mean(error, axis=0), reported, rtol=0.25)
    # the error is uncorrelated with the estimate
    leaning = np.mean((h - h_hat) * h_hat.conj(), axis=0)
    energy = np.sqrt(np.mean(error, axis=0) * np.mean(np.abs(h_hat) ** 2, axis=0))
    assert np.sqrt(np.mean(np.abs(leaning / energy) ** 2)) < 0.03


def test_lmmse_is_the_textbook_formula():
    settings, _, groups = slot(SLOTS["two layers, one group"])
    known, noise = statistics(settings, groups), 0.05
    operators = []
    for layer in range(2):
        parts = [
            np.kron(groups.over_time(layer, other), groups.over_frequency(layer, other))
            for other in range(2)
        ]
        operators.append(np.concatenate(parts, axis=1))
    covariance = np.kron(known.layers, np.kron(known.time, known.frequency))
    size = groups.num_symbols * groups.num_subcarriers
    expected = []
    for layer, operator in enumerate(operators):
        rows = slice(layer * size, (layer + 1) * size)
        cross = covariance[rows] @ operator.conj().T
        own = operator @ covariance @ operator.conj().T + noise * np.eye(len(operator))
        explained = np.sum(cross @ np.linalg.inv(own) * cross.conj(), axis=-1)
        expected.append(np.diag(covariance)[rows].real - explained.real)
    found = LMMSELayerInterpolator(groups, known).error_variance(noise)
    np.testing.assert_allclose(np.reshape(found, [2, size]), expected, rtol=1e-3)
