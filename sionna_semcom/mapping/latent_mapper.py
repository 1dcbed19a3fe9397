# SPDX-License-Identifier: Apache-2.0
"""Mapping of real latents to complex symbols with a power constraint, and demapping."""

from __future__ import annotations

import copyreg
from typing import Any

import keras
import tensorflow as tf
from keras.src.saving.keras_saveable import KerasSaveable
from sionna.phy import Block
from sionna.phy.utils import expand_to_rank

from .._scaling import in_range
from .real_factor import as_complex
from .running_power import RunningPower


def num_symbols(latent_dim: int) -> int:
    r"""Number of complex symbols for a real latent: :math:`\lceil d/2 \rceil`.

    Parameters
    ----------
    latent_dim : `int`
        Dimension :math:`d` of the latent

    Output
    ------
    : `int`
        Number of symbols
    """
    return -(-latent_dim // 2)


class LatentMapper(Block, KerasSaveable):
    r"""Maps real latents to complex symbols of unit power.

    .. math::

        x_n = \frac{z_n + j z_{n+N}}{\sqrt{P}}, \qquad n = 0, \dots, N-1, \quad
        N = \lceil d/2 \rceil

    A zero is appended to a latent of odd dimension :math:`d`. The block replaces a
    :class:`~sionna.phy.mapping.Mapper` for bits. The power :math:`P` is computed per latent or
    averaged:

    - ``"latent"``: :math:`P = \frac{1}{N}\sum_n z_n^2`, so that each latent is sent with a mean
      power of exactly one. A latent of zeros is mapped to zero symbols, with zero gradient.
    - ``"average"``: the mean of this power over the batch in training, and its running average
      otherwise, so that the power of a latent can carry information.

    Parameters
    ----------
    power : "latent" (default) | "average"
        Normalization of the power

    momentum : `float`, (default 0.99)
        Weight of the previous value in the running average of the power

    precision : `None` (default) | "single" | "double"
        Precision of calculations and output

    Input
    -----
    latents : [..., latent_dim], `tf.float`
        Latents

    training : `None` (default) | `bool`
        Whether ``"average"`` uses the power of this batch and updates the running average. `None`
        takes the value of the calling Keras layer or, if this is unknown, `True` if a gradient is
        being recorded. The average is therefore updated in ``fit``, but not in ``evaluate`` and
        ``predict``. A `tf.function` of your own decides this once, when it is traced: pass
        ``training`` explicitly in your own training loops, so that a graph traced without a
        gradient is not used in training, or the reverse

    Output
    ------
    symbols : [..., ceil(latent_dim/2)], `tf.complex`
        Symbols of unit average power

    Raises
    ------
    ValueError
        If a parameter is out of range, or ``latents`` are not real with a known dimension

    Note
    ----
    A :class:`keras.Model` with the mapper as an attribute saves the running average
    (:attr:`mean_power`) with its weights. Before the first training batch, the running average is
    zero and the power of the batch is used instead.
    """

    def __init__(
        self, power: str = "latent", momentum: float = 0.99, precision: str | None = None
    ) -> None:
        super().__init__(precision=precision)
        if power not in ("latent", "average"):
            raise ValueError(f"`power` must be 'latent' or 'average'. Received: {power!r}")
        if not 0.0 <= momentum < 1.0:
            raise ValueError(f"`momentum` must lie in [0, 1). Received: {momentum}")
        self.running_power = RunningPower(momentum) if power == "average" else None

    @property
    def mean_power(self) -> keras.Variable | None:
        """Running average of the power, in double precision; `None` for ``"latent"``."""
        return None if self.running_power is None else self.running_power.mean_power

    def _obj_type(self) -> str:
        """Type of the mapper for Keras when it saves a model with a mapper."""
        return "Layer"

    def __reduce__(self) -> Any:
        """Copy like any Python object, because Keras would write a model file."""
        return copyreg.__newobj__, (type(self),), self.__dict__  # type: ignore[attr-defined]

    def call(self, latents: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Map ``latents`` to symbols."""
        latents = tf.convert_to_tensor(latents)
        dim = latents.shape[-1] if latents.shape.rank else None
        if not dim or not latents.dtype.is_floating:
            raise ValueError(
                "`latents` must be real of shape [..., latent_dim] with a known latent_dim; in a "
                "graph, tf.ensure_shape(latents, [None, latent_dim]) tells it. "
                f"Received: shape={latents.shape}, dtype={latents.dtype.name}"
            )
        if dim % 2:
            latents = tf.concat([latents, tf.zeros_like(latents[..., :1])], axis=-1)
        if self.running_power is None:
            latents = in_range(latents)
            symbols_real = latents * _inverse_sqrt(_power(latents))
        else:
            # Double precision, because the magnitude of the squares differs between batches
            exact = tf.cast(latents, tf.float64)
            power = self.running_power(tf.reduce_mean(_power(exact)), training=training)
            symbols_real = tf.cast(exact * _inverse_sqrt(power), latents.dtype)
        return tf.complex(*tf.split(symbols_real, 2, axis=-1))


class LatentDemapper(Block):
    r"""Estimates real latents from equalized symbols.

    .. math:: \hat{z}_n = a_n \Re\{\hat{x}_n\}, \qquad \hat{z}_{n+N} = a_n \Im\{\hat{x}_n\}

    The padding of an odd dimension is removed. The unbiased estimator has :math:`a_n = 1`. The
    LMMSE estimator minimizes the mean squared error for :math:`d` real numbers that share the power
    of :math:`N = \lceil d/2 \rceil` symbols equally, with noise of power :math:`N_n` per symbol:

    .. math:: a_n = \frac{N/d}{N/d + N_n/2} = \frac{1}{1 + \frac{d}{2N}N_n}

    For an even dimension, :math:`a_n = 1/(1+N_n)`. The block replaces a
    :class:`~sionna.phy.mapping.Demapper` for LLRs.

    Parameters
    ----------
    latent_dim : `int`
        Dimension :math:`d` of a latent

    estimator : "unbiased" (default) | "lmmse"
        Estimator of the symbols

    precision : `None` (default) | "single" | "double"
        Precision of calculations and output

    Input
    -----
    symbols_hat : [..., ceil(latent_dim/2)], `tf.complex`
        Equalized symbols

    no_eff : `None` (default) | broadcastable to the shape of ``symbols_hat``, `tf.float`
        Effective noise power of each symbol; required for ``"lmmse"``. An array with fewer axes has
        the first axes of the symbols, like noise powers of Sionna's blocks: [batch] is one value
        per slot

    Output
    ------
    latents_hat : [..., latent_dim], `tf.float`
        Received latents

    Raises
    ------
    ValueError
        If a parameter is out of range, ``symbols_hat`` has a different shape or type, or ``no_eff``
        is missing
    """

    def __init__(
        self, latent_dim: int, estimator: str = "unbiased", precision: str | None = None
    ) -> None:
        super().__init__(precision=precision)
        if latent_dim < 1:
            raise ValueError(f"`latent_dim` must be at least 1. Received: {latent_dim}")
        if estimator not in ("unbiased", "lmmse"):
            raise ValueError(f"`estimator` must be 'unbiased' or 'lmmse'. Received: {estimator!r}")
        self._latent_dim = latent_dim
        self._estimator = estimator

    def call(self, symbols_hat: tf.Tensor, no_eff: tf.Tensor | None = None) -> tf.Tensor:
        """Estimate latents from ``symbols_hat``."""
        symbols_hat = tf.convert_to_tensor(symbols_hat)
        expected = num_symbols(self._latent_dim)
        known = symbols_hat.shape
        fits = known.rank is None or known[-1:].is_compatible_with([expected])
        if not fits or not symbols_hat.dtype.is_complex:
            raise ValueError(
                f"`symbols_hat` must be complex of shape [..., {expected}] for latent_dim="
                f"{self._latent_dim}; SlotPacker.unpack gives rows of slots that hold many. "
                f"Received: shape={known}, dtype={symbols_hat.dtype.name}"
            )
        if known.rank is not None:  # a graph may know the number when it runs
            symbols_hat = tf.ensure_shape(symbols_hat, [*known[:-1], expected])
        if self._estimator == "lmmse":
            if no_eff is None:
                raise ValueError("`no_eff` is needed by estimator='lmmse'. Received: None")
            filled = self._latent_dim / (2 * expected)  # fraction of used real numbers
            no_eff = first_axes(tf.cast(no_eff, self.rdtype), symbols_hat)
            gain = 1.0 / (1.0 + filled * no_eff)
            symbols_hat *= as_complex(gain)
        parts = tf.concat([tf.math.real(symbols_hat), tf.math.imag(symbols_hat)], axis=-1)
        return parts[..., : self._latent_dim]


def first_axes(values: tf.Tensor, symbols: tf.Tensor) -> tf.Tensor:
    """``values`` that have only the first axes of ``symbols``, so that they broadcast to it."""
    rank = values.shape.rank
    if (
        rank is None
        or symbols.shape.rank is None
        or not values.shape.is_compatible_with(symbols.shape[:rank])
    ):
        return values
    return expand_to_rank(values, symbols.shape.rank, axis=-1)


def _power(latents: tf.Tensor) -> tf.Tensor:
    """Power of the unscaled symbols. Each symbol contains two entries of the latent."""
    return 2.0 * tf.reduce_mean(tf.square(latents), axis=-1, keepdims=True)


def _inverse_sqrt(power: tf.Tensor) -> tf.Tensor:
    """``power ** -0.5``, or zero with zero gradient if the power is zero."""
    none = tf.equal(power, 0)  # NaN is not zero: its root is NaN
    root = tf.math.rsqrt(tf.where(none, tf.ones_like(power), power))
    return tf.where(none, tf.zeros_like(power), root)
