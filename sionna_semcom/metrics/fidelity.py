# SPDX-License-Identifier: Apache-2.0
r"""Fidelity of reconstructions, per sample.

All metrics take originals :math:`\mathbf{x}_b` and reconstructions :math:`\hat{\mathbf{x}}_b` of
:math:`n` values with shape [batch, ...], and return [batch]. PSNR is in dB, the other metrics are
unitless. Arguments may have any real, integer or boolean type. The result is in single precision,
or in double precision if an argument is in double precision. `ValueError` is raised for other types
and for different shapes.
"""

from __future__ import annotations

import math

import tensorflow as tf

from .floating import as_floating, check_equal_shapes, result_type

PSNR_LIMIT_DB = 100.0
_SSIM_WINDOW = 11


def mse(x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
    r"""Mean squared error :math:`\frac{1}{n}\|\mathbf{x}_b - \hat{\mathbf{x}}_b\|_2^2`.

    Input
    -----
    x : [batch, ...], `float`
        Originals
    x_hat : [batch, ...], `float`
        Reconstructions

    Output
    ------
    : [batch], `float`
        Mean over all axes but the first
    """
    return tf.cast(_sample_mean(tf.square(_difference(x, x_hat))), result_type(x, x_hat))


def mae(x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
    r"""Mean absolute error :math:`\frac{1}{n}\|\mathbf{x}_b - \hat{\mathbf{x}}_b\|_1`.

    Input and output as in :func:`mse`.
    """
    return tf.cast(_sample_mean(tf.abs(_difference(x, x_hat))), result_type(x, x_hat))


def psnr(x: tf.Tensor, x_hat: tf.Tensor, max_val: float | None = None) -> tf.Tensor:
    r"""Peak signal-to-noise ratio :math:`10\log_{10}(v^2/\text{MSE}_b)` in dB.

    It is limited to 100 dB, so that the mean over samples stays finite for perfect reconstructions.
    Input and output as in :func:`mse`. ``max_val`` is the largest possible value :math:`v`. The
    default `None` means one. Integers require a number, such as 255.
    """
    max_val = _largest(max_val, x, x_hat)
    relative = mse(x, x_hat) / max_val**2
    floor = 10 ** (-PSNR_LIMIT_DB / 10)
    return -10 / math.log(10) * tf.math.log(tf.maximum(relative, floor))


def ssim(x: tf.Tensor, x_hat: tf.Tensor, max_val: float | None = None) -> tf.Tensor:
    r"""Structural similarity, averaged over all windows and channels, in [-1, 1].

    .. math:: \frac{(2\mu_x\mu_{\hat x} + c_1)(2\sigma_{x\hat x} + c_2)}
              {(\mu_x^2 + \mu_{\hat x}^2 + c_1)(\sigma_x^2 + \sigma_{\hat x}^2 + c_2)}

    with :math:`c_1=(0.01v)^2`, :math:`c_2=(0.03v)^2`, and moments in a Gaussian window with a
    standard deviation of 1.5. The window has 11 x 11 pixels, or the largest odd size that fits the
    image.

    Source: Wang et al., "Image Quality Assessment: From Error Visibility to Structural
    Similarity", 2004, equation (13), as computed by :func:`tf.image.ssim` in single precision.

    Input and output as in :func:`psnr`, of shape [batch, height, width, channels].

    Raises
    ------
    ValueError
        If ``x`` is not of this shape, or as in :func:`psnr`
    """
    max_val, dtype = _largest(max_val, x, x_hat), result_type(x, x_hat)
    x, x_hat = _same_shape(x, x_hat)
    if x.shape.rank != 4:
        raise ValueError(
            f"`x` must have shape [batch, height, width, channels]. Received: shape={x.shape}"
        )
    if None in x.shape[1:]:
        raise ValueError(f"`x` must have a known size of images. Received: shape={x.shape}")
    side = min(_SSIM_WINDOW, *x.shape[1:3])
    side -= (side + 1) % 2
    if x.dtype == tf.float64:
        return tf.cast(_ssim_in_double(x, x_hat, max_val, side), dtype)
    return tf.image.ssim(x, x_hat, max_val, filter_size=side)


def _ssim_in_double(x: tf.Tensor, x_hat: tf.Tensor, max_val: float, side: int) -> tf.Tensor:
    """Double-precision version of :func:`tf.image.ssim`, which computes in single precision."""
    offsets = tf.range(side, dtype=tf.float64) - side // 2
    window = tf.exp(-tf.square(offsets) / (2 * 1.5**2))
    window = tf.tensordot(window, window, 0) / tf.reduce_sum(window) ** 2
    window = tf.tile(window[..., tf.newaxis, tf.newaxis], [1, 1, x.shape[-1], 1])

    def mean(values: tf.Tensor) -> tf.Tensor:
        return tf.nn.depthwise_conv2d(values, window, [1, 1, 1, 1], "VALID")

    c1, c2 = (0.01 * max_val) ** 2, (0.03 * max_val) ** 2
    mu, mu_hat = mean(x), mean(x_hat)
    covariance = mean(x * x_hat) - mu * mu_hat
    variances = mean(x * x) - mu**2 + mean(x_hat * x_hat) - mu_hat**2
    luminance = (2 * mu * mu_hat + c1) / (mu**2 + mu_hat**2 + c1)
    return _sample_mean(luminance * (2 * covariance + c2) / (variances + c2))


def _largest(max_val: float | None, x: tf.Tensor, x_hat: tf.Tensor) -> float:
    """Largest possible value as a number."""
    types = [tf.convert_to_tensor(value).dtype for value in (x, x_hat)]
    if max_val is None and any(dtype.is_integer for dtype in types):
        raise ValueError(
            "`max_val` must be given for integers, such as 255 for 8 bits. "
            f"Received: None for {types[0].name} and {types[1].name}"
        )
    max_val = 1.0 if max_val is None else float(max_val)
    if not 0 < max_val < math.inf:
        raise ValueError(f"`max_val` must be positive and finite. Received: {max_val}")
    return max_val


def _difference(x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
    x, x_hat = _same_shape(x, x_hat)
    return x - x_hat


def _same_shape(x: tf.Tensor, x_hat: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    x, x_hat = as_floating(x, x_hat)
    if not x.shape.is_compatible_with(x_hat.shape):
        raise ValueError(
            f"`x` and `x_hat` must have the same shape. Received: {x.shape} and {x_hat.shape}"
        )
    check_equal_shapes(x, x_hat)
    return x, x_hat


def _sample_mean(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(values, axis=list(range(1, values.shape.rank)))
