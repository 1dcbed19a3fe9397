# SPDX-License-Identifier: Apache-2.0
"""Gaussian bottleneck: features parameterize a distribution, and a sample of it is the output."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp
from keras import ops
from sionna.phy import config

_SCALE_FLOOR = 1e-4  # keeps the divergence finite


@keras.saving.register_keras_serializable("sionna_semcom")
class GaussianBottleneck(keras.layers.Layer):
    r"""Variational bottleneck with a standard normal prior.

    .. math::
        p(\mathbf{z}|\mathbf{x}) = \mathcal{N}\!\left(\boldsymbol\mu(\mathbf{x}),
        \operatorname{diag}\boldsymbol\sigma^2(\mathbf{x})\right), \qquad
        \mathbf{z} = \boldsymbol\mu + \boldsymbol\sigma \odot \boldsymbol\epsilon, \qquad
        D = D_\text{KL}\!\left(p(\mathbf{z}|\mathbf{x}) \,\|\, \mathcal{N}(0, \mathbf{I})\right)

    Mean and standard deviation are affine functions of the features. One sample is drawn in
    training. Otherwise, the output is the mean or several samples.

    Source: Fu et al., "Robust Multi-modal Task-oriented Communications with Redundancy-aware
    Representations", equations (8), (9), (11), (12); :math:`\boldsymbol\Sigma` in (9) is the
    standard deviation, not the covariance.

    Parameters
    ----------
    dim : `int`
        Dimension of the latent
    stochastic : `bool`
        If false, the latents are their means and the divergence is zero

    Input
    -----
    features : [batch, features], `float`
        Features
    num_samples : `int`
        Number of samples outside training; zero returns the mean

    Output
    ------
    latents : [batch, dim], or [num_samples, batch, dim], `float`
        Sample in training, mean, or several samples
    divergence : [batch], `float`
        Divergence from the prior in nats

    Raises
    ------
    ValueError
        If ``dim`` is not positive
    """

    def __init__(self, dim: int, stochastic: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if dim < 1:
            raise ValueError(f"`dim` must be positive. Received: {dim}")
        self.dim = dim
        self.stochastic = stochastic
        self._affine = keras.layers.Dense(2 * dim if stochastic else dim)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for features of ``input_shape``."""
        self._affine.build(input_shape)

    def distribution(self, features: tf.Tensor) -> Any:
        """Distribution of the latents of ``features``, a `tfp.distributions.Independent`.

        Raises
        ------
        ValueError
            If ``stochastic`` is false
        """
        if not self.stochastic:
            raise ValueError("Without `stochastic`, latents have no distribution")
        mean, spread = ops.split(self._affine(features), 2, axis=-1)
        return _normal(mean, ops.softplus(spread) + _SCALE_FLOOR)

    def call(
        self, features: tf.Tensor, training: bool = False, num_samples: int = 0
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Compress ``features``."""
        if not self.stochastic:
            latents = self._affine(features)
            return latents, ops.zeros_like(latents[:, 0])
        posterior = self.distribution(features)
        mean = posterior.mean()
        divergence = posterior.kl_divergence(_normal(ops.zeros_like(mean), ops.ones_like(mean)))
        if not training and not num_samples:
            return mean, divergence
        shape = tf.shape(mean) if training else tf.concat([[num_samples], tf.shape(mean)], 0)
        noise = tf.ensure_shape(
            config.tf_rng.normal(shape), [*([] if training else [num_samples]), *mean.shape]
        )
        return mean + posterior.stddev() * noise, divergence


def _normal(mean: tf.Tensor, deviation: tf.Tensor) -> Any:
    return tfp.distributions.Independent(tfp.distributions.Normal(mean, deviation), 1)
