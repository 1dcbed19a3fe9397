# SPDX-License-Identifier: Apache-2.0
"""Pairs of systems of benchmarks/vib_regimes.py differ in one part only."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import small_vib
import vib_regimes


@pytest.fixture(scope="module")
def data():
    return vib_regimes.Cell(2, 0.2, 64, 1).data(0)


def test_devices_see_white_noise_of_the_given_power():
    link = small_vib.OwnUses()
    symbols_hat, no_eff = link(tf.ones([5000, 3, 2], tf.complex64), tf.constant(0.5))
    error = symbols_hat.numpy() - 1
    np.testing.assert_allclose(np.mean(np.abs(error) ** 2, 0), 0.5, rtol=0.08)
    covariance = error.reshape(5000, 6).conj().T @ error.reshape(5000, 6) / 5000
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.04
    assert (no_eff.numpy() == 0.5).all()
    assert link.channel_uses(2, 3) == 6


def test_systems_start_from_the_same_weights(data):
    plain, full = (
        small_vib.SmallVIB(data, 1, vib_regimes.VARIANTS[name]).system for name in ("none", "all")
    )
    for system in (plain, full):
        small_vib.initialize(system, 3)
    kernels = [
        {name: layer.trainable_weights[0].numpy() for name, layer in small_vib.layers(system)}
        for system in (plain, full)
    ]
    assert set(kernels[1]) - set(kernels[0]) == {
        "discriminators", "head text", "head audio", "head vision",
    }  # fmt: skip
    for name, kernel in kernels[0].items():
        other = kernels[1][name]
        if "bottleneck" in name:  # means of the latents come first
            inputs, outputs = kernel.shape
            scale = np.sqrt((inputs + 2 * outputs) / (inputs + outputs))
            other = scale * other[:, :outputs]
        np.testing.assert_allclose(kernel, other, rtol=1e-5)
    small_vib.initialize(full, 4)
    kernel = dict(small_vib.layers(full))["decision"].trainable_weights[0]
    assert not np.allclose(kernel.numpy(), kernels[1]["decision"])
    small_vib.initialize(full, 3)
    np.testing.assert_array_equal(kernel.numpy(), kernels[1]["decision"])
    limit = np.sqrt(6 / (16 + 32))  # Glorot: 16 features, width 32
    assert limit * 0.98 < np.abs(kernels[0]["encoder text"]).max() < limit


def test_each_pass_has_every_sample_once(data):
    arrays = {"label": np.arange(64)}
    rows = np.concatenate([epoch["label"].reshape(-1) for epoch in small_vib.drawn(arrays, seed=1)])
    assert len(rows) == small_vib.EPOCHS * small_vib.STEPS * small_vib.BATCH
    for one in rows.reshape(-1, 64):
        np.testing.assert_array_equal(np.sort(one), np.arange(64))


def test_cells_have_three_bits_in_one_two_or_three_modalities():
    for cell in vib_regimes.grid():
        data = cell.data(0)
        assert data.num_classes == 8
        expected = np.sqrt(cell.copies / (cell.copies + cell.noise**2))
        np.testing.assert_allclose(list(data.correlations.values()), expected)
