# SPDX-License-Identifier: Apache-2.0
r"""How close a reconstruction comes to its original, sample by sample.

All take originals :math:`\mathbf{x}_b` and reconstructions :math:`\hat{\mathbf{x}}_b` of shape
[batch, ...] and give [batch]; with :math:`n` values in a sample they are free of units, PSNR is in
dB. `ValueError` is raised where the two shapes differ.
"""

from __future__ import annotations

import math

import tensorflow as tf

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
    return _sample_mean(tf.square(_difference(x, x_hat)))


def mae(x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
    r"""Mean absolute error :math:`\frac{1}{n}\|\mathbf{x}_b - \hat{\mathbf{x}}_b\|_1`.

    Input and output as in :func:`mse`.
    """
    return _sample_mean(tf.abs(_difference(x, x_hat)))


def psnr(x: tf.Tensor, x_hat: tf.Tensor, max_val: float = 1.0) -> tf.Tensor:
    r"""Peak signal-to-noise ratio :math:`10\log_{10}(v^2/\text{MSE}_b)` in dB.

    It is limited to 100 dB, so that a perfect sample leaves the mean over samples finite. Input and
    output as in :func:`mse`, with the largest possible value :math:`v` as ``max_val``.
    """
    relative = mse(x, x_hat) / max_val**2
    floor = 10 ** (-PSNR_LIMIT_DB / 10)
    return -10 / math.log(10) * tf.math.log(tf.maximum(relative, floor))


def ssim(x: tf.Tensor, x_hat: tf.Tensor, max_val: float = 1.0) -> tf.Tensor:
    r"""Structural similarity, the mean over all windows and channels, in [-1, 1].

    .. math:: \frac{(2\mu_x\mu_{\hat x} + c_1)(2\sigma_{x\hat x} + c_2)}
              {(\mu_x^2 + \mu_{\hat x}^2 + c_1)(\sigma_x^2 + \sigma_{\hat x}^2 + c_2)}

    with :math:`c_1=(0.01v)^2`, :math:`c_2=(0.03v)^2`, and moments under a Gaussian window of
    standard deviation 1.5. The window has 11 x 11 pixels, or the largest odd size that fits the
    image.

    Source: Wang et al., "Image Quality Assessment: From Error Visibility to Structural
    Similarity", 2004, equation (13), as computed by :func:`tf.image.ssim`.

    Input and output as in :func:`psnr`, of shape [batch, height, width, channels].
    """
    x, x_hat = _same_shape(x, x_hat)
    if x.shape.rank != 4:
        raise ValueError(
            f"`x` must have shape [batch, height, width, channels]. Received: shape={x.shape}"
        )
    side = min(_SSIM_WINDOW, *x.shape[1:3])
    return tf.image.ssim(x, x_hat, max_val, filter_size=side - (side + 1) % 2)


def _difference(x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
    x, x_hat = _same_shape(x, x_hat)
    return x - x_hat


def _same_shape(x: tf.Tensor, x_hat: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    x = tf.convert_to_tensor(x)
    x_hat = tf.convert_to_tensor(x_hat, x.dtype)
    if not x.shape.is_compatible_with(x_hat.shape):
        raise ValueError(
            f"`x` and `x_hat` must have the same shape. Received: {x.shape} and {x_hat.shape}"
        )
    return x, x_hat


def _sample_mean(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(values, axis=list(range(1, values.shape.rank)))
