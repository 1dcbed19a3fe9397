# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import correlate

from sionna_semcom._files import sha256
from sionna_semcom.link import LINKS, LearnedEstimator
from sionna_semcom.link.estimation.network import LEAST

SMALL = {"width": 3, "num_blocks": 1, "kernel_times": 3, "kernel_frequencies": 5}


def grids(shape=(2, 4, 7)):
    """Random estimates, error variances, noise powers and pilots."""
    draw = np.random.default_rng(1)
    h = (draw.normal(size=shape) + 1j * draw.normal(size=shape)).astype(np.complex64)
    err_var, no = draw.uniform(0.01, 2.0, size=(2, *shape)).astype(np.float32)
    return h, err_var, no, (draw.uniform(size=shape) < 0.3).astype(np.float32)


def with_random_weights(network):
    """Set all weights of ``network`` to nonzero values."""
    draw = np.random.default_rng(2)
    network.set_weights([0.3 * draw.normal(size=w.shape) for w in network.weights])
    return network


@pytest.mark.parametrize("zeros", ["the last layer", "all weights"])
def test_without_training_the_estimate_stays_exactly_what_it_is(zeros):
    network = LearnedEstimator(**SMALL)
    if zeros == "all weights":
        network.set_weights([np.zeros(weight.shape) for weight in network.weights])
    h, err_var, no, pilots = grids()
    refined, variance = network(h, err_var, no, pilots)
    np.testing.assert_array_equal(refined, h)
    np.testing.assert_array_equal(variance, err_var)


def test_a_bias_of_the_last_layer_is_added_and_scales_the_variance():
    network = LearnedEstimator(**SMALL)
    *others, _, ratios = network.get_weights()
    network.set_weights([*others, np.array([0.5, -2.0, 1.5], np.float32), ratios])
    h, err_var, no, pilots = grids()
    refined, variance = network(h, err_var, no, pilots)
    np.testing.assert_allclose(refined, h + (0.5 - 2.0j), rtol=1e-6)
    factor = np.exp(8.0 * np.tanh(1.5 / 8.0))
    np.testing.assert_allclose(variance, err_var * factor + 1e-5 * (factor - 1.0), rtol=1e-5)


def reference(weights, h, err_var, no, pilots):
    """Network with one block, implemented with SciPy in double precision."""
    pairs = list(zip(weights[:-1:2], weights[1:-1:2], strict=True))

    def filtered(x, kernel, bias):
        padded = [(size // 2, size // 2) for size in kernel.shape[:2]]
        x = np.pad(x, [(0, 0), *padded, (0, 0)])
        rows = [
            [
                sum(correlate(grid[..., i], kernel[..., i, o], "valid") for i in range(x.shape[-1]))
                for o in range(kernel.shape[-1])
            ]
            for grid in x
        ]
        return np.moveaxis(np.array(rows), 1, -1) + bias

    state = np.stack([np.log(err_var) / np.log(LEAST), np.log(no) / np.log(LEAST), pilots], -1)
    x = filtered(np.concatenate([np.stack([h.real, h.imag], -1), state], -1), *pairs[0])
    gate = 1.0 / (1.0 + np.exp(-filtered(state, *pairs[2])))
    x = x + filtered(np.maximum(filtered(x, *pairs[1]), 0.0) * gate, *pairs[3])
    real, imag, change = np.moveaxis(filtered(np.maximum(x, 0.0), *pairs[4]), -1, 0)
    factor = np.exp(8.0 * np.tanh(change / 8.0))
    return h + real + 1j * imag, err_var * factor + 1e-5 * np.maximum(factor - 1.0, 0.0)


def test_it_is_the_network_of_the_formula():
    network = with_random_weights(LearnedEstimator(**SMALL))
    inputs = grids()
    weights = [weight.astype(float) for weight in network.get_weights()]
    expected = reference(weights, *inputs)
    for found, wanted in zip(network(*inputs), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=1e-5)


def test_weights_fit_any_grid_and_gradients_reach_all_of_them(compiled):
    network = with_random_weights(LearnedEstimator(**SMALL))

    @compiled
    def step(*inputs):
        with tf.GradientTape() as tape:
            h, variance = network(*inputs)
            loss = tf.reduce_mean(tf.abs(h) ** 2) + tf.reduce_mean(tf.math.log(variance))
        return tape.gradient(loss, network.trainable_weights)

    for shape in ((2, 4, 7), (1, 14, 12)):
        for gradient in step(*grids(shape)):
            assert np.isfinite(gradient).all()
            assert np.any(np.asarray(gradient) != 0)


def test_no_noise_and_no_error_are_finite():
    network = with_random_weights(LearnedEstimator(**SMALL))
    h, err_var, no, pilots = grids()
    refined, variance = network(h, 0.0 * err_var, 0.0 * no, pilots)
    assert np.isfinite(refined).all()
    assert np.isfinite(variance).all()
    assert np.min(variance) >= 0.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "width"),
        ({"kernel_frequencies": 2.5}, "kernel_frequencies"),
        ({"depth": 3}, "depth"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        LearnedEstimator(**settings)


@pytest.mark.parametrize("kind", ["ofdm", "pusch"])
def test_the_file_of_weights_is_in_the_checksums_of_links(tmp_path, kind):
    path = tmp_path / "est.keras"
    path.write_bytes(b"one")
    estimator = {"weights": str(path)}
    settings = LINKS.settings({"kind": kind, "estimator": estimator})
    wrapped = LINKS.settings({"kind": "effective_awgn", "link": settings.model_dump()})
    assert settings.checksums == wrapped.checksums == {str(path): sha256(path)}
    path.write_bytes(b"other")
    assert settings.checksums == {str(path): sha256(path)}
    for weights in (None, "learned_receiver_cdl"):
        settings = LINKS.settings({"kind": kind, "estimator": {"weights": weights}})
        assert settings.checksums == {}


def test_weights_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="No model nowhere"):
        LearnedEstimator(weights="nowhere")
    (tmp_path / "text.keras").write_text("no archive")
    with pytest.raises(ValueError, match=r"text\.keras is damaged"):
        LearnedEstimator(weights=str(tmp_path / "text.keras"))
    with pytest.raises(ValueError, match="one estimator of these settings"):
        LearnedEstimator(weights="centroid_builtin_end_to_end")
