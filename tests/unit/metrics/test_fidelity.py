# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import convolve2d
from sklearn.metrics import mean_absolute_error, mean_squared_error

from sionna_semcom.metrics import accuracy, ber, mae, mse, psnr, ssim


@pytest.fixture
def images():
    rng = np.random.default_rng(1)
    x = rng.uniform(size=(3, 12, 14, 1)).astype(np.float32)
    return x, np.clip(x + 0.2 * rng.normal(size=x.shape), 0, 1).astype(np.float32)


@pytest.mark.parametrize(
    ("ours", "reference"), [(mse, mean_squared_error), (mae, mean_absolute_error)]
)
def test_errors_equal_those_of_scikit_learn(images, ours, reference):
    expected = [reference(x.ravel(), x_hat.ravel()) for x, x_hat in zip(*images, strict=True)]
    np.testing.assert_allclose(ours(*images), expected, rtol=1e-5)
    np.testing.assert_allclose(tf.function(ours)(*images), expected, rtol=1e-5)


def test_vectors_and_scalars_are_samples_too():
    np.testing.assert_allclose(mse([[0.0, 2.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]), [2.0, 1.0])
    np.testing.assert_allclose(mae([1.0, 2.0], [0.0, 0.0]), [1.0, 2.0])


def test_mse_is_differentiable(images):
    x, x_hat = map(tf.constant, images)
    with tf.GradientTape() as tape:
        tape.watch(x_hat)
        loss = tf.reduce_sum(mse(x, x_hat))
    expected = 2 * (x_hat - x) / (12 * 14)
    np.testing.assert_allclose(tape.gradient(loss, x_hat), expected, atol=1e-8)


@pytest.mark.parametrize(("error", "max_val", "db"), [(0.1, 1.0, 20.0), (2.55, 255.0, 40.0)])
def test_psnr_of_a_constant_error(error, max_val, db):
    x = np.zeros((2, 4, 4, 1), np.float32)
    np.testing.assert_allclose(psnr(x, x + np.float32(error), max_val), [db, db], rtol=1e-5)


def test_psnr_of_a_perfect_sample_is_finite(images):
    np.testing.assert_allclose(psnr(images[0], images[0]), [100.0] * 3, rtol=1e-5)


def _ssim(x, y, size):
    """Wang et al., equation (13), with explicit convolutions."""
    offsets = np.arange(size) - size // 2
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(values):
        return convolve2d(values, window, mode="valid")

    c1, c2 = 0.01**2, 0.03**2
    mu_x, mu_y = mean(x), mean(y)
    var_x, var_y = mean(x * x) - mu_x**2, mean(y * y) - mu_y**2
    cov = mean(x * y) - mu_x * mu_y
    luminance = (2 * mu_x * mu_y + c1) / (mu_x**2 + mu_y**2 + c1)
    return np.mean(luminance * (2 * cov + c2) / (var_x + var_y + c2))


@pytest.mark.parametrize(("side", "window"), [(12, 11), (11, 11), (8, 7), (7, 7), (3, 3)])
def test_ssim_equals_its_definition(images, side, window):
    x, x_hat = (values[:, :side, :side].astype(np.float64) for values in images)
    expected = [_ssim(a[..., 0], b[..., 0], window) for a, b in zip(x, x_hat, strict=True)]
    np.testing.assert_allclose(ssim(x, x_hat), expected, atol=1e-6)


def test_ssim_identities(images):
    x, x_hat = images
    np.testing.assert_allclose(ssim(x, x), 1.0, atol=1e-6)
    np.testing.assert_allclose(ssim(x, x_hat), ssim(x_hat, x), atol=1e-6)
    np.testing.assert_allclose(ssim(255 * x, 255 * x_hat, 255.0), ssim(x, x_hat), atol=1e-5)


@pytest.mark.parametrize("metric", [mse, mae, psnr, ssim])
def test_shapes_that_differ_are_refused(metric):
    with pytest.raises(ValueError, match=r"same shape.*\(2, 8, 8, 1\) and \(2, 8, 8\)"):
        metric(tf.zeros([2, 8, 8, 1]), tf.zeros([2, 8, 8]))


def test_ssim_needs_images():
    with pytest.raises(ValueError, match=r"\[batch, height, width, channels\]. Received.*\(2, 8\)"):
        ssim(tf.zeros([2, 8]), tf.zeros([2, 8]))


@pytest.fixture
def pixels():
    rng = np.random.default_rng(3)
    x = rng.integers(0, 256, (2, 12, 14, 1))
    return x, np.clip(x + np.round(30 * rng.normal(size=x.shape)), 0, 255)


@pytest.mark.parametrize(
    "dtype", ["uint8", "int16", "uint16", "int32", "int64", "float16", "float64"]
)
@pytest.mark.parametrize("reconstructed", [None, "float32"])
def test_figures_of_any_type_are_those_of_floating_point(pixels, dtype, reconstructed):
    x, x_hat = pixels[0].astype(dtype), pixels[1].astype(reconstructed or dtype)
    error = pixels[0] - pixels[1]
    squares = np.mean(error**2, axis=(1, 2, 3))
    np.testing.assert_allclose(mse(x, x_hat), squares, rtol=1e-6)
    np.testing.assert_allclose(mae(x, x_hat), np.mean(np.abs(error), axis=(1, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(psnr(x, x_hat, 255), 10 * np.log10(255**2 / squares), rtol=1e-6)
    scaled = [values / 255.0 for values in pixels]
    expected = [_ssim(a[..., 0], b[..., 0], 11) for a, b in zip(*scaled, strict=True)]
    np.testing.assert_allclose(ssim(x, x_hat, 255), expected, atol=2e-6)
    assert mse(x, x_hat).dtype == (tf.float64 if dtype == "float64" else tf.float32)


def test_whole_numbers_keep_what_their_reconstructions_have_behind_the_point():
    x, x_hat = np.array([[1, 2]]), np.array([[1.5, 2.1]], "f")
    np.testing.assert_allclose(mse(x, x_hat), [0.13], rtol=1e-6)
    np.testing.assert_allclose(mae(x, x_hat), [0.3], rtol=1e-6)
    np.testing.assert_allclose(mae([[True, False]], [[False, False]]), [0.5])


def test_double_precision_stays():
    x = np.random.default_rng(0).uniform(size=(2, 12, 14, 1))
    x_hat = x + 1e-9
    np.testing.assert_allclose(mse(x, x_hat), 1e-18, rtol=1e-6)
    x_hat = x + 0.1 * np.random.default_rng(1).normal(size=x.shape)
    expected = [_ssim(a[..., 0], b[..., 0], 11) for a, b in zip(x, x_hat, strict=True)]
    np.testing.assert_allclose(ssim(x, x_hat), expected, rtol=1e-12)


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_the_range_of_whole_numbers_must_be_told(pixels, metric):
    x, x_hat = (values.astype("uint8") for values in pixels)
    with pytest.raises(ValueError, match=r"`max_val` must be given for integers.*uint8"):
        metric(x, x_hat)
    with pytest.raises(ValueError, match=r"`max_val` must be positive and finite. Received: 0"):
        metric(x, x_hat, 0)


@pytest.mark.parametrize("metric", [mse, mae, psnr, ssim])
def test_other_types_are_refused(metric):
    with pytest.raises(ValueError, match=r"must be real, integer or boolean.*complex64"):
        metric(tf.zeros([2, 8, 8, 1], tf.complex64), tf.zeros([2, 8, 8, 1]))


@pytest.mark.parametrize("metric", [mse, mae, ber, accuracy])
@pytest.mark.parametrize("shape", [(1, 3), (4, 1)])
def test_shapes_that_are_unknown_in_a_graph_are_checked_when_it_runs(metric, shape):
    graph = tf.function(
        lambda x, x_hat: metric(x, x_hat), input_signature=[tf.TensorSpec([None, None])] * 2
    )
    assert graph(tf.zeros([4, 3]), tf.zeros([4, 3])).shape == (4,)
    with pytest.raises(tf.errors.InvalidArgumentError, match="shapes must be equal"):
        graph(tf.zeros([4, 3]), tf.zeros(shape))


def test_ssim_needs_the_size_of_images():
    graph = tf.function(ssim, input_signature=[tf.TensorSpec([2, None, 8, 1])] * 2)
    with pytest.raises(ValueError, match="`x` must have a known size of images"):
        graph.get_concrete_function()
